"""A flag: one durable fact on one line (docs/data-model.md, "A flag") (pure, hot lane).

Hot lane: imports nothing beyond `gitmem.core.jsonline`.
"""

from __future__ import annotations

from gitmem.core.errors import Refused
from gitmem.core.jsonline import dumps, loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = 2
BODY_VERSION = 2  # of a flag with a body; every other flag is written as version 1
KINDS = ("fact", "decision", "gotcha", "preference", "pending", "snag")
ID_LENGTH = 12
ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"

_STRINGS = (
    "at", "by", "session", "client", "branch", "head", "topic", "better", "skill", "rule",
    "again", "corrects", "replaces", "source", "trigger",
)  # fmt: skip
FIELDS = ("v", "id", "kind", "text", "body", *_STRINGS[:-1], "paths", "trigger", "tainted")


class BadLine(ValueError):
    """A line that is no flag; ``flag_id`` is its id when at least that can be read."""

    def __init__(self, reason: str, flag_id: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.flag_id = flag_id


class Flag:
    """One flag. ``line`` is its JSON text exactly as it was captured; the rest are its fields.

    Absent strings are empty, absent ``paths`` is an empty tuple.
    """

    __slots__ = ("body", "id", "kind", "line", "paths", "tainted", "text", *_STRINGS)

    body: str
    id: str
    kind: str
    line: str
    text: str
    paths: tuple[str, ...]
    tainted: bool
    at: str
    by: str
    session: str
    client: str
    branch: str
    head: str
    topic: str
    better: str
    skill: str
    rule: str
    again: str
    corrects: str
    replaces: str
    source: str
    trigger: str

    def __init__(self, fields: Mapping[str, object], line: str) -> None:
        """Fields as `parse` has checked them, and the line they came from."""
        self.line = line
        self.id = fields["id"]  # type: ignore[assignment]
        self.kind = fields["kind"]  # type: ignore[assignment]
        self.text = fields["text"]  # type: ignore[assignment]
        get = fields.get
        # An unknown field of version 1, which any writer may have used for something else.
        self.body = get("body", "") if fields["v"] >= BODY_VERSION else ""  # type: ignore[assignment, operator]
        for name in _STRINGS:
            setattr(self, name, get(name, ""))
        self.paths = tuple(get("paths", ()))  # type: ignore[arg-type]
        self.tainted = get("tainted") is True

    def __eq__(self, other: object) -> bool:
        """Two flags are equal when their lines are."""
        return isinstance(other, Flag) and self.line == other.line

    def __hash__(self) -> int:
        """By identity of the flag."""
        return hash(self.id)

    def __repr__(self) -> str:
        """For test failures."""
        return f"Flag({self.line})"


def make(fields: Mapping[str, object]) -> Flag:
    """A flag from its fields (``id``, ``kind``, ``text`` and what is known), empty ones left out.

    The caller has checked text and topic; raises BadLine when the result would not read back.
    """
    present = {"v": BODY_VERSION if fields.get("body") else 1, **fields}
    ordered = {name: present[name] for name in FIELDS if present.get(name)}
    return parse(dumps(ordered))


def changed(flag: Flag, fields: Mapping[str, object]) -> Flag:
    """A flag with these fields, and all others as ``flag`` has them. Raises BadLine as `make` does."""
    kept = {name: getattr(flag, name) for name in FIELDS if name != "v"}
    return make({**kept, "paths": [*flag.paths], **fields})


def parse(line: str) -> Flag:
    """The flag on one line; raises BadLine with the reason.

    Fields this version does not know are kept in ``line`` and otherwise ignored.
    """
    try:
        fields = loads(line)
    except ValueError as error:
        raise BadLine(f"not a JSON line: {error}") from error
    if not isinstance(fields, dict):
        raise BadLine("not a JSON object")
    flag_id = str(fields.get("id"))
    if not is_id(fields.get("id")):
        raise BadLine("no id of twelve base32 characters")
    version = fields.get("v")
    if type(version) is not int or version < 1:
        raise BadLine("no version", flag_id)
    if version > VERSION:
        raise BadLine(f"written by a newer gitmem (version {version}): upgrade gitmem", flag_id)
    reason = _wrong(fields) or ("\\u" in line and _unwritable(fields)) or ""
    if reason:
        raise BadLine(reason, flag_id)
    return Flag(fields, line)


def is_id(value: object) -> bool:
    """Whether the value is twelve characters of the id alphabet."""
    return isinstance(value, str) and len(value) == ID_LENGTH and not value.strip(ID_ALPHABET)


def new_id(random: bytes) -> str:
    """An id from at least twelve random bytes (five bits of each are used)."""
    return "".join([ID_ALPHABET[byte & 31] for byte in random[:ID_LENGTH]])


def _wrong(fields: Mapping[str, object]) -> str:
    if fields.get("kind") not in KINDS:
        return f"unknown kind {str(fields.get('kind'))[:40]!r}"
    text = fields.get("text")
    if not isinstance(text, str) or not text:
        return "no text"
    if not text.isprintable() and [letter for letter in text if letter < " " or letter == "\x7f"]:
        return "text has a control character or a line break"
    for name in _STRINGS:
        if name in fields and not isinstance(fields[name], str):
            return f"{name} is not a string"
    paths = fields.get("paths", [])
    if not isinstance(paths, list) or [path for path in paths if not isinstance(path, str)]:
        return "paths is not a list of strings"
    return _wrong_body(fields) if "body" in fields and fields["v"] != 1 else ""


def _wrong_body(fields: Mapping[str, object]) -> str:
    """Of several lines, which may be indented with tabs; of a snag, whose rule has no place for it, none."""
    body = fields["body"]
    if fields["kind"] == "snag":
        return "a snag has no body"
    if not isinstance(body, str) or not body:
        return "body is not a text"
    plain = body.replace("\n", "").replace("\t", "")
    if not plain.isprintable() and [char for char in plain if char < " " or char == "\x7f"]:
        return "body has a control character"
    return ""


def _unwritable(fields: Mapping[str, object]) -> str:
    """A lone surrogate, legal as a JSON escape, could never be written as UTF-8 again."""
    try:
        dumps(dict(fields)).encode()
    except UnicodeEncodeError:
        return "not valid Unicode"
    return ""


_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_MAX = 40
# Names that mean something else in the memory folder, to a client, or to Windows.
_TAKEN = frozenset(
    ["memory", "pending", "readme", "claude", "agents", "con", "prn", "aux", "nul"]
    + [f"{device}{number}" for device in ("com", "lpt") for number in range(1, 10)]
)


def slug(raw: str) -> str:
    """A topic's file name without its ending: lower case, blanks and underscores to dashes.

    At most 40 of ``a-z0-9-``, no dash at either end. Raises Refused with what is allowed.
    """
    name = "-".join(raw.replace("_", " ").lower().split())
    if not name or len(name) > _MAX or name.strip(_LETTERS + "-") or name.strip("-") != name:
        raise Refused(
            f"{raw[:60]!r} cannot name a topic",
            hint="use up to 40 letters from a to z, digits and dashes, such as build-system",
        )
    if name in _TAKEN:
        raise Refused(f"the topic name {name} is reserved", hint="choose another word")
    return name
