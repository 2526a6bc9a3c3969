"""Capture: `flag` and `snag` (hot lane). Journal first, then the branch."""

from __future__ import annotations

import os

from gitmem.core import agent_clients as clients
from gitmem.core import flag as flags
from gitmem.core.errors import NotSaved, Refused
from gitmem.core.flag import slug
from gitmem.git import repository
from gitmem.queue import publisher
from gitmem.queue.fast_import import recorded_author
from gitmem.queue.journal import Journal
from gitmem.safety.active import find_refused
from gitmem.safety.secrets import find_secret
from gitmem.safety.text import clean, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository

_NAME_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
_MAX_NAME = 64
MOST_PATHS = 20  # of one flag
# What a flag says of its surroundings: left out, rather than the flag refused, where it looks like
# it holds a credential. (`gitmem.queue.fast_import` looks at the author.)
_AROUND = {
    "branch": "the branch's name",
    "session": "the session's id",
    "client": "the client's name",
}
_LEFT_OUT = "looks like it holds a credential, so the flag goes without it"


class FlagDraft:
    """What a caller wants to keep: one text and what goes with it. Empty strings: not given."""

    __slots__ = (
        "again",
        "better",
        "body",
        "corrects",
        "kind",
        "paths",
        "rule",
        "skill",
        "source",
        "text",
        "topic",
    )

    def __init__(  # noqa: PLR0913 - the options of `flag` and `snag`
        self,
        text: str,
        *,
        body: str = "",
        kind: str = "fact",
        topic: str = "",
        source: str = "",
        paths: Sequence[str] = (),
        better: str = "",
        skill: str = "",
        rule: str = "",
        again: str = "",
        corrects: str = "",
    ) -> None:
        self.text = text
        self.body = body
        self.kind = kind
        self.topic = topic
        self.source = source
        self.paths = paths
        self.better = better
        self.skill = skill
        self.rule = rule
        self.again = again
        self.corrects = corrects


#: What is said of a flag that is in the spool, and of one that is in the journal only.
SPOOLED = "spooled; saved at the next boundary"
JOURNALED = "saved in the journal; not on the queue branch yet"


class CaptureResult:
    """The flags made. ``reason`` says why they are in the journal only; empty: on the branch.

    ``spooled`` says that they are in the spool, because this process may not write the git directory.
    """

    __slots__ = ("flags", "notes", "reason", "spooled")

    def __init__(
        self,
        made: Sequence[Flag],
        reason: str,
        notes: Sequence[str],
        *,
        spooled: bool = False,
    ) -> None:
        self.flags = made
        self.reason = reason
        self.notes = notes
        self.spooled = spooled


def sentence(flag: Flag) -> str:
    """Return what is said of a flag that was made."""
    return f"flagged {flag.id} ({flag.kind}) {visible(flag.text)}"


def checked(draft: FlagDraft, *, cwd: str, repo: Repository) -> dict[str, object]:
    """Return the draft as flag fields. Raises Refused before anything is written."""
    # What a snag learned may come to stand in a skill, sooner or later.
    snag = draft.kind == "snag"
    text = guarded(draft.text, "text", skill=snag and not draft.better)
    fields: dict[str, object] = {"kind": draft.kind, "text": text}
    fields |= _body(draft, text)
    if draft.better:
        fields["better"] = guarded(draft.better, "--better", skill=snag)
    if draft.source:
        fields["source"] = guarded(draft.source, "--source")
    if draft.topic:
        _no_secret(draft.topic, "--topic")
        fields["topic"] = slug(draft.topic)
    if draft.skill:
        _no_secret(draft.skill, "--skill")
        fields["skill"] = _name(draft.skill, "--skill")
    if draft.rule:
        _no_secret(draft.rule, "--rule")
        fields["rule"] = _ruling(inside(draft.rule, cwd, repo.top))
    if draft.again:
        from gitmem.loops.flag_history import flag_by_id

        fields["again"] = flag_by_id(repo, draft.again).id
    if draft.corrects:
        from gitmem.capture.correction import corrected_line

        line = corrected_line(repo, draft.corrects, lambda path: inside(path, cwd, repo.top))
        fields["corrects"] = guarded(line, "--corrects")
    if draft.paths:
        if len(draft.paths) > MOST_PATHS:
            raise Refused(
                f"{len(draft.paths)} paths are too many", hint=f"give at most {MOST_PATHS}"
            )
        for path in draft.paths:
            _no_secret(path, "--paths")
        paths = [inside(path, cwd, repo.top) for path in draft.paths]
        if draft.kind == "snag":
            _refuse_unfit(paths)
        fields["paths"] = paths
    return fields


