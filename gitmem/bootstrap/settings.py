"""Read and write the shared settings, `.gitmem/config.yaml`; the only importer of ruamel.yaml.

The file comes with a clone, so it may be hostile. It is YAML 1.2 without tags; size, depth, names and
values are limited to what is expected. It cannot choose an engine, a host or a command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitmem.check.terms import STRICT, Policy, Scope
from gitmem.core.bounds import BUDGET, LARGEST_BUDGET
from gitmem.core.errors import Refused
from gitmem.core.failures import Internal, NeedsPerson
from gitmem.git.repository import SETTINGS_LONGEST
from gitmem.records.commit_style import NARROWEST, PLAIN, WHAT, CommitStyle
from gitmem.safety.paths import memory_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

NAME = ".gitmem/config.yaml"
VERSION = 1
DEEPEST = 50
_BUDGET = "memory.budget"
_KEYS = {
    "version": int, "target": str, "memory": str, _BUDGET: int, "check": dict, "commit": dict,
}  # fmt: skip
_CHECK_KEYS = {"scope": str, "max_age": int, "max_flags": int, "allow_in_review": bool}
_COMMIT_KEYS = {"subject": str, "width": int}
_LONGEST_SUBJECT = 100  # characters
_WANTED = {
    int: "a whole number",
    str: "a string",
    bool: "true or false",
    dict: "names and values, one below the other",
}
# Settings that people look for here; each is personal.
_PERSONAL = frozenset({
    "api_key", "auto", "auto_close", "autoclose", "base_url", "command", "endpoint", "engine", "host",
    "key", "model", "models", "provider", "token", "url", "workers",
})  # fmt: skip
# What git refuses in a branch name (git-check-ref-format(1)), besides the rules on its parts.
_NOT_IN_A_BRANCH = frozenset(" ~^:?*[\\\x7f") | {chr(code) for code in range(32)}


class SharedSettings(NamedTuple):
    """The settings that everyone in the repository shares.

    ``target`` is the branch (short name) that memory lands on, None when none is fixed;
    ``folder`` the memory folder at the top of the repository, ``budget`` the bytes of it that the
    index imports (`gitmem.memory.imports`), ``check`` what may wait in CI,
    ``commit`` how the commits that gitmem proposes are written.
    """

    target: str | None
    folder: str = "memory"
    budget: int = BUDGET
    check: Policy = STRICT
    commit: CommitStyle = PLAIN
    version: int = VERSION


def read_shared(text: str | None) -> SharedSettings:
    """Return the settings in the text of `.gitmem/config.yaml`; the defaults without a text.

    Raises NeedsPerson, naming the file and the key, for anything unexpected.
    """
    return judged(parsed(text or ""))


def judged(values: Mapping[object, object]) -> SharedSettings:
    """Return the settings with these values, as `parsed` gives them. Raises as `read_shared` does."""
    for key, value in values.items():
        _check(key, value)
    if values.get("version", VERSION) != VERSION:
        raise _wrong(
            f"version {values['version']} is not known; this gitmem reads version {VERSION}",
            hint="a newer gitmem wrote it; upgrade gitmem-cli",
        )
    target = values.get("target")
    if target is not None and not _names_a_branch(str(target)):
        raise _wrong(f"target: {target!r} is not a branch name")
    return SharedSettings(
        target=None if target is None else str(target),
        folder=_folder(str(values.get("memory", "memory"))),
        budget=_bytes(values.get(_BUDGET, BUDGET)),
        check=_policy(values.get("check", {})),
        commit=_style(values.get("commit", {})),
    )


def render_shared(existing: str | None, settings: SharedSettings, template: str) -> str:
    """Return the text of `.gitmem/config.yaml` with these settings.

    ``existing`` keeps its comments and order, and every byte if it already has these settings.
    Without it, or if it holds only comments, the template is filled in. Raises as `read_shared` does,
    for ``existing`` and for the settings.
    """
    if existing is None or not parsed(existing):
        text = _comments(existing or "") + template
    elif read_shared(existing) == settings:
        return existing
    else:
        text = existing
    rendered = _set(text, settings)
    if read_shared(rendered) != settings:
        raise Internal(f"{NAME} would not read back as written")
    return rendered


def _comments(text: str) -> str:
    """Return a text that holds only comments, ready for more lines; else empty."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    commented = all(line.startswith("#") for line in lines)
    return "".join(line + "\n" for line in lines) if commented else ""


def _set(text: str, settings: SharedSettings) -> str:
    from io import StringIO

    from ruamel.yaml import YAML

    yaml = YAML(typ="rt", pure=True)
    yaml.preserve_quotes = True
    yaml.width = 4096
    document = yaml.load(text)
    now = read_shared(text)
    document.setdefault("version", settings.version)
    if now.target != settings.target:
        document["target"] = settings.target
    if now.folder != settings.folder:
        document["memory"] = settings.folder
    if now.budget != settings.budget:
        document[_BUDGET] = settings.budget
    if now.check != settings.check:
        document["check"] = {key: getattr(settings.check, key) for key in _CHECK_KEYS}
        document["check"]["scope"] = settings.check.scope.value
        for key in [key for key, value in document["check"].items() if value is None]:
            del document["check"][key]
    if now.commit != settings.commit:
        document["commit"] = {key: getattr(settings.commit, key) for key in _COMMIT_KEYS}
    out = StringIO()
    yaml.dump(document, out)
    return out.getvalue()


