"""What gitmem says to a model: one short instruction (pure, hot lane)."""

from __future__ import annotations

from gitmem.session import boundary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

SECTION = "Unflagged durable facts"

_NAMES = {
    boundary.COMMIT: "git commit",
    boundary.AGENT: "a finished sub-agent",
    boundary.BACKGROUND: "a sub-agent that finished in the background",
    boundary.TASK: "a completed task",
    boundary.CHAPTER: "a closed chapter",
    boundary.RECOVERY: "a command that failed and then worked",
    boundary.SLOW: "a call that took over a minute",
    boundary.TURN: "the end of the last turn",
    boundary.TOKENS: "a long stretch of work",
    boundary.PRESSURE: "a long stretch of work, with a compaction ahead",
    boundary.COMPACTION: "a compaction",
    boundary.WORDS: "what the person said during the turn",
}
_TROUBLE = (boundary.RECOVERY, boundary.SLOW)

_SNAG = "gitmem snag 'what snagged' --better 'the better path'"
_SHORT = "gitmem flag '...' --kind ..."
_PIPED = "or pipe lines into: gitmem flag - ."
_ALONE = "each as a command of its own: no pipe, no variable, nothing before it."
_FLAG = "gitmem flag 'what is durable' --kind decision (kinds: fact, decision, gotcha, preference, pending)"


def text(boundaries: Sequence[str], *, alone: bool = False, briefed: bool = True) -> str:
    """Return the nudge; it names the boundaries it comes from.

    ``alone``: in this client a capture has to be a command of its own (`gitmem.clients.client.Client.alone`).
    ``briefed``: here the writer of a summary was asked for its section (`gitmem.clients.client.Client.briefs`).
    """
    first = f"{_after(boundaries)}: flag what's durable, now. "
    if briefed and boundary.COMPACTION in boundaries:
        first += f"Begin with what the summary lists under '{SECTION}'. "
    snag = f"If something snagged: {_SNAG}. "
    if not set(_TROUBLE).isdisjoint(boundaries):
        first += f"If the next session could be spared this trouble: {_SNAG}. "
        snag = ""
    return (
        f"{first}For each decision, gotcha, preference or fact that a later session would need, run "
        f"one line: {_FLAG}. {snag}Use single quotes, {_ALONE if alone else _PIPED} "
        "What is longer than a line: --body '...'. A topic of memory: --topic NAME. True of the "
        "person in every repository, not of this one: --mine. Flag it "
        "even if it is noted elsewhere. Nothing durable is a fine answer; then go on."
    )


def reminder(boundaries: Sequence[str]) -> str:
    """Return the nudge as one sentence, for a model that has the whole one in its context."""
    snag = "`gitmem snag '...' --better '...'`"
    ways = [f"`{_SHORT}`", snag]
    if not set(_TROUBLE).isdisjoint(boundaries):
        ways.reverse()
    return f"{_after(boundaries)}: flag what's durable, now ({' or '.join(ways)}), or go on."


def _after(boundaries: Sequence[str]) -> str:
    names = " and ".join([_NAMES.get(name, name) for name in boundaries]) or "this point"
    return f"gitmem, after {names}"


def about_last_turn(session: str, heads: Sequence[str], *, tainted: bool) -> str:
    """Return what a boot asks about the last turn of an earlier session, with what the person said in it."""
    said = " / ".join([f'"{head}"' for head in heads])
    strangers = "It had read text of strangers: flag nothing of theirs. " if tainted else ""
    return (
        f"gitmem, after the last turn of session {session[:8]}: nothing has asked yet what is durable in it. "
        f"The person said there: {said}. {strangers}If a later session needs something of it, flag it now "
        f"(`{_SHORT}`); else go on."
    )


def for_summary() -> str:
    """Return what is asked of the model that writes the summary at a compaction."""
    return (
        f"gitmem: end the summary with a section '{SECTION}': one line for each decision, gotcha, "
        "preference, fact, open question or snag (with its better path) of this conversation that a later "
        "session would need and that no `gitmem flag` or `gitmem snag` call has saved yet. If there "
        "are none, write: none."
    )
