"""Two queues become one: every line that counts once, and nothing that both have given up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gitmem.queue.lines import split
from gitmem.sync.unite import Side, _changes
from tests.support.queues import new_flag

FLAGS = [new_flag(f"fact {number}") for number in range(12)]
LINES = {flag.id: flag.line.encode() for flag in FLAGS}
PATHS = [
    "queue/aaaaaaaa-000001.jsonl",
    "queue/sealed/aaaaaaaa-000001.jsonl",
    "queue/aaaaaaaa-000002.jsonl",
    "queue/bbbbbbbb-000001.jsonl",
    "queue/sealed/bbbbbbbb-000001.jsonl",
]
sides = st.dictionaries(
    st.sampled_from(PATHS), st.lists(st.sampled_from(sorted(LINES)), unique=True, min_size=1)
)


def side(files: dict[str, list[str]]) -> Side:
    seen: set[str] = set()
    texts = {}
    for path, ids in files.items():
        new = [flag_id for flag_id in ids if flag_id not in seen]
        seen |= set(new)
        if new:
            texts[path] = b"".join(LINES[flag_id] + b"\n" for flag_id in new)
    return Side("tip", texts)


def applied(ours: Side, theirs: Side, drained: set[str]) -> dict[str, bytes]:
    files = dict(theirs.files)
    for path, text in _changes(ours, theirs, drained, {}):
        if text is None:
            del files[path]
        else:
            files[path] = text
    return files


@given(ours=sides, theirs=sides, drained=st.sets(st.sampled_from(sorted(LINES))))
def test_every_flag_of_either_side_is_there_once_but_those_drained_and_pruned(
    ours: dict[str, list[str]], theirs: dict[str, list[str]], drained: set[str]
) -> None:
    mine, yours = side(ours), side(theirs)

    files = applied(mine, yours, drained)

    found = [key for text in files.values() for _, key in split(text)]
    assert sorted(found) == sorted((mine.ids & yours.ids) | ((mine.ids | yours.ids) - drained))
    assert all(files.values())


@given(theirs=sides)
def test_nothing_changes_where_they_have_everything(theirs: dict[str, list[str]]) -> None:
    yours = side(theirs)

    for mine in (Side("", {}), yours):
        files = applied(mine, yours, set())
        assert {path: text for path, text in files.items() if text} == {
            path: text for path, text in yours.files.items() if text
        }


def test_a_writer_s_file_that_was_sealed_on_one_side_stays_one_file() -> None:
    short = side({PATHS[0]: [FLAGS[0].id]})
    sealed = side({PATHS[1]: [FLAGS[0].id, FLAGS[1].id]})

    for ours, theirs in ((short, sealed), (sealed, short)):
        assert applied(ours, theirs, set()) == dict(sealed.files)


def test_a_line_that_nobody_can_read_is_kept_and_comes_once() -> None:
    ours = Side("a", {PATHS[0]: b"garbage\nnoise\n"})
    theirs = Side("b", {PATHS[0]: b"garbage\n", PATHS[3]: b"other\n"})

    assert applied(ours, theirs, set()) == {PATHS[0]: b"garbage\nnoise\n", PATHS[3]: b"other\n"}
