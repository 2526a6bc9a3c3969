"""The review commit's message: complete for the reviewer, and not to be forged."""

from __future__ import annotations

from dataclasses import replace
from unicodedata import normalize

from hypothesis import given
from hypothesis import strategies as st

from gitmem.close.message import MessageParts, message
from gitmem.core.flag import Flag, make
from gitmem.drain.gate import QueuedFlag
from gitmem.records.drain_record import Fate, Outcome, Run
from gitmem.safety.text import find_hidden

TREE = "f" * 40


def flag(letter: str, **fields: object) -> Flag:
    return make({"id": letter * 12, "kind": "fact", "text": f"text of {letter}", **fields})


def letter(*outcomes: Outcome, left: tuple[QueuedFlag, ...] = (), run: Run | None = None) -> str:
    return message(
        MessageParts(run=run or Run(engine="verbatim"), outcomes=outcomes, left=left),
        "d1",
        TREE,
    )


def test_every_line_says_where_it_comes_from_and_what_was_left_says_why() -> None:
    tainted = flag("a", by="A <a@x>", session="0123456789", tainted=True)
    reworded = flag("b", by="B <b@x>")

    said = letter(
        Outcome(flag=tainted, fate=Fate.ADDED, file="memory/b.md", line="text of a"),
        Outcome(flag=reworded, fate=Fate.ADDED, file="memory/a.md", line="in other words"),
        Outcome(flag=flag("c"), fate=Fate.DUPLICATE, survivor="a" * 12),
        Outcome(flag=flag("d"), fate=Fate.SKIPPED, reason="not true"),
        left=(QueuedFlag(id="e" * 12, reason="hidden text"),),
    )

    assert said == (
        "memory: file 3 flags, skip 1\n\n"
        "Engine: verbatim. Every line is the flag as written; nothing was judged.\n\n"
        "memory/a.md\n- in other words\n  (bbbbbbbbbbbb, fact, B <b@x>, reworded)\n\n"
        "memory/b.md\n- text of a\n"
        "  (aaaaaaaaaaaa, fact, A <a@x>, session 01234567, verbatim, tainted)\n\n"
        "Folded into what is there already:\n- cccccccccccc: text of c\n"
        "  (same as aaaaaaaaaaaa)\n\n"
        "Skipped:\n- dddddddddddd: text of d\n  (not true)\n\n"
        "Left in the queue:\n- eeeeeeeeeeee: hidden text\n\n"
        f"Gitmem-Drain: d1\nGitmem-Tree: {TREE}\n"
    )


def test_a_model_is_named_and_not_called_verbatim() -> None:
    said = letter(
        Outcome(flag=flag("a"), fate=Fate.SKIPPED, reason="x"), run=Run(engine="e", model="m-1")
    )

    assert said.startswith("memory: skip 1\n\nEngine: e, model m-1.\n")


@given(text=st.text(max_size=40), by=st.text(max_size=40))
def test_nothing_that_others_wrote_hides_or_becomes_a_line_of_its_own(text: str, by: str) -> None:
    fields = {
        "by": by.encode("utf-8", "replace").decode(),
        "session": text.encode("utf-8", "replace").decode(),
    }
    one = flag("a", **{key: value for key, value in fields.items() if value})
    said = letter(
        Outcome(flag=one, fate=Fate.ADDED, file="memory/a.md", line="a", reason=text),
        Outcome(flag=one, fate=Fate.SKIPPED, reason=text),
        Outcome(flag=one, fate=Fate.DUPLICATE, survivor=text),
        left=(QueuedFlag(id="b" * 12, reason=text),),
    )

    rows = said.split("\n")
    assert rows[-3:] == ["Gitmem-Drain: d1", f"Gitmem-Tree: {TREE}", ""]
    assert [row for row in rows if row.startswith(("Gitmem-", "::", "##["))] == rows[-3:-1]
    # Normal form is not about what a reader sees.
    composed = [normalize("NFC", row.strip()) for row in rows]
    assert not [row for row in composed if row and find_hidden(row)]
    assert "\r" not in said


def many(number: int) -> list[Outcome]:
    """Flags of a large close in three files; every tenth is skipped, for one of two reasons."""
    outcomes = []
    for at in range(number):
        key = "".join("abcdefghij"[int(digit)] for digit in f"{at:012d}")
        one = make({"id": key, "kind": "fact", "text": f"fact {at}", "tainted": at == 1})
        outcomes.append(
            Outcome(flag=one, fate=Fate.SKIPPED, reason=f"reason {at % 20}")
            if at % 10 == 0
            else Outcome(flag=one, fate=Fate.ADDED, file=f"memory/t{at % 3}.md", line=f"fact {at}")
        )
    return outcomes


def test_five_hundred_flags_make_a_message_that_a_person_reads() -> None:
    left = tuple(QueuedFlag(id=one * 12, reason=f"why {one}") for one in "abcdefg")

    said = letter(*many(500), left=left)

    assert said == (
        "memory: file 450 flags, skip 50\n\n"
        "Engine: verbatim. Every line is the flag as written; nothing was judged.\n\n"
        "Flags by file:\n"
        "- memory/t0.md: 150 flags\n"
        "- memory/t1.md: 150 flags (1 tainted)\n"
        "- memory/t2.md: 150 flags\n\n"
        "Skipped:\n- 25 flags: reason 0\n- 25 flags: reason 10\n\n"
        "Left in the queue:\n"
        + "".join(f"- {one * 12}: why {one}\n" for one in "abcd")
        + "- 3 more flags, for other reasons\n\n"
        "Each flag, with its line, author and reason, is in the record that this commit adds:\n"
        ".gitmem/drains/d1.jsonl\n\n"
        f"Gitmem-Drain: d1\nGitmem-Tree: {TREE}\n"
    )


def test_whatever_a_large_close_holds_its_message_is_bounded() -> None:
    outcomes = [
        replace(one, file=f"memory/t{at}x.md" if one.file else "", reason="long " * 40 + str(at))
        for at, one in enumerate(many(300))
    ]
    folded = [replace(one, fate=Fate.DUPLICATE, file="", survivor="x") for one in many(50)]
    said = message(
        MessageParts(
            run=Run(engine="e", model="m"),
            outcomes=[*outcomes, *folded],
            left=[QueuedFlag(id="a" * 12, reason="y" * 900 + str(at)) for at in range(90)],
            recurred=["third time " * 30] * 9,
            stale=["cites " * 30] * 40,
        ),
        "d1",
        TREE,
    )

    rows = said.split("\n")
    assert len(rows) <= 48
    assert max(map(len, rows)) <= 120
    assert "- 258 more files: 258 flags (1 tainted)" in rows
    assert "Folded into what is there already: 50 flags" in rows
    assert "Cites what is not there: 40 lines (gitmem check --stale)" in rows
    assert "- and 6 more: gitmem loops" in rows


def test_a_message_of_at_most_forty_lines_has_every_line_with_its_origin() -> None:
    filed = [one for one in many(99) if one.file == "memory/t1.md"]

    assert "- fact 1\n  (aaaaaaaaaaab, fact, verbatim, tainted)\n" in letter(*filed[:18])
    assert "- memory/t1.md: 19 flags (1 tainted)\n" in letter(*filed[:19])