def _body(draft: FlagDraft, headline: str) -> dict[str, object]:
    if not draft.body:
        return {}
    from gitmem.safety.body import clean_body  # only a flag with a body needs it

    return {"body": clean_body(draft.body, headline=headline)}


def guarded(text: str, what: str, *, skill: bool = False) -> str:
    """Return the cleaned text when no guard objects; ``skill``: it may become a line of a skill.

    Raises Refused for hidden or secret text, and for what is active whatever is put in backticks.
    """
    text = clean(text, what=what)
    active = find_refused(text, skill=skill)
    if active:
        reason, _, remedy = active.rstrip(".").partition(". ")
        raise Refused(f"{what}: {reason[0].lower()}{reason[1:]}", hint=remedy)
    _no_secret(text, what)
    return text


def _no_secret(text: str, what: str) -> None:
    """Raise Refused for text that looks like it holds a credential."""
    secret = find_secret(text)
    if secret:
        raise Refused(
            f"{what} looks like it holds a credential ({secret.rule}, {secret.head})",
            hint="say where the credential is kept, not what it is",
        )


def keep(
    repo: Repository,
    drafts: Sequence[Mapping[str, object]],
    *,
    session: Mapping[str, str],
    at: str,
    here: Repository | None = None,
) -> CaptureResult:
    """Make flags from `checked` fields, journal and publish them, all or none.

    ``session`` may hold ``session``, ``client``, ``trigger``; ``at`` is the time in UTC as a flag
    has it. ``here`` is the repository that the command was started in, where ``repo`` is the person's own memory.
    When it returns, the flags are durable in the journal, or in the spool where the git directory cannot be
    written; the person's own memory has no spool. Raises NotSaved, and for that memory Refused as
    `gitmem.capture.mine.refuse_strange` does.
    """
    own = repository.is_mine(repo)
    if own:
        from gitmem.capture import mine  # few flags are for the person's own memory

        mine.refuse_strange(repo.environ, session.get("session", ""), here)
    by = recorded_author(repo)
    branch, head = repository.head(repo)
    context = {"at": at, "by": by, "branch": branch, "head": head, **session}
    common, notes = around({name: _valid(value) for name, value in context.items()})
    common["tainted"] = tainted(repo, [session.get("session", "")])
    made = [
        flags.make({**common, **fields, "id": flags.new_id(os.urandom(flags.ID_LENGTH))})
        for fields in drafts
    ]
    try:
        captured = save(repo, made, by)
    except NotSaved as error:
        from gitmem.queue import spool  # hardly any flag meets a sandbox

        if own or not spool.takes(error):
            raise
        _spool(repo, made, error)
        return CaptureResult(made, "", notes, spooled=True)
    if here is not None:
        _note(here, session.get("session", ""), made)
    captured.notes = [*captured.notes, *notes]
    return captured


def around(context: Mapping[str, str]) -> tuple[dict[str, object], list[str]]:
    """Return what a flag says of its surroundings, and what is left out because a credential may be in it."""
    hidden = [name for name in _AROUND if find_secret(context.get(name, ""))]
    kept: dict[str, object] = {name: text for name, text in context.items() if name not in hidden}
    return kept, [f"{_AROUND[name]} {_LEFT_OUT}" for name in hidden]


def save(repo: Repository, made: Sequence[Flag], by: str, *, noted: bool = True) -> CaptureResult:
    """Journal and publish flags, all or none; ``by`` makes the commit. Raises NotSaved.

    ``noted``: their sessions are told that they flagged something.
    """
    journal = Journal(repo.folder)
    journal.append([flag.line for flag in made])
    for session in dict.fromkeys([flag.session for flag in made]) if noted else ():
        _note(repo, session, [flag for flag in made if flag.session == session])
    unsaid = _withheld(repo, made)
    captured = _published(repo, journal, by, made)
    captured.notes = [*unsaid, *captured.notes]
    return captured


