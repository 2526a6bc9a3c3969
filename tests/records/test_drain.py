"""The drain record: what is written is what is read, whatever a flag's line looks like."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.core.flag import Flag, make, parse
from gitmem.models.usage import Usage
from gitmem.records.drain_record import (
    Fate,
    Header,
    Outcome,
    Run,
    filed_days,
    read_outcomes,
    render,
)
from gitmem.records.record_files import FOLDER

HEADER = Header(drain="d", at="2026-11-20T10:00:00Z", queue="", run=Run(engine="verbatim"))


def flag(text: str = "a fact", **fields: str) -> Flag:
    return make({"id": "a" * 12, "kind": "fact", "text": text, **fields})


def test_the_first_line_says_what_ran_and_every_other_one_starts_with_its_id() -> None:
    run = Run(
        engine="e",
        model="m-2026",
        asked="m",
        workers=2,
        in_flight=2,
        questions=2,
        kept=1,
        usage=Usage(
            calls=3,
            retries=1,
            tokens_in=30,
            tokens_out=10,
            sent=99,
            dollars=0.5,
            priced="2026-11-20",
        ),
        wall_s=1.23456,
    )
    header = Header(drain="name", at="2026-11-20T10:00:00Z", queue="abc", run=run)
    outcome = Outcome(flag=flag(), fate=Fate.ADDED, file="memory/facts.md", line="a fact")

    first, second, end = render(header, [outcome]).split("\n")

    assert json.loads(first) == {
        "v": 1, "drain": "name", "at": "2026-11-20T10:00:00Z", "queue": "abc", "flags": 1,
        "engine": "e", "model": "m-2026", "asked": "m", "workers": 2, "in_flight": 2,
        "questions": 2, "kept": 1, "calls": 3, "retries": 1, "tokens": 40, "tokens_in": 30,
        "tokens_out": 10, "sent": 99, "dollars": 0.5, "priced": "2026-11-20", "wall_s": 1.235,
        "calls_s": 0.0, "slowest_s": 0.0, "sum_s": 0.0,
    }  # fmt: skip
    assert second.startswith('{"id":"aaaaaaaaaaaa","outcome":"added",')
    assert json.loads(second)["flag"] == json.loads(flag().line)
    assert end == ""


def test_a_price_nobody_knows_is_null_and_not_nothing() -> None:
    header = Header(
        drain="d", at="a", queue="", run=Run(engine="e", usage=Usage(calls=1, dollars=None))
    )

    assert json.loads(render(header, []))["dollars"] is None


files = st.sampled_from(["", "memory/facts.md", ".claude/skills/x/SKILL.md", "docs/é ü/.gitmem/x"])
printable = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(
    fates=st.lists(st.sampled_from(Fate), max_size=5),
    told=st.tuples(files, printable, printable, printable),
    by=printable,
)
def test_a_record_reads_back_as_it_was_written(
    fates: list[Fate], told: tuple[str, str, str, str], by: str
) -> None:
    file, line, survivor, reason = told
    written = [
        Outcome(
            flag=flag(by=by or "x"),
            fate=fate,
            file=file,
            line=line,
            survivor=survivor,
            reason=reason,
        )
        for fate in fates
    ]

    assert read_outcomes(render(HEADER, written)) == written


def test_a_flag_with_carriage_returns_or_line_separators_stays_on_one_line() -> None:
    odd = parse('{"v":1,\r"id":"aaaaaaaaaaaa",\r"kind":"fact","text":"a\u2028b","by":"x\u0085y"}')

    text = render(HEADER, [Outcome(flag=odd, fate=Fate.ADDED)])

    assert "\r" not in text
    assert text.count("\n") == 2
    (read,) = read_outcomes(text)
    assert (read.flag.text, read.flag.by) == ("a\u2028b", "x\u0085y")


def test_a_record_that_was_stored_with_crlf_is_read_all_the_same() -> None:
    text = render(HEADER, [Outcome(flag=flag(), fate=Fate.ADDED)]).replace("\n", "\r\n")

    assert [item.flag.id for item in read_outcomes(text)] == ["a" * 12]


@given(st.text(max_size=60), st.integers(0, 5))
def test_what_cannot_be_read_costs_its_neighbours_nothing(garbage: str, at: int) -> None:
    good = Outcome(flag=flag(), fate=Fate.SKIPPED, reason="no")
    rows = render(HEADER, [good]).splitlines()
    rows.insert(min(at, len(rows)), garbage.replace("\n", " "))

    assert read_outcomes("\n".join(rows)) == [good]


@pytest.mark.parametrize(
    "file",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "a/../../b",
        "",
        ".git/config",
        "a/.GIT/x",
        "a//b",
        "a\0b",
        "./a",
        "a\nb",
    ],
)
def test_a_record_that_names_a_file_outside_says_nothing_and_spoils_nothing(file: str) -> None:
    good = Outcome(flag=flag(), fate=Fate.ADDED, file="memory/facts.md", line="a fact")
    bad = Outcome(flag=flag("another"), fate=Fate.ADDED, file=file, line="another")

    found = read_outcomes(render(HEADER, [bad, good]))

    assert [one.file for one in found] == ["memory/facts.md"] if file else ["", "memory/facts.md"]


def test_a_line_in_other_words_than_the_flags_is_not_verbatim() -> None:
    snag = make({"id": "a" * 12, "kind": "snag", "text": "it broke", "better": "mend it"})

    assert Outcome(flag=snag, fate=Fate.EDITED, line="mend it").verbatim
    assert not Outcome(flag=snag, fate=Fate.EDITED, line="mend it well").verbatim


def test_a_line_was_filed_on_the_day_of_the_newest_record_that_has_it_as_it_reads() -> None:
    texts = ('as "quoted" as it gets', "zwölf", "both", "reworded by a person")
    old, new = flag(texts[0]), flag(texts[2])
    records = {
        f"{FOLDER}20251231T235959Z-aaaaaa.jsonl": render(
            HEADER,
            [
                Outcome(flag=old, fate=Fate.ADDED, file="memory/facts.md", line=texts[0]),
                Outcome(flag=old, fate=Fate.ADDED, file="memory/facts.md", line=texts[2]),
                Outcome(flag=old, fate=Fate.ADDED, file="memory/facts.md", line=texts[1]),
            ],
        ),
        f"{FOLDER}20260102T000000Z-bbbbbb.jsonl": render(
            HEADER, [Outcome(flag=new, fate=Fate.EDITED, file="CLAUDE.md", line=texts[2])]
        ),
        f"{FOLDER}yesterday.jsonl": render(
            HEADER, [Outcome(flag=new, fate=Fate.EDITED, file="CLAUDE.md", line=texts[3])]
        ),
    }

    found = filed_days(records, texts)

    assert found == {texts[0]: "2025-12-31", texts[1]: "2025-12-31", texts[2]: "2026-01-02"}
