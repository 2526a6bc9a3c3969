"""One line of JSON, as the library would read and write it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.core.jsonline import dumps, figure, loads
from tests.support.sandbox import changed_environment

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_written_is_what_the_library_would_write(value: object) -> None:
    expected = json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    assert dumps(value) == expected
    assert loads(expected) == value


@given(st.text() | VALUES.map(json.dumps))
def test_what_the_library_reads_is_read_and_what_it_refuses_is_refused(text: str) -> None:
    try:
        expected = json.loads(text)
    except (ValueError, RecursionError):
        with pytest.raises(ValueError, match=r"."):
            loads(text)
    else:
        assert repr(loads(text)) == repr(expected)


@given(st.dictionaries(st.text(), st.text()))
def test_a_line_has_no_line_break_inside(value: dict[str, str]) -> None:
    assert "\n" not in dumps(value)


@pytest.mark.parametrize("text", ["", " ", "{", '{"a":1} x', "[" * 100_000, "1" * 5000, '"\n"'])
def test_damage_is_a_value_error_and_nothing_else(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        loads(text)


def test_a_value_that_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError, match="set"):
        dumps({"a": {1}})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12.0), ("0.5", 0.5), ("1e999", 0.0), ("-1e999", 0.0), ("NaN", 0.0), ("Infinity", 0.0),
        ("9" * 400, 0.0), ("-1", 0.0), ("true", 0.0), ("null", 0.0), ('"7"', 0.0), ("[1]", 0.0),
    ],
)  # fmt: skip
def test_a_figure_of_others_is_a_number_in_reason_or_nothing(text: str, value: float) -> None:
    assert figure(loads(text)) == value


@pytest.mark.parametrize("text", ["{", '{"v":1,"id":"ab', '"x', "[1,", "{'a':1}"])
def test_damage_is_a_value_error_also_where_the_library_was_never_loaded(text: str) -> None:
    program = (
        "import sys\n"
        "from gitmem.core.jsonline import loads\n"
        "assert 'json' not in sys.modules\n"
        "try:\n"
        "    loads(sys.argv[1])\n"
        "except ValueError:\n"
        "    print('refused')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, text],
        env=changed_environment(None),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("refused\n", "")
