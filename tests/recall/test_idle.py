"""Which landed lines count as not shown for long."""

from __future__ import annotations

from gitmem.core import quantities
from gitmem.recall.idle import DAYS, idle
from gitmem.recall.line import Kind, LandedLine, digest_key, topic_key
from gitmem.session.showings import Showing, Showings

NOW = quantities.seconds("2026-12-31T00:00:00Z") or 0
OLD, RECENT = "2026-10-01T00:00:00Z", "2026-12-20T00:00:00Z"


def line(text: str, flag: str = "", at: str = OLD, kind: Kind = Kind.FACT) -> LandedLine:
    flags = (flag,) if flag else ()
    return LandedLine(file="memory/facts.md", number=1, text=text, kind=kind, flags=flags, at=at)


def shown(*times_and_keys: tuple[str, str]) -> Showings:
    return Showings(
        all=tuple(
            Showing(at=at, session="s", trigger="path", keys=(key,)) for at, key in times_and_keys
        ),
        since=OLD,
    )


def texts(lines: list[LandedLine]) -> list[str]:
    return [one.text for one in lines]


def test_a_line_is_idle_when_it_is_old_and_nothing_showed_it_within_the_days() -> None:
    lines = [
        line("never", "f1"),
        line("lately", "f2"),
        line("once", "f3"),
        line("young", "f4", RECENT),
    ]
    known = shown((RECENT, "f2"), (OLD, "f3"))

    assert texts(idle(lines, known, NOW)) == ["never", "once"]
    assert texts(idle(lines, known, NOW, ever=True)) == ["never"]
    assert DAYS == 30


def test_a_ledger_without_a_showing_says_nothing_about_any_line() -> None:
    assert idle([line("never", "f1")], shown(), NOW) == []


def test_a_line_without_an_age_and_a_pending_item_are_left_out() -> None:
    lines = [line("by hand", at=""), line("open", "f1", kind=Kind.PENDING)]

    assert idle(lines, shown((RECENT, "other")), NOW) == []


def test_a_line_counts_as_shown_by_its_words_and_with_its_whole_topic() -> None:
    one = line("a fact", "f1")
    for key in (digest_key("a fact"), topic_key("facts.md")):
        assert idle([one], shown((RECENT, key)), NOW) == []


def test_the_oldest_come_first() -> None:
    lines = [line("b", "f1", "2026-09-02T00:00:00Z"), line("a", "f2", "2026-09-01T00:00:00Z")]

    assert texts(idle(lines, shown((RECENT, "other")), NOW)) == ["a", "b"]
