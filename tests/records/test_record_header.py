"""The header of a drain record read back: of every version, and of somebody who means no good."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.core.flag import make
from gitmem.models.usage import Usage
from gitmem.records.drain_record import (
    Fate,
    Header,
    Outcome,
    RecordedClose,
    Run,
    read_header,
    render,
)

OUTCOME = Outcome(flag=make({"id": "a" * 12, "kind": "fact", "text": "x"}), fate=Fate.ADDED)


def read(text: str) -> RecordedClose:
    found = read_header(text)
    assert found is not None
    return found


def test_a_header_reads_back_as_it_was_written() -> None:
    run = Run(engine="anthropic", model="m", asked="n", workers=8, in_flight=7, questions=3, kept=1, usage=Usage(calls=5, retries=2, tokens_in=4_800, tokens_out=1_500, sent=20_000, dollars=0.00123, priced="2026-11-20"), wall_s=2.5, slowest_s=2.0, sum_s=6.25)  # fmt: skip
    text = render(Header(drain="d", at="2026-11-20T10:00:00Z", queue="", run=run), [OUTCOME] * 3)

    assert read(text) == RecordedClose(
        drain="d", at="2026-11-20T10:00:00Z", flags=3, tokens=6_300, run=run
    )


def test_an_older_header_is_read_with_what_it_had() -> None:
    older = (
        '{"v":1,"drain":"d","at":"2026-11-01T10:00:00Z","queue":"","engine":"anthropic",'
        '"model":"m","workers":2,"calls":3,"tokens":40,"dollars":0.5,"wall_s":1.2,'
        '"slowest_s":0.9,"sum_s":1.8}\n{"id":"aaaaaaaaaaaa","outcome":"added"}\n'
    )
    found = read(older)

    assert (found.flags, found.tokens, found.run.questions) == (1, 40, 3)
    assert (found.run.model, found.run.asked, found.run.in_flight) == ("m", "m", 0)
    assert (found.run.usage.dollars, found.run.usage.priced, found.run.usage.tokens_in) == (
        0.5,
        "",
        0,
    )


def test_a_newer_header_is_read_as_far_as_it_goes() -> None:
    assert read('{"v":9,"drain":"d","engine":"e","new":[1]}').run.engine == "e"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"v":1}', '{"drain":1}', "[" * 100_000])
def test_what_is_no_header_is_none(text: str) -> None:
    assert read_header(text) is None


@pytest.mark.parametrize(
    "value", ["-1", "1e999", "NaN", '"8"', "true", "[]", "null", "1" * 400, "1" * 5_000]
)
@pytest.mark.parametrize("name", ["flags", "calls", "tokens", "tokens_in", "wall_s", "workers"])
def test_a_figure_that_can_be_none_counts_as_nothing(name: str, value: str) -> None:
    found = read_header(f'{{"v":1,"drain":"d","{name}":{value}}}\n')

    if found is None:  # a number too long for any reader
        assert len(value) == 5_000
        return
    assert (found.flags, found.tokens, found.run.usage.calls, found.run.wall_s) == (0, 0, 0, 0.0)
    assert (found.run.usage.tokens_in, found.run.workers) == (0, 0)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=3,
)


@given(st.dictionaries(st.sampled_from([*Run.__slots__, "at", "flags", "tokens"]), json_values))
def test_whatever_a_header_holds_the_figures_can_be_added_up(fields: dict[str, object]) -> None:
    found = read(json.dumps({"drain": "d", **fields}))

    figures = (
        found.flags,
        found.tokens,
        found.run.wall_s,
        found.run.sum_s,
        found.run.usage.dollars or 0,
    )
    assert all(math.isfinite(figure) and figure >= 0 for figure in figures)
