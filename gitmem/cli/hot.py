"""Run `flag` and `snag` without a command line library (hot lane)."""

from __future__ import annotations

import os
import time

from gitmem.cli import folder, streams
from gitmem.cli.arguments import Arguments, parse
from gitmem.clients import registry
from gitmem.core.errors import GitmemError, NoRepository, NotSaved, Refused, UsageError
from gitmem.core.flag import KINDS
from gitmem.core.jsonline import dumps
from gitmem.git import local, repository
from gitmem.safety.secrets import redacted
from gitmem.safety.text import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.capture.capture import CaptureResult, FlagDraft
    from gitmem.git.repository import Repository

_MARKERS = ("-", "*", "+", "•")
_USAGE = {
    "flag": "put the text in single quotes: gitmem flag 'what is durable', "
    "or pipe lines into: gitmem flag -",
    "snag": "say both in single quotes: gitmem snag 'what snagged' --better 'the better path'",
}
_WORD = 16  # letters of a kind that is repeated
_MAX_LINES = 1000  # of one `flag -`: a commit message holds a trailer for each


def run(argv: Sequence[str]) -> int:
    """Run one hot command; return the exit code."""
    given: list[str] = []
    try:
        return _capture(argv[0], argv[1:], given)
    except GitmemError as error:
        return _failed(error, given)
    except KeyboardInterrupt:
        _give_back("interrupted", given)
        return 130
    except OSError as error:  # the working folder is gone, say
        _give_back(error.strerror or str(error), given)
        return NotSaved.exit_code
    except Exception as error:  # noqa: BLE001 - the edge: whatever happened, the text is given back
        _give_back(f"{type(error).__name__}: {error} (a bug in gitmem)", given)
        return 70


def _capture(command: str, argv: Sequence[str], given: list[str]) -> int:
    arguments = parse(command, argv)
    texts = _texts(command, arguments)
    given.extend(_told(texts, arguments))
    drafts = [_draft(command, text, body, arguments) for text, body in texts]
    from gitmem.capture import capture

    own = folder.is_mine() or "--mine" in arguments.switches
    if own:
        _refuse_unfit(arguments)
        folder.work_in_mine()
    cwd = folder.working()
    repo = repository.discover(cwd, os.environ)
    checked = []
    for number, draft in enumerate(drafts, 1):
        try:
            checked.append(capture.checked(draft, cwd=cwd, repo=repo))
        except Refused as refused:
            place = "flag" if "--bodies" in arguments.switches else "line"
            where = f"{place} {number}: " if len(drafts) > 1 else ""
            raise Refused(where + refused.message, hint=refused.hint) from refused
    as_json = "--json" in arguments.switches
    session = registry.session(os.environ)
    here = _around() if own else None
    if "--dry-run" in arguments.switches:
        if repository.is_mine(repo):
            from gitmem.capture import mine

            mine.refuse_strange(os.environ, session.get("session", ""), here)
        for fields in checked:
            plain = f"would flag ({fields['kind']}) {visible(str(fields['text']))}"
            streams.out(dumps({"would": fields}) if as_json else plain)
            if "body" in fields and not as_json:
                streams.out(_body_said(str(fields["body"])))
        return 0
    now = time.time()
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
    if local.changed(repo.folder + "/spool"):  # what was flagged before comes before
        _save_spooled(repo, now, session.get("session", ""))
    captured = capture.keep(repo, checked, session=session, at=at, here=here)
    _report(captured, as_json=as_json)
    _say_where_it_goes(captured, repo)
    return 0


def _refuse_unfit(arguments: Arguments) -> None:
    """Raise UsageError for an option that is about a repository."""
    for name in ("--paths", "--corrects"):
        if name in arguments.values or name in arguments.lists:
            raise UsageError(
                f"gitmem flag: {name} is about a repository, and --mine about you in all of them",
                hint=f"leave out {name}, or --mine",
            )
    if arguments.value("--kind") == "pending":
        raise UsageError(
            "gitmem flag: an open item belongs to a repository, and --mine is about you in all of them",
            hint="leave out --mine",
        )


