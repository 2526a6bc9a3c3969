"""What a shell command tries, and whether its parts are calls of gitmem (pure, hot lane).

Nothing here parses a shell: what is taken for one command too many or too few costs one nudge. A hook loads it for a
command that failed, for those after that one, and where gitmem is named.
"""

from __future__ import annotations

_LONGEST = 4000  # characters looked at; behind that is text, not structure
_ENDS = ";|&"
_SIGNS = ';|&<>($`"\\\n\r'
# What stands before a program without being it, and of those the ones that take a number first.
_BEFORE = ("sudo", "env", "time", "nohup", "exec", "command", "then", "do", "else", "!", "{",
           "timeout", "nice", "stdbuf", "xvfb-run")  # fmt: skip
_NUMBERED = ("timeout", "nice")
_BESIDE = ("cd", "export", "set", "source", ".", "echo", "printf", "cat", "true", "sleep", "wait")
# Programs that answer with their exit code: one that says "no" has not failed.
_ASKING = ("grep", "egrep", "rg", "test", "[", "[[", "ls", "which", "diff", "cmp", "find", "head",
           "tail", "stat", "pgrep", "kill", "wc", "sed", "awk", "false", "type", "file")  # fmt: skip
_INLINE = ("-c", "-e", "-")
# Programs that run another one, and the words that say so: what is tried is the other one, however it is run.
_RUNNERS = {
    "uv": ("run", "tool"), "poetry": ("run",), "pdm": ("run",), "hatch": ("run",), "pipenv": ("run",),
    "rye": ("run",), "mise": ("exec",), "npm": ("exec",), "pnpm": ("exec", "dlx"), "yarn": ("exec", "dlx"),
    "bun": ("x",), "bundle": ("exec",), "pipx": ("run",), "conda": ("run",),
}  # fmt: skip
_DIRECT = ("npx", "uvx", "bunx")  # such programs without a word
# Programs that run something of their own by its name: what is tried is both together.
_SCRIPTS = {
    "npm": ("run", "run-script"), "pnpm": ("run",), "yarn": ("run",), "bun": ("run",), "deno": ("run", "task"),
    "mise": ("run",), "docker": ("compose",), "podman": ("compose",), "go": ("run", "tool"),
}  # fmt: skip
# Programs without subcommands: what follows is what they look at.
_PLAIN = ("pytest", "mypy", "pyright", "pylint", "flake8", "black", "isort", "eslint", "tsc", "jest", "mocha",
          "rspec", "phpunit", "gcc", "clang", "rustc")  # fmt: skip
# Programs that run a file, or with -m a module.
_INTERPRETERS = (
    "python",
    "python3",
    "node",
    "ruby",
    "perl",
    "php",
    "bash",
    "sh",
    "zsh",
    "tsx",
    "ts-node",
)
_PRIME = (1 << 61) - 1
_WORD = 20


def are_own(command: str) -> bool:
    """Return whether a command that names gitmem does nothing but call it (and say what to pipe into it)."""
    parts = simple_commands(command)
    rest = [part for part in parts if not _is_gitmem(part) and part.split()[0] not in _BESIDE]
    return not rest and any(_is_gitmem(part) for part in parts)


def end_in_flag(command: str) -> bool:
    """Return whether the last thing that a command does that names gitmem is a flag."""
    last = simple_commands(command)[-1:]
    return bool(last) and _is_gitmem(last[0]) and not {"flag", "snag"}.isdisjoint(last[0].split())


def simple_commands(text: str) -> list[str]:
    """Return the simple commands of a shell command, in order; quoted text is left out."""
    head = _head(text)
    for sign in _ENDS:
        head = head.replace(sign, "\n")
    return [part.strip() for part in head.split("\n") if part.strip()]