def parsed(text: str) -> Mapping[object, object]:
    """Return the top-level mapping of a text; empty for an empty file. Raises as `read_shared` does."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    if len(text.encode("utf-8", "surrogatepass")) > SETTINGS_LONGEST:
        raise _wrong(f"it is longer than {SETTINGS_LONGEST:,} bytes")
    try:
        _check_events(text)
        values = YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        raise _wrong(where + (error.problem or error.context or "not YAML")) from error
    except (YAMLError, ValueError) as error:
        raise _wrong("it is not YAML 1.2") from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise _wrong("names and values are expected at the top")
    return values


def _check_events(text: str) -> None:
    """Refuse what could hurt a loader, before anything is built from it."""
    from ruamel.yaml import YAML
    from ruamel.yaml.events import (
        CollectionEndEvent,
        CollectionStartEvent,
        NodeEvent,
    )

    depth = 0
    for event in YAML(typ="safe", pure=True).parse(text):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > DEEPEST:
            raise _wrong(f"it is nested more than {DEEPEST} levels deep")
        if isinstance(event, NodeEvent) and event.anchor:
            raise _wrong("anchors and aliases are not used here")
        if getattr(event, "tag", None):
            raise _wrong("tags are not used here")


def _part(name: str, values: object, keys: Mapping[str, type]) -> dict[object, Any]:
    """Return one part of the settings; every key is optional."""
    part: dict[object, Any] = dict(values) if isinstance(values, dict) else {}
    for key, value in part.items():
        if not isinstance(key, str) or key not in keys:
            raise _wrong(f"{name}: {key!r} is not a setting; there are {', '.join(keys)}")
        if type(value) is not keys[key]:
            raise _wrong(f"{name}: {key} must be {_WANTED[keys[key]]}")
        if type(value) is int and value < 0:
            raise _wrong(f"{name}: {key} must not be less than 0")
    return part


def _style(values: object) -> CommitStyle:
    """Return the part ``commit``."""
    part = _part("commit", values, _COMMIT_KEYS)
    subject, width = part.get("subject", PLAIN.subject), part.get("width", PLAIN.width)
    if subject.count(WHAT) != 1 or len(subject) > _LONGEST_SUBJECT or not subject.isprintable():
        raise _wrong(
            f"commit: subject must be one line with {WHAT} in it, of at most "
            f"{_LONGEST_SUBJECT} characters",
            hint=f'such as `subject: "chore(memory): {WHAT}"`',
        )
    if 0 < width < NARROWEST:
        raise _wrong(f"commit: width must be 0 (any) or at least {NARROWEST}")
    return CommitStyle(subject=subject, width=width)


def _bytes(value: object) -> int:
    """The budget of what is imported."""
    if type(value) is not int or not 0 <= value <= LARGEST_BUDGET:
        raise _wrong(
            f"{_BUDGET} must be 0 to {LARGEST_BUDGET:,}",
            hint="it is the bytes of memory that every session loads; 0 loads none",
        )
    return value


def _policy(values: object) -> Policy:
    """Return the part ``check``."""
    part = _part("check", values, _CHECK_KEYS)
    if part.get("scope", "auto") not in list(Scope):
        raise _wrong(f"check: scope must be one of {', '.join(Scope)}")
    return Policy(
        scope=Scope(part.get("scope", "auto")),
        max_age=part.get("max_age"),
        max_flags=part.get("max_flags"),
        allow_in_review=part.get("allow_in_review", False),
    )


def _check(key: object, value: object) -> None:
    if not isinstance(key, str) or key not in _KEYS:
        name = str(key)
        if name.replace("-", "_").lower() in _PERSONAL:
            raise _wrong(
                f"{name!r} is a personal setting and cannot be shared",
                hint=f"personal settings live in `git config gitmem.{name}`",
            )
        raise _wrong(f"{name!r} is not a setting; there are {', '.join(_KEYS)}")
    if value is None and key in {"target", "check", "commit"}:
        return
    if type(value) is not _KEYS[key]:
        raise _wrong(
            f"{key} must be {_WANTED[_KEYS[key]]}",
            hint="put quotes around a name that looks like another type",
        )


def _folder(name: str) -> str:
    try:
        return memory_folder(name)
    except Refused as refused:
        raise _wrong(f"memory: {refused.message}", hint=refused.hint) from refused


def _names_a_branch(name: str) -> bool:
    """Return whether git takes it as a branch name and it is not one of gitmem's own."""
    parts = name.split("/")
    return (
        name not in ("", "@", "HEAD")
        and not name.startswith(("-", "refs/", "gitmem/"))
        and not name.endswith(".")
        and ".." not in name
        and "@{" not in name
        and not _NOT_IN_A_BRANCH.intersection(name)
        and all(part and part[0] != "." and not part.endswith(".lock") for part in parts)
    )


def _wrong(what: str, *, hint: str = "") -> NeedsPerson:
    return NeedsPerson(f"{NAME}: {what}", hint=hint or "correct it by hand")