def _around() -> Repository | None:
    """Return the repository that this process stands in, beside the person's own memory."""
    try:
        return repository.discover(folder.standing(), os.environ)
    except NoRepository:
        return None


def _save_spooled(repo: Repository, now: float, session: str) -> None:
    from gitmem.capture import spooled

    done = spooled.save(repo, now=now, session=session)
    # In the sandbox nothing of it can be saved, and `flag` says so of its own.
    for sentence in done.sentences() if done.flags or done.refused else ():
        streams.err("gitmem: " + visible(sentence))


def _texts(command: str, arguments: Arguments) -> list[tuple[str, str]]:
    """Return the texts to keep, each with its body: the one argument, or the lines of stdin for `-`."""
    if len(arguments.positionals) != 1:
        word = "nothing to keep" if not arguments.positionals else "more than one text"
        raise UsageError(f"gitmem {command}: {word}", hint=_USAGE[command])
    text = arguments.positionals[0]
    if text == "-" and command == "snag":
        raise UsageError("gitmem snag: it reads no standard input", hint=_USAGE[command])
    if text == "-" and arguments.value("--corrects"):
        raise UsageError("gitmem flag -: --corrects takes one text, not lines of standard input")
    if "--body" in arguments.values or "--bodies" in arguments.switches:
        return _bodied(text, arguments)
    if text != "-" or command != "flag":
        return [(text, "")]
    # Only \n and \r\n end a line here: whatever else looks like a line break is refused later.
    lines = streams.read().decode("utf-8", "surrogateescape").split("\n")
    texts = [(_without_marker(line.strip(" \t\r")), "") for line in lines if line.strip(" \t\r")]
    if not texts:
        raise UsageError("gitmem flag -: no line on standard input")
    _refuse_many(texts)
    return texts


def _bodied(text: str, arguments: Arguments) -> list[tuple[str, str]]:
    from gitmem.cli.bodies import one_body, with_bodies  # only a flag with a body needs them

    if "--bodies" not in arguments.switches:
        return [(text, one_body(text, arguments.values["--body"]))]
    if "--body" in arguments.values:
        raise UsageError("gitmem flag: --body and --bodies exclude each other")
    texts = with_bodies(text, _without_marker)
    _refuse_many(texts)
    return texts


def _refuse_many(texts: Sequence[tuple[str, str]]) -> None:
    if len(texts) > _MAX_LINES:
        raise Refused(f"{len(texts)} lines at once are too many", hint=f"at most {_MAX_LINES}")


def _without_marker(line: str) -> str:
    """Return a line of a Markdown list without its marker: models pipe lists, and a flag is filed as one."""
    mark, blank, rest = line.partition(" ")
    listed = mark in _MARKERS or (mark[-1:] in (".", ")") and mark[:-1].isdigit())
    return rest.strip() if listed and blank and rest.strip() else line


def _told(texts: Sequence[tuple[str, str]], arguments: Arguments) -> list[str]:
    """Return everything a caller said, to be given back when it could not be saved."""
    said = []
    for text, body in texts:
        said.append(text)
        said += ["  " + row for row in body.split("\n")] if body else []
    named = [pair for pair in arguments.values.items() if pair[0] != "--body"]
    named += [(name, value) for name, values in arguments.lists.items() for value in values]
    return [*said, *[f"{name} {value}" for name, value in named]]


def _say_where_it_goes(captured: CaptureResult, repo: Repository) -> None:
    """Warn of a skill that is not there, and of a topic in another spelling: a review would show it late."""
    top = repo.top
    for topic in dict.fromkeys([flag.topic for flag in captured.flags if flag.topic]):
        from gitmem.records import topic_list  # only a flag with a topic needs it

        there = topic_list.near(repo, topic)
        if there:
            streams.err(
                f"gitmem: topic {topic} is new, and {there} is there already; is it the same?"
            )
    for flag in captured.flags:
        folders = [f"{top}/{folder}/skills/{flag.skill}" for folder in (".claude", ".agents")]
        if flag.skill and not any(os.path.exists(path + "/SKILL.md") for path in folders):
            streams.err(
                f"gitmem: there is no skill named {visible(flag.skill)} here; until there is one, "
                "it waits in the queue"
            )


