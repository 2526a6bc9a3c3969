#!/bin/sh
# The whole loop in a throw-away repository: what a session does, and what a person does.
# usage: demo.sh FOLDER-OF-THIS-SCRIPT; gitmem and git are on PATH.
set -eu
here=$1
place=$(mktemp -d "${TMPDIR:-/tmp}/gitmem-demo.XXXXXX")
trap 'rm -rf "$place"' EXIT
HOME=$place/home GIT_CONFIG_GLOBAL=$place/home/.gitconfig GIT_CONFIG_NOSYSTEM=1
export HOME GIT_CONFIG_GLOBAL GIT_CONFIG_NOSYSTEM
# A session of its own, so that nothing of a surrounding agent session shows.
unset CLAUDECODE CLAUDE_CODE_SESSION_ID CLAUDE_PROJECT_DIR 2>/dev/null || true
[ ! -t 1 ] || export FORCE_COLOR=1
mkdir -p "$place/home" "$place/shop"
git config --global user.name 'Demo Person'
git config --global user.email demo@example.invalid
git config --global init.defaultBranch main
cd "$place/shop"

step=0
# say TEXT: announces the next step
say() {
  step=$((step + 1))
  printf '\n%s. %s\n' "$step" "$1"
}
# shown COMMAND…: the command as a person would type it
shown() {
  printf '\n   $'
  for word in "$@"; do
    case $word in
      *[!A-Za-z0-9_./=:-]*) printf " '%s'" "$word" ;;
      *) printf ' %s' "$word" ;;
    esac
  done
  printf '\n'
}
# try COMMAND…: shows the command and runs it; the demo ends where one fails
try() {
  shown "$@"
  code=0
  answer=$("$@" 2>&1) || code=$?
  [ -z "$answer" ] || printf '%s\n' "$answer" | sed 's/^/   /'
  [ "$code" -eq 0 ] || { printf '   (exit code %s: the demo stops here)\n' "$code"; exit "$code"; }
}
# fails COMMAND…: the same for a command whose exit code 1 is the point
fails() {
  shown "$@"
  code=0
  answer=$("$@" 2>&1) || code=$?
  printf '%s\n' "$answer" | sed 's/^/   /'
  printf '   (exit code %s)\n' "$code"
  [ "$code" -eq 1 ]
}
# payload NAME: a payload recorded from the real client, for this folder
payload() {
  sed "s#@FOLDER@#$place/shop#" "$here/$1.json"
}

printf 'gitmem demo: one loop in a throw-away repository, without a key and without a network.\n'

say 'A repository, wired once. The files that init writes are committed like any other.'
try git init --quiet
try gitmem init
git add --all
git commit --quiet --message 'wire gitmem'

say 'An agent works and commits. The client fires its hooks: a commit is a boundary.'
printf 'def price(): return 42\n' > shop.py
git add shop.py
try git commit --quiet --message 'price the shop'
printf '\n   $ gitmem hook claude-code PostToolUse      < recorded payload (marks the commit)\n'
payload PostToolUse | gitmem hook claude-code PostToolUse
printf '   $ gitmem hook claude-code PostToolBatch    < recorded payload (the model is told, once)\n'
payload PostToolBatch | gitmem hook claude-code PostToolBatch | fold -s -w 92 | sed 's/^/   /'

say 'The model flags what is durable: one cheap line each, saved before the command returns.'
try gitmem flag 'prices are integers in cents; floats lost a cent in March' --kind decision
try gitmem flag 'the payment sandbox answers only on weekdays' --kind gotcha
try gitmem flag 'who owns the currency table?' --kind pending
try gitmem snag 'ran the whole suite for a one-line change' --better 'run pytest -k on the touched module first'

say 'The flags are commits on a branch of their own. Work tree, index and HEAD saw nothing of it.'
try git log --oneline gitmem/queue
try git status --short --branch

say 'The marker: as long as they are undrained, the check fails. CI runs this line.'
fails gitmem check

say 'Close drains the queue into one commit on a review branch.'
try gitmem close

say 'A person reviews and accepts.'
try gitmem accept

say 'Nothing is undrained, the queue branch is gone, and the next session starts with the memory.'
try gitmem check
try git branch --list
try git log --oneline main
try cat memory/MEMORY.md

printf '\nThat was the loop. In a repository of yours: gitmem init\n'
