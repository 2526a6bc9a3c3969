"""Save what lies in the spool: through all guards again, and once (hot lane).

What lies there is text of others: anything in the sandbox can write into the folder. See
docs/data-model.md, "The spool".
"""

from __future__ import annotations

import os
import time

from gitmem.capture import capture
from gitmem.core import flag as flags
from gitmem.core import quantities
from gitmem.core.bounds import LINE
from gitmem.core.errors import GitmemError, Refused, UsageError
from gitmem.git import local, repository
from gitmem.queue import refused, spool
from gitmem.queue.fast_import import recorded_author
from gitmem.safety.secrets import redacted
from gitmem.safety.text import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository
    from gitmem.queue.refused import RefusedText

_AT_ONCE = 64  # records in one append: what a hook that runs out of time has saved stays saved
_ROUNDS = 8  # looks at one folder; whatever goes on writing into it waits for the next boundary
_MOST_LINES = 1000  # of one `flag -`
_LONGEST = 100  # characters of a session's or a client's name
_LONGEST_BRANCH = 1000
_HEAD = 200  # characters of a refused text in a sentence
_KEPT = 2000  # characters of it that are noted


class SpoolSaving:
    """What came of it: the flags saved, what was refused, notes, and why something is left."""

    __slots__ = ("flags", "left", "notes", "refused")

    def __init__(self) -> None:
        self.flags: list[Flag] = []
        self.refused: list[RefusedText] = []
        self.notes: list[str] = []
        self.left = ""

    @property
    def did(self) -> str:
        """For the ledger; empty when nothing was done."""
        saved = quantities.count(len(self.flags), "spooled flag")
        parts = [f"saved {saved}"] if self.flags else []
        parts += [f"refused {len(self.refused)} of the spool"] if self.refused else []
        return ", ".join(parts)

    def sentences(self) -> list[str]:
        """Return what a person is told, for a terminal to print."""
        number = len(self.flags)
        told = [f"saved {quantities.count(number, 'spooled flag')}"] if number else []
        told += [said_of(one) for one in self.refused]
        told += self.notes
        if self.left:
            told.append(f"what is in the spool is not saved: {self.left}")
        return told


def said_of(one: RefusedText) -> str:
    """Return a refused text as one sentence."""
    return f"a spooled flag was refused: {one.reason}: {one.text[:_HEAD] or one.record}"


def save(repo: Repository, *, now: float, session: str = "", wait: float = 0.0) -> SpoolSaving:
    """Save what waits in the spool of a clone; never raises because of what lies there.

    ``now`` is seconds since 1970, ``session`` the one that this process belongs to, ``wait`` the time in seconds for
    another process that does the same.
    """
    done = SpoolSaving()
    lock = local.Lock(repo.folder + "/spool.lock")
    try:
        if not lock.attempt(wait):
            return done  # that one saves it
        _Saving(repo, done, now=now, session=session).everything()
    except OSError as error:
        done.left = error.strerror or str(error)
    except GitmemError as error:
        done.left = error.message
    finally:
        lock.release()
    return done


class _Saving:
    """One run; the caller holds the lock."""

    def __init__(self, repo: Repository, done: SpoolSaving, *, now: float, session: str) -> None:
        self._repo = repo
        self._done = done
        self._at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))  # as a flag has it
        self._now = now
        self._session = session
        self._by = ""
        self._known: dict[str, Flag] | None = None
        self._recorded: Collection[str] = ()
        self._tainted: dict[str, bool] = {}

    def everything(self) -> None:
        found = False
        for place, descriptor in spool.there(self._repo.folder):
            found = True
            for _ in range(_ROUNDS):
                names = spool.names(descriptor, self._now)
                for start in range(0, len(names), _AT_ONCE):
                    self._batch(place.path, descriptor, names[start : start + _AT_ONCE])
                if not names:
                    spool.rest(descriptor)
                    if not spool.names(descriptor, self._now):  # what came before the note
                        break
        if not found and spool.come(self._repo.folder):
            self._done.left = "its folder is not the one that a session's start made"

    def _batch(self, path: str, descriptor: int, names: Sequence[str]) -> None:
        good: dict[str, Flag] = {}
        bad: list[RefusedText] = []
        aside: dict[str, str] = {}
        read = []
        for name in names:
            try:
                record = spool.read(descriptor, name)
            except FileNotFoundError:
                continue  # somebody took it away
            kept = spool.ASIDE + flags.new_id(os.urandom(flags.ID_LENGTH))
            try:
                found = self._sorted(record, good)
            except GitmemError as error:  # not the record's doing: it waits
                self._done.left = error.message
                continue
            read.append(name)
            for reason, text in found:
                aside[name] = kept
                bad.append(self._refused(name, reason, text, f"{path}/{kept}"))
        if good:
            captured = capture.save(self._repo, list(good.values()), self._by)
            if self._known is not None:
                self._known |= good
            self._done.flags += captured.flags
            self._done.notes += captured.notes
        if bad:
            noted = {one.key for one in refused.read(self._repo.folder)}
            refused.add(self._repo.folder, [one for one in bad if one.key not in noted])
            self._done.refused += bad
        for name in read:
            if name in aside:
                spool.put_aside(descriptor, name, aside[name])
            else:
                spool.remove(descriptor, name)

    def _sorted(self, record: spool.Record, good: dict[str, Flag]) -> list[tuple[str, str]]:
        """Add the flags of a record to ``good``; return the reason and the text of all that is refused.

        Raises GitmemError where that cannot be told now.
        """
        try:
            lines = _lines(record)
        except Refused as error:
            return [(error.message, record.data[:_KEPT].decode("utf-8", "replace"))]
        bad = []
        for line in lines:
            try:
                flag = self._flag(line)
                if not self._is_known(flag, good):
                    good[flag.id] = flag
            except (Refused, UsageError, flags.BadLine) as error:
                reason = error.reason if isinstance(error, flags.BadLine) else error.message
                bad.append((reason, _text(line)))
            except GitmemError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever a text does, it does not stop the others
                bad.append((f"{type(error).__name__} (a bug in gitmem)", _text(line)))
        return bad

    def _refused(self, name: str, reason: str, text: str, kept: str) -> RefusedText:
        return refused.RefusedText(
            at=self._at,
            record=visible(name[:_LONGEST]),
            reason=visible(redacted(" ".join(reason.split()))),
            text=visible(redacted(text)),
            kept=kept,
        )

    def _flag(self, line: str) -> Flag:
        """Return the flag of a line as `flag` would make it now. Raises Refused, UsageError and BadLine."""
        told = flags.parse(line)
        fields = fields_of(self._repo, told)
        if not self._by:
            self._by = recorded_author(self._repo)
        context, notes = capture.around(_context(told))
        self._done.notes += notes
        at = told.at if (quantities.seconds(told.at) or 0) <= self._now else self._at
        tainted = told.tainted or self._is_tainted(told.session)
        return flags.make(
            {**context, **fields, "id": told.id, "at": at, "by": self._by, "tainted": tainted}
        )

    def _is_tainted(self, session: str) -> bool:
        if session not in self._tainted:
            self._tainted[session] = capture.tainted(self._repo, [session, self._session])
        return self._tainted[session]

    def _is_known(self, flag: Flag, good: Mapping[str, Flag]) -> bool:
        """Return whether the flag is saved already. Raises Refused where its id is another one's."""
        if self._known is None:
            self._known, self._recorded = _known(self._repo)
        there = good.get(flag.id) or self._known.get(flag.id)
        if there is None and flag.id not in self._recorded:
            return False
        if there is not None and _words(there) == _words(flag):
            return True
        raise Refused(f"its id, {flag.id}, is another flag's")