def _draft(command: str, text: str, body: str, arguments: Arguments) -> FlagDraft:
    from gitmem.capture.capture import FlagDraft

    kind = "snag" if command == "snag" else arguments.value("--kind") or "fact"
    if command == "snag" and not arguments.value("--better"):
        raise UsageError("gitmem snag: --better is missing", hint=_USAGE[command])
    if command == "snag" and arguments.value("--skill") and arguments.value("--rule"):
        raise UsageError("gitmem snag: --skill and --rule exclude each other")
    if command == "flag" and kind == "snag":
        raise UsageError("gitmem flag: a snag has a better path", hint=_USAGE["snag"])
    if kind not in KINDS:
        raise UsageError(
            f"gitmem {command}: unknown kind{_repeated(kind)}",
            hint="one of " + ", ".join([known for known in KINDS if known != "snag"]),
        )
    if arguments.value("--corrects") and kind == "pending":
        raise UsageError(
            "gitmem flag: an open item corrects no line of memory",
            hint="flag what is right instead, without --kind pending",
        )
    return FlagDraft(
        text,
        body=body,
        kind=kind,
        topic=arguments.value("--topic"),
        source=arguments.value("--source"),
        paths=arguments.lists.get("--paths", ()),
        better=arguments.value("--better"),
        skill=arguments.value("--skill"),
        rule=arguments.value("--rule"),
        again=arguments.value("--again"),
        corrects=arguments.value("--corrects"),
    )


def _repeated(kind: str) -> str:
    """Return an unknown kind to repeat, if it is a word; anything else could be a password."""
    return f" {kind}" if kind.isascii() and kind.isalpha() and len(kind) <= _WORD else ""


def _report(captured: CaptureResult, *, as_json: bool) -> None:
    from gitmem.capture import capture

    saved = "spool" if captured.spooled else "journal" if captured.reason else "queue"
    for flag in captured.flags:
        if as_json:
            fields: dict[str, object] = {"id": flag.id, "saved": saved}
            if flag.corrects:
                fields["corrects"] = flag.corrects
            if flag.body:
                fields["body"] = len(flag.body)
            streams.out(dumps(fields))
            continue
        streams.out(capture.sentence(flag))
        if flag.body:
            streams.out(_body_said(flag.body))
        if flag.corrects:
            streams.out(f"corrects {visible(flag.corrects)}")
            streams.out("hooks of this clone do not show that line until the flag is drained")
    if captured.spooled and not as_json:
        streams.out(capture.SPOOLED)
    for note in captured.notes:
        streams.err("gitmem: " + visible(note))
    if captured.reason:
        streams.err(
            f"gitmem: {capture.JOURNALED}: {visible(captured.reason)}"
            "\nhint: nothing to do, the next gitmem command publishes it"
        )


def _body_said(body: str) -> str:
    from gitmem.core import quantities

    lines = quantities.count(body.count("\n") + 1, "line")
    return f"with a body of {lines}, {quantities.count(len(body), 'character')}"


def _failed(error: GitmemError, given: Sequence[str]) -> int:
    if isinstance(error, UsageError):
        streams.err(_told_back(error.message))
    elif isinstance(error, Refused):
        streams.err("refused, nothing was saved: " + _told_back(error.message))
    else:
        _give_back(error.message, given)
    if error.hint:
        streams.err("hint: " + _told_back(error.hint))
    if isinstance(error, UsageError | Refused):
        return error.exit_code
    return NotSaved.exit_code


def _told_back(message: str) -> str:
    """Return a message on one line, escaped, and without a credential that it would repeat."""
    return visible(redacted(" ".join(message.splitlines())))


def _give_back(reason: str, given: Sequence[str]) -> None:
    streams.err("NOT SAVED: " + _told_back(reason))
    for text in given:
        streams.err("  " + visible(text))
