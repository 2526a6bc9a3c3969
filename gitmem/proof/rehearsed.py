"""What a run of the real client came to: read from its stream and from what its model was asked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.proof.finding import Finding, fail, ok, warn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitmem.git.programs import Ran

_BOOT = "SessionStart"
_VERSION = "claude_code_version"  # in the stream's first line


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What came of it.

    ``version`` is the client's, ``words`` are gitmem's in the order the model saw them, ``person``
    what the person was told, ``answer`` what was printed; ``problems`` is empty when all is well.
    """

    version: str
    words: tuple[str, ...]
    person: tuple[str, ...]
    answer: str
    ms: float
    problems: tuple[str, ...]

    @property
    def as_json(self) -> dict[str, object]:
        """For a program."""
        return {
            "version": self.version,
            "model": list(self.words),
            "person": list(self.person),
            "answer": self.answer,
            "ms": self.ms,
            "problems": list(self.problems),
        }

    def findings(self, recorded: str) -> list[Finding]:
        """The same as findings; ``recorded`` is the version that gitmem was proved with."""
        found = [
            fail(
                "client", problem, "gitmem doctor --fire tells whether the hooks work by themselves"
            )
            for problem in self.problems
        ]
        if self.version and self.version != recorded:
            said = f"the client is {self.version}; gitmem was proved with {recorded}"
            found.append(warn("client", said))
        if not self.problems:
            said = f"{self.version or 'the client'} told its model what the hooks said"
            found.append(
                ok("client", f"{said}, and printed its answer unchanged ({self.ms:.0f} ms)")
            )
        return found


def read(ran: Ran, asked: Sequence[Sequence[str]], *, answer: str, ended: bool) -> Rehearsed:
    """What a run of the client came to.

    ``asked`` are the texts of each request the model got, ``answer`` what the model said last,
    ``ended`` whether the ledger saw the session's end.
    """
    streamed = list(_stream(ran.out))
    result = next((line for line in streamed if line.get("type") == "result"), {})
    printed = str(result.get("result", ""))
    said = [words for line in streamed if (words := _said(line))]
    problems = []
    if ran.code:
        last = (ran.err.strip() or printed).rpartition("\n")[2]
        problems.append(f"the client ended with {ran.code}: {last or 'it said nothing'}")
    elif not asked:
        problems.append("the client asked its model nothing")
    else:
        problems += _missing(said, asked)
        if printed != answer:
            problems.append(f"the printed answer is not the model's: {printed[:80]!r}")
        if not ended:
            problems.append("the end of the session was not seen")
    versions = [str(line[_VERSION]) for line in streamed if _VERSION in line]
    return Rehearsed(
        version=versions[0] if versions else "",
        words=tuple(_received(words.model, asked) for words in said if words.model),
        person=tuple(words.person for words in said if words.person),
        answer=printed,
        ms=ran.ms,
        problems=tuple(problems),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What one hook answered: at which event, and to whom."""

    event: str
    person: str
    model: str


def _said(line: Mapping[str, object]) -> _Said | None:
    """What a hook of gitmem's answered, as the client streams it; None for anything else."""
    output = line.get("output")
    if line.get("subtype") != "hook_response" or not isinstance(output, str):
        return None
    try:
        found = json.loads(output)
    except ValueError:
        return None
    specific = found.get("hookSpecificOutput") if isinstance(found, dict) else None
    model = specific.get("additionalContext", "") if isinstance(specific, dict) else ""
    person = found.get("systemMessage", "") if isinstance(found, dict) else ""
    if "gitmem" not in f"{person}{model}":
        return None
    return _Said(event=str(line.get("hook_event", "")), person=str(person), model=str(model))


def _missing(said: Sequence[_Said], asked: Sequence[Sequence[str]]) -> list[str]:
    """Words that should have been said and were not, or did not reach the model exactly once."""
    boots = [words.model for words in said if words.event == _BOOT and words.model]
    nudges = [words.model for words in said if words.event != _BOOT and words.model]
    problems = []
    if not boots:
        problems.append("no hook told the model at the session's start that a flag waits")
    if not nudges:
        problems.append("no hook nudged the model after the commit")
    first, last = "\n".join(asked[0]), "\n".join(asked[-1])
    for texts, seen, when in (
        (boots, first, "before its first answer"),
        (nudges, last, "after the commit"),
    ):
        for text in texts:
            count = seen.count(text)
            if count != 1:
                problems.append(
                    f"the model should see once, and saw {count} times, {when}: {text[:60]}…"
                )
    if len(nudges) > 1:
        problems.append(f"the model was nudged {len(nudges)} times after one commit")
    return problems


def _received(text: str, asked: Sequence[Sequence[str]]) -> str:
    """The words as they stand in the last request, with how the client introduces them."""
    for received in asked[-1] if asked else ():
        at = received.find(text)
        if at >= 0:
            return received[received.rfind("\n", 0, at) + 1 : at] + text
    return f"(it never arrived) {text}"


def _stream(out: str) -> Iterable[dict[str, object]]:
    for line in out.splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            yield found
