"""What a question shows of a body, and what the judgement of a rewording takes it for."""

from __future__ import annotations

import json
from dataclasses import replace

from gitmem.drain.faithful import faithful
from gitmem.drain.model_engine import ModelEngine
from gitmem.drain.plan import Op, Operation, Request, Work
from gitmem.drain.prompting import BEGINNING, make_question
from gitmem.memory.tree import MemoryLine
from tests.support.queues import new_flag

FACTS = "memory/facts.md"
BODY = "\n\n".join(f"Paragraph {number} of a lesson that does not end." for number in range(60))


def asked(*flags: object, **fields: object) -> Request:
    return Request(work=Work.MEMORY, flags=flags, files=(FACTS,), **fields)  # type: ignore[arg-type]


def flags_in(text: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(text.split("\n")[1])
    return found


def test_a_question_shows_the_beginning_of_a_body_and_nothing_of_what_is_not_there() -> None:
    plain, long = new_flag("a headline"), new_flag("a headline", body=BODY)
    short = new_flag("a headline", body="One\n\n  two")

    shown = flags_in(make_question(asked(plain, long, short), "").text)
    assert "body" not in shown[0]
    assert shown[1]["body"].startswith("Paragraph 0 of a lesson")
    assert shown[1]["body"].endswith("…")
    assert len(shown[1]["body"]) <= BEGINNING
    assert shown[2]["body"] == "One two"


def test_a_question_of_long_bodies_costs_at_most_its_bounded_part_more() -> None:
    texts = [f"headline {number} " + "of usual length " * 8 for number in range(32)]
    plain = make_question(asked(*[new_flag(text) for text in texts]), "")
    long = make_question(asked(*[new_flag(text, body=BODY) for text in texts]), "")

    assert len(long.text) - len(plain.text) <= 32 * (BEGINNING + len(',"body":""'))


def test_a_rewording_may_say_what_the_shown_beginning_says_and_no_more() -> None:
    flag = new_flag(
        "The pool opens late",
        body="It took 4 seconds on db-1.\n\n" + "Other words follow here. " * 20 + "It is 17.",
    )
    wording = "The pool opens late: it took 4 seconds on db-1"

    def lines(text: str) -> list[str]:
        kept = Operation(op=Op.KEEP, flags=(flag.id,), file=FACTS, text=text)
        return [one.text for one in faithful(asked(flag), [kept])]

    assert lines(wording) == [wording]
    assert lines("The pool opens late: it took 17 seconds") == [flag.text]


def test_a_duplicate_of_an_instruction_keeps_a_line_of_its_own_for_its_body() -> None:
    line = MemoryLine(file="CLAUDE.md", text="The pool opens late")
    flag = new_flag("The pool opens late", body="more")
    request = asked(flag, usual={flag.id: FACTS}, fixed_lines=(line,))
    told = Operation(
        op=Op.DUPLICATE, flags=(flag.id,), file=FACTS, survivor=line.text, within=line.file
    )

    (kept,) = faithful(request, [told])
    assert (kept.op, kept.text) == (Op.KEEP, flag.text)
    assert "no place for its body" in kept.reason
    plain = replace(request, flags=(new_flag("The pool opens late"),))
    (folded,) = faithful(plain, [replace(told, flags=(plain.flags[0].id,))])
    assert folded.op is Op.DUPLICATE


def test_a_flag_whose_body_holds_a_credential_is_not_sent() -> None:
    key = "AKIA" + "J7XQ2MWN4PRTV5ZB"
    flag = new_flag("a headline", body=f"filler\n\n{'words ' * 100}\n\n{key}")
    engine = ModelEngine(None, {}, mark=str, until=0.0, answers=None)  # type: ignore[arg-type]

    answer = engine.run(asked(flag))
    assert list(answer.reasons) == [flag.id]
    assert "was not sent" in answer.reasons[flag.id]
