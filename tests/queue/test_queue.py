"""Queue files and journals: union by id, any order, any bytes."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from gitmem.core.flag import Flag, make, new_id
from gitmem.queue.lines import Lines, split

FLAGS = st.lists(
    st.tuples(st.integers(0, 40), st.text(st.characters(categories=["L", "N"]), min_size=1)),
    max_size=12,
).map(lambda pairs: [flag_of(*pair) for pair in pairs])
#: Damage without a line break of its own: a line is damaged as a whole or not at all.
DAMAGE = st.binary(max_size=60).map(lambda data: data.replace(b"\n", b""))


def flag_of(number: int, text: str) -> Flag:
    return make({"id": new_id(bytes([number] * 12)), "kind": "fact", "text": text})


def data_of(flags: list[Flag]) -> bytes:
    return "".join([flag.line + "\n" for flag in flags]).encode()


def ids_of(*files: bytes) -> set[str]:
    lines = Lines()
    for file in files:
        lines.read(file, "file")
    return set(lines.flags)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_without_an_exception(data: bytes) -> None:
    lines = Lines()
    lines.read(data, "queue")

    assert all(str(line).startswith("queue:") for line in lines.damaged)
    assert {flag_id for _, flag_id in split(data) if flag_id} >= set(lines.flags)


@given(FLAGS, st.lists(DAMAGE, max_size=5), st.randoms())
def test_damage_between_lines_drops_no_good_line(flags: list[Flag], bad: list[bytes], rnd) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    rows = [flag.line.encode() for flag in flags] + bad
    rnd.shuffle(rows)

    assert ids_of(b"\n".join(rows)) >= {flag.id for flag in flags}


@given(FLAGS, st.integers(0, 3000))
def test_a_file_cut_anywhere_keeps_every_whole_line(flags: list[Flag], cut: int) -> None:
    data = data_of(flags)
    whole = data[:cut].count(b"\n")

    assert ids_of(data[:cut] + b"\n" + data_of(flags[:1])) >= {flag.id for flag in flags[:whole]}


@given(FLAGS, FLAGS)
def test_union_is_commutative(one: list[Flag], two: list[Flag]) -> None:
    assert ids_of(data_of(one), data_of(two)) == ids_of(data_of(two), data_of(one))


@given(FLAGS, FLAGS, FLAGS)
def test_union_is_associative(one: list[Flag], two: list[Flag], three: list[Flag]) -> None:
    left, right = Lines(), Lines()
    left.read(data_of(one) + data_of(two), "left")
    left.read(data_of(three), "left")
    right.read(data_of(one), "right")
    right.read(data_of(two) + data_of(three), "right")

    assert left.flags == right.flags


@given(FLAGS)
def test_union_is_idempotent_and_the_first_line_with_an_id_wins(flags: list[Flag]) -> None:
    once, twice = Lines(), Lines()
    once.read(data_of(flags), "file")
    twice.read(data_of(flags), "file")
    twice.read(data_of(flags), "file")

    assert once.flags == twice.flags
    for flag in flags:
        first = next(other for other in flags if other.id == flag.id)
        assert once.flags[flag.id] == first


def test_a_damaged_line_says_where_and_why() -> None:
    newer = json.dumps({"v": 9, "id": "abcdefgh2345", "kind": "fact", "text": "x"})
    lines = Lines()
    lines.read(b"\n\xff\xfe\n" + newer.encode() + b"\n<<<<<<< ours\n", "queue/a.jsonl")

    assert [str(line).split(" (")[0] for line in lines.damaged] == [
        "queue/a.jsonl:2: not UTF-8",
        "queue/a.jsonl:3: written by a newer gitmem",
        "queue/a.jsonl:4: not a JSON line: not JSON",
    ]
    assert [line.flag_id for line in lines.damaged] == ["", "abcdefgh2345", ""]


def test_splitting_keeps_lines_verbatim_and_knows_ids_of_newer_versions() -> None:
    newer = b'{"v":9,"id":"abcdefgh2345","new":"\\u00e9"}'

    assert split(b"\n" + newer + b"\r\n\nhalf a li") == [
        (newer, "abcdefgh2345"),
        (b"half a li", ""),
    ]