def _lines(record: spool.Record) -> list[str]:
    """Return the lines of a record. Raises Refused for what `flag` can not have written."""
    if record.reason:
        raise Refused(record.reason)
    try:
        lines = [line for line in record.data.decode().split("\n") if line]
    except UnicodeDecodeError as error:
        raise Refused("it is not UTF-8") from error
    if not lines:
        raise Refused("it is empty")
    if len(lines) > _MOST_LINES:
        raise Refused(f"{len(lines):,} lines at once are too many")
    if max(map(len, lines)) > LINE:
        raise Refused("a line is longer than any flag")
    return lines


def fields_of(repo: Repository, told: Flag) -> dict[str, object]:
    """Return the fields after all guards of `flag` and `snag`. Raises Refused and UsageError."""
    snag = told.kind == "snag"
    if snag and not told.better:
        raise Refused("a snag has a better path")
    if not snag and (told.better or told.skill or told.rule or told.again):
        raise Refused("only a snag has a better path, a skill, a rule or an earlier snag")
    if told.skill and told.rule:
        raise Refused("a skill and a rule exclude each other")
    draft = capture.FlagDraft(
        told.text,
        body=told.body,
        kind=told.kind,
        topic=told.topic,
        source=told.source,
        paths=told.paths,
        better=told.better,
        skill=told.skill,
        rule=told.rule,
        again=told.again,
    )
    fields = capture.checked(draft, cwd=repo.top, repo=repo)
    if told.corrects:
        # The line itself; FILE:LINE was looked up when it was flagged.
        file, _, words = told.corrects.partition(": ")
        if told.kind == "pending" or not words:
            raise Refused("it corrects no line of memory")
        capture.inside(file, repo.top, repo.top)
        fields["corrects"] = capture.guarded(told.corrects, "--corrects")
    return fields


def _context(told: Flag) -> dict[str, str]:
    """Return what a flag says of its surroundings. Raises Refused for what no `flag` says."""
    said = {"session": told.session, "client": told.client, "trigger": told.trigger}
    if quantities.seconds(told.at) is None:
        raise Refused("it has no time")
    if told.head and not repository.is_oid(told.head):
        raise Refused("its head is not a commit")
    if any(len(text) > _LONGEST or not text.isprintable() for text in said.values()):
        raise Refused("its session, client or trigger is not a name")
    if len(told.branch) > _LONGEST_BRANCH or not told.branch.isprintable():
        raise Refused("its branch is not a name")
    return {**said, "branch": told.branch, "head": told.head}


def _known(repo: Repository) -> tuple[dict[str, Flag], Collection[str]]:
    """Return every flag that the clone knows, by id, and the ids in records."""
    from gitmem.queue.journal import Journal
    from gitmem.queue.lines import Lines
    from gitmem.records import snapshot, target

    try:
        seen = snapshot.take(repo, target.configured_name(repo))
    except GitmemError:  # a damaged branch, say: a flag is saved all the same, into the journal
        lines = Lines()
        lines.read(Journal(repo.folder).read(), "journal")
        return lines.flags, ()
    records = seen.records
    return seen.queue.flags, {*records.deciding, *records.local, *records.review, *records.carried}


def _words(flag: Flag) -> tuple[str, ...]:
    """Return what two lines of one flag have in common, whenever they were saved."""
    return flag.kind, flag.text, flag.body, flag.better


def _text(line: str) -> str:
    """Return what a refused line says, as far as it can be told."""
    try:
        flag = flags.parse(line)
    except flags.BadLine:
        return line[:_KEPT]
    return f"{flag.text} --better {flag.better}" if flag.better else flag.text
