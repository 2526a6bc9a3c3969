"""A review made again from its own judgement, without some flags: no model is asked."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitmem.close import commit, message
from gitmem.close.close import draft, grounds, newly_cited
from gitmem.close.judgement import Judgement, of_record, split
from gitmem.core.failures import NeedsPerson
from gitmem.core.quantities import seconds
from gitmem.drain import assemble, drain
from gitmem.drain.plan import make_plan
from gitmem.drain.ports import Answer
from gitmem.loops import flag_history, loops
from gitmem.queue import decisions
from gitmem.records import in_review, record_files
from gitmem.records.commit_style import PLAIN, CommitStyle
from gitmem.records.drain_record import Change, Run, read_header, read_outcomes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.drain.plan import Plan, Request
    from gitmem.git.claim import Claim
    from gitmem.git.repository import Repository
    from gitmem.loops.flag_history import FlagHistory
    from gitmem.records.snapshot import Snapshot

_DEPENDS = (
    "the rest of the review cannot stay as it is without it: gitmem drop ID --reason '…' rejects the "
    "flag, and gitmem close judges the others again"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemakeRequest:
    """The review at ``tip``, which begins on ``base`` (empty: a root), and the flags that it loses.

    ``rejected`` is flag id to the person's reason, ``folder`` the memory folder, ``style`` the form of
    the commits.
    """

    base: str
    tip: str
    rejected: Mapping[str, str]
    folder: str
    style: CommitStyle = PLAIN


class _NoEngine:
    """Stands where a close has its engine: what an earlier one judged needs none."""

    name = ""
    model = ""

    def prepared(self, plan: Plan) -> Plan:
        return plan

    def run(self, _request: Request) -> Answer:
        return Answer(operations=())

    def stop(self) -> None:
        """Do nothing: nothing is ever under way."""


def remade(repo: Repository, claim: Claim, seen: Snapshot, wanted: RemakeRequest) -> str:
    """Return the tip of the review without the rejected flags, which its records skip with the reason.

    Each close keeps a commit and a record of its own; those before the first rejected flag stay as
    they are. No branch moves. Raises NeedsPerson when another flag's judgement does not hold without
    a rejected one.
    """
    text_by_path = in_review.texts_between(repo, wanted.base, wanted.tip)
    commits = _commits(repo, wanted.base, wanted.tip)
    first = _first(repo, commits, text_by_path, wanted)
    onto = commits[first - 1].oid if first else wanted.base
    past = flag_history.read(repo, seen)
    for one in commits[first:]:
        for path in one.records:
            onto = _again(repo, claim, seen, past, text_by_path[path], onto, wanted)
    return onto


@dataclass(frozen=True, slots=True, kw_only=True)
class _Commit:
    """A commit of the review, and the records that it adds."""

    oid: str
    records: tuple[str, ...]


def _commits(repo: Repository, base: str, tip: str) -> list[_Commit]:
    """Return the commits of a review, oldest first."""
    span = f"{base}..{tip}" if base else tip
    oids = repo.git("rev-list", "--reverse", "--topo-order", span).text.split()
    found = []
    known = record_files.at(repo, base).keys()
    for oid in oids:
        now = record_files.at(repo, oid).keys()
        found.append(_Commit(oid=oid, records=tuple(sorted(now - known))))
        known = now
    return found


def _first(
    repo: Repository,
    commits: list[_Commit],
    text_by_path: Mapping[str, str],
    wanted: RemakeRequest,
) -> int:
    """Return the place of the first commit to make again.

    A record that a person's commit changed later is made again with its last words, so its commit
    is, too.
    """
    touched = {
        path
        for path, text in text_by_path.items()
        if any(one.flag.id in wanted.rejected for one in read_outcomes(text))
    }
    first = next(at for at, one in enumerate(commits) if touched.intersection(one.records))
    final = record_files.at(repo, wanted.tip)
    while first:
        there = record_files.at(repo, commits[first - 1].oid)
        changed = {path for path in text_by_path if path in there and there[path] != final[path]}
        if not changed:
            break
        first = next(at for at, one in enumerate(commits) if changed.intersection(one.records))
    return first


def _placed(judged: Judgement) -> dict[str, tuple[str, str]]:
    """Return where the close placed each line: a topic that goes on in a further file stays as it is."""
    files = {one.flag.id: one.file for one in judged.outcomes if one.line}
    files |= {one.line: one.file for one in judged.changes if one.what is Change.MOVED}
    return {key: (file, judged.topics.get(file, ("", ""))[0]) for key, file in files.items()}


def _again(  # noqa: PLR0913, PLR0917 - one step of a loop, with what the loop knows
    repo: Repository,
    claim: Claim,
    seen: Snapshot,
    past: FlagHistory,
    text: str,
    onto: str,
    wanted: RemakeRequest,
) -> str:
    """Return the commit of one close made again on ``onto``."""
    outcomes = read_outcomes(text)
    header = read_header(text)
    flags = [one.flag for one in outcomes]
    memory, places = grounds(repo, onto, flags, past, wanted.folder)
    plan = make_plan(flags, places, {**decisions.drops(repo), **wanted.rejected})
    judged = of_record(repo, wanted.tip, text, memory)
    left, told = split(plan, judged)
    done = drain.drain(
        replace(left, requests=told), _NoEngine(), memory, workers=1, clock=time.monotonic
    )
    open_ = {flag.id for flag in flags} - {key for one in done.operations for key in one.flags}
    if open_:
        raise NeedsPerson(
            f"what was judged of {', '.join(sorted(open_))} rests on a rejected line", hint=_DEPENDS
        )
    made = assemble.assemble(memory, done.operations, plan.flags, _placed(judged))
    parts = message.MessageParts(
        run=header.run if header else Run(engine=""),
        outcomes=made.outcomes,
        changes=made.changes,
        left=(),
        recurred=loops.came_back(past, flags),
        stale=[one.told for one in newly_cited(repo, onto, memory, made)],
        style=wanted.style,
    )
    new = draft(onto, made.files, seen.queue.tip, parts)
    at = seconds(header.at) if header else None
    tip, _ = commit.make(repo, claim, new, folder=wanted.folder, at=at)
    return tip
