"""Requests, and whatever a hostile engine may answer to them, for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from gitmem.core.flag import Flag, make
from gitmem.drain.plan import Op, Operation, Request, Work
from gitmem.memory.tree import MemoryLine

FOLDER = "memory"
TEXTS = {
    "memory/facts.md": "# Facts\n\n- known\n- also known\n",
    "memory/ci.md": "---\nname: ci\ndescription: CI\n---\n\n- of ci\n\nprose\n",
    "memory/PENDING.md": "# Pending\n\n- [ ] open\n- [x] done\n",
    "CLAUDE.md": "# Mine\n",
    ".claude/skills/ship/SKILL.md": "---\nname: ship\n---\n\n# Ship\n\nDo it.\n",
    "README.md": "# A project\n",
}
KNOWN = ["known", "also known", "of ci", "open"]
IDS = ["a" * 11 + letter for letter in "abcdefgh"]

_FILES = [
    *TEXTS, "memory/new.md", "memory/MEMORY.md", "memory/../CLAUDE.md", "/etc/passwd", "", "memory/",
    ".claude/settings.json", ".gitmem/drains/x.jsonl", ".git/config", "AGENTS.md", "memory/NEW.md",
    ".claude/skills/none/SKILL.md", "memory/a/b.md", "memory/x\u202e.md",
]  # fmt: skip
_LINES = [
    "a new line", "known", "also  known.", "open", "", " ", " blanks ", "two\nlines", "run !`id`",
    "right\u202eleft", "<!-- hidden -->", "x" * 1001, "@~/.ssh/id_rsa", "```", "- a", "# h", "[ ] box",
    "another line", "=======", "caf\u00e9", "cafe\u0301",
]  # fmt: skip

_REPLACED = [
    *(
        MemoryLine(file=file, text=text)
        for file in ("memory/facts.md", "memory/ci.md", "memory/PENDING.md", "CLAUDE.md")
        for text in [*KNOWN, "zzz"]
    ),
]


def flags(count: int, kind: str = "fact") -> tuple[Flag, ...]:
    fields = {"better": "a better path"} if kind == "snag" else {}
    return tuple(
        make({"id": flag_id, "kind": kind, "text": f"text {number}", **fields})
        for number, flag_id in enumerate(IDS[:count])
    )


def operations() -> st.SearchStrategy[list[Operation]]:
    one = st.builds(
        Operation,
        op=st.sampled_from(Op),
        flags=st.lists(st.sampled_from([*IDS, "zzz", ""]), max_size=3).map(tuple),
        file=st.sampled_from(_FILES),
        text=st.sampled_from(_LINES),
        survivor=st.sampled_from([*IDS, *KNOWN, *_LINES, "zzz"]),
        replaced=st.lists(st.sampled_from(_REPLACED), max_size=3, unique=True).map(tuple),
        topic=st.sampled_from(["", "ci", "new", "../x"]),
        about=st.sampled_from(["", "About CI."]),
        reason=st.sampled_from(["", "because", "\u202e", "two\nlines"]),
    )
    return st.lists(one, max_size=10)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    work = draw(st.sampled_from(Work))
    kind = {Work.MEMORY: "fact", Work.PENDING: "pending", Work.RULES: "snag"}[work]
    existing = [
        MemoryLine(file=file, text=text)
        for file, text in zip(
            ["memory/facts.md"] * 2 + ["memory/ci.md", "memory/PENDING.md"], KNOWN, strict=True
        )
    ]
    files = {
        Work.MEMORY: ("memory/ci.md", "memory/facts.md", "memory/new.md"),
        Work.PENDING: ("memory/PENDING.md",),
        Work.RULES: draw(
            st.sampled_from([("CLAUDE.md",), (".claude/skills/ship/SKILL.md",), ("AGENTS.md",)])
        ),
    }[work]
    pending = work is Work.PENDING
    return Request(
        work=work,
        flags=flags(draw(st.integers(0, len(IDS))), kind),
        files=files,
        existing=tuple(line for line in existing if (line.file == "memory/PENDING.md") == pending),
    )