def _spool(repo: Repository, made: Sequence[Flag], error: NotSaved) -> None:
    """Write flags into the spool. Raises NotSaved, with what to do in the client that this runs in."""
    from gitmem.clients import registry
    from gitmem.queue import spool

    try:
        spool.write(repo.folder, made)
    except NotSaved as refused:
        client = registry.find(clients.inside(repo.environ))
        alone = "run it as a command of its own: no pipe, no variable, nothing before it"
        hint = alone if client and client.alone else "run it where the git directory can be written"
        raise NotSaved(
            f"{error.message}, and {refused.message}", hint=refused.hint or hint
        ) from error


def _note(repo: Repository, session: str, made: Sequence[Flag]) -> None:
    """Note the flags in their session's file, so that a boot sees that it flagged something."""
    if not session:
        return
    from gitmem.session import session_file
    from gitmem.session.session import flag_line

    try:
        session_file.mark(repo.folder, session, [flag_line([flag.id for flag in made])])
    except OSError:
        return  # the flags are saved, and that is what counts


def _withheld(repo: Repository, made: Sequence[Flag]) -> list[str]:
    """Withhold the lines that these flags correct from showings; return a note where that failed."""
    correcting = [flag for flag in made if flag.corrects]
    if not correcting:
        return []
    from gitmem.queue import decisions

    try:
        for flag in correcting:
            decisions.add_correction(repo, flag.id, flag.corrects)
    except OSError as error:  # the flag is saved, and that is what counts
        return [f"the line is shown until the flag is drained: {error.strerror or error}"]
    return []


def _published(repo: Repository, journal: Journal, by: str, made: Sequence[Flag]) -> CaptureResult:
    """Publish. The flags are saved already, so nothing here may look as if they were not."""
    try:
        published = publisher.publish(repo, journal, by)
    except KeyboardInterrupt:
        return CaptureResult(made, "interrupted", ())
    except Exception as error:  # noqa: BLE001 - our bug, but not the flags' loss
        return CaptureResult(made, f"{type(error).__name__}: {error} (a bug in gitmem)", ())
    return CaptureResult(made, published.reason, published.notes)


def tainted(repo: Repository, sessions: Sequence[str]) -> bool:
    """Return whether untrusted text entered one of the sessions, or one around this process; never outside of one.

    Which session a variable names can be a repository's doing, so each that is named counts.
    """
    named = [one for one in dict.fromkeys([*sessions, *clients.sessions(repo.environ)]) if one]
    if not named:
        return False
    from gitmem.session import session_file

    return any(session_file.tainted(repo.folder, one) for one in named)


def inside(path: str, cwd: str, top: str) -> str:
    """Return a path as the repository names it, also when it leads there through a link.

    Raises Refused for one outside.
    """
    if "\0" in path:
        clean(path, what="path")  # refuses it; the system takes no such name
    whole = os.path.normpath(os.path.join(os.path.abspath(cwd), path))
    for place, root in ((whole, top), (os.path.realpath(whole), os.path.realpath(top))):
        if place == root or place.startswith(root.rstrip("/") + "/"):
            return clean(place[len(root) :].strip("/") or ".", what="path")
    raise Refused(f"{path[:80]!r} is not inside this repository")


def _refuse_unfit(paths: Sequence[str]) -> None:
    """Raise Refused for a path that no rule file could be for: such a snag would wait forever."""
    from gitmem.memory.globs import glob_of  # only a snag about paths needs it

    for path in paths:
        glob_of(path)


def _ruling(path: str) -> str:
    """Return a file that a rule may be written to, if it is there. Raises Refused for any other."""
    from gitmem.safety.paths import RULING, PathKind, writable  # only a snag with --rule needs it

    try:
        fits = writable(path) in RULING - {PathKind.GUARDS}
    except Refused:
        fits = False
    if not fits:
        raise Refused(
            f"{path[:80]!r} is not a file that gitmem writes rules to",
            hint="give CLAUDE.md, AGENTS.md, a skill's SKILL.md or a rule file of gitmem's own; "
            "--paths is for rules about files",
        )
    return path


def _name(name: str, what: str) -> str:
    if not name or len(name) > _MAX_NAME or name.strip(_NAME_LETTERS) or name.startswith("."):
        raise Refused(
            f"{name[:60]!r} is not a name for {what}", hint="give the skill's folder name"
        )
    return name


def _valid(text: str) -> str:
    """Text from git, the file system or a client that may hold what is no Unicode, made writable."""
    try:
        raw = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a pair, which JSON can say
        raw = text.encode("utf-8", "replace")
    return raw.decode("utf-8", "replace")