def failed(command: str, error: str = "") -> str:
    """Return what a failed command tried, as a word to compare: the last program that can fail.

    Where the ``error`` says that a program was not found, it is that one.
    """
    parts = simple_commands(command)
    tries = [name for name in map(_name, parts) if name]
    if "not found" in error:
        mistyped = [name for name in tries if f"{name.split(' ')[0]}: " in error]
        tries = mistyped[:1] or tries
    return _digest(tries[-1]) if tries else _digest(" ".join(command[:_LONGEST].split()))


def tried(command: str) -> list[str]:
    """Return such words for each part that a successful command proves to work, and for the whole command."""
    names = [name for name in map(_name, _proven(command)) if name]
    return [_digest(name) for name in [*names, " ".join(command[:_LONGEST].split())]]


def captures(command: str) -> bool:
    """Return whether the command is one call of gitmem whose texts stand in single quotes."""
    outside = "".join(command.split("'")[::2])
    return command.startswith("gitmem ") and not [sign for sign in _SIGNS if sign in outside]


def _proven(text: str) -> list[str]:
    """Return the commands that the exit code speaks of: what `&&` joins at the end, and the ends of its pipes."""
    last = _statements(_head(text))[-1:]
    if not last or "||" in last[0]:
        return []
    parts = [part.rpartition("|")[2].strip() for part in last[0].replace("&&", "\0").split("\0")]
    return [part for part in parts if part]


def _head(text: str) -> str:
    """Return the command without quoted text and here-documents: what is fed to a command is not one."""
    head, _, _ = _unquoted(text[:_LONGEST]).partition("<<")
    return head.replace(">&", ">").replace("&>", ">").replace("(", " ").replace(")", " ")


def _statements(head: str) -> list[str]:
    return [part for part in head.replace(";", "\n").split("\n") if part.strip()]


def _unquoted(text: str) -> str:
    kept = []
    quote = ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
            kept.append("_")  # an argument stands here
        else:
            kept.append(letter)
    return "".join(kept)


def _is_gitmem(part: str) -> bool:
    words = part.split()
    return words[0].rpartition("/")[2] in ("gitmem", "git-mem") or words[:2] == ["git", "mem"]


def _name(part: str) -> str:
    """Program and plain subcommand of a simple command; empty when it cannot fail in earnest."""
    words = _without_before(part.split())
    if (
        not words
        or words[0] in _BESIDE
        or words[0] in _ASKING
        or not set(words).isdisjoint(_INLINE)
    ):
        return ""
    program = words[0].rpartition("/")[2]
    below = words[1] if len(words) > 1 else ""
    if program in _DIRECT or below in _RUNNERS.get(program, ()):
        rest = _plain_first(words[1:] if program in _DIRECT else words[2:])
        return (_name(" ".join(rest)) or rest[0]) if rest else program
    if below in _SCRIPTS.get(program, ()):
        return " ".join([program, *_plain_first(words[2:])[:1]])
    if program in _INTERPRETERS:
        if "-m" in words:
            return _name(" ".join(words[words.index("-m") + 1 :])) or program
        return " ".join([program, *_plain_first(words[1:])[:1]])
    named = program not in _PLAIN and below.isalpha() and len(below) <= _WORD
    return f"{program} {below}" if named else program


def _without_before(words: list[str]) -> list[str]:
    """The words from the program on: behind assignments, and what runs it with options of its own."""
    while words and (words[0] in _BEFORE or "=" in words[0]):
        before, words = words[0], words[1:]
        if before in _BEFORE:
            words = _plain_first(words)
        if before in _NUMBERED and words and words[0][:1].isdigit():
            words = words[1:]
    return words


def _plain_first(words: list[str]) -> list[str]:
    """The words behind leading options."""
    places = [place for place, word in enumerate(words) if not word.startswith("-")]
    return words[places[0] :] if places else []


def _digest(text: str) -> str:
    """Return a short word for a text: commands may hold what must not be written down."""
    return f"{int.from_bytes(text.encode('utf-8', 'backslashreplace'), 'big') % _PRIME:x}"
