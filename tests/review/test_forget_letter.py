"""The message of a forget: complete while it is short, and counted where it is not."""

from __future__ import annotations

from gitmem.core.flag import make
from gitmem.markdown.blocks import blocks
from gitmem.memory.passages import passages
from gitmem.records.drain_record import Fate, Outcome
from gitmem.review.removal import Removal, message


def letter(number: int) -> str:
    gone = [
        Outcome(
            flag=make({"id": "a" * 11 + "abcdefgh"[at % 8], "kind": "fact", "text": f"fact {at}"}),
            fate=Fate.FORGOTTEN,
            reason="moved away",
        )
        for at in range(number)
    ]
    text = "# Facts\n\n" + "".join(f"- fact {at}\n" for at in range(number))
    assert blocks(text)
    items = [one for one in passages(text) if one.text.startswith("fact")]
    taken = [Removal(file="memory/facts.md", item=one) for one in items]
    return message(("d1", "f" * 40), gone, taken, 0)


def test_a_short_forget_names_every_flag_and_line() -> None:
    said = letter(2)

    assert "Forgotten:\n- aaaaaaaaaaaa: fact 0\n  (moved away)\n" in said
    assert "Taken out of memory/facts.md:\n- fact 0\n- fact 1\n" in said


def test_a_long_forget_counts_them_and_names_the_record() -> None:
    assert letter(60) == (
        "memory: forget 60 flags\n\nForgotten: 60 flags\n\n"
        "Taken out:\n- memory/facts.md: 60 lines\n\n"
        "Each flag is in the record that this commit adds:\n.gitmem/drains/d1.jsonl\n\n"
        f"Gitmem-Drain: d1\nGitmem-Tree: {'f' * 40}\n"
    )
