"""A request about rules: what a model is shown, and what of its answer may be applied."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from gitmem.core.errors import Refused
from gitmem.core.flag import Flag, make
from gitmem.drain import gate
from gitmem.drain.assemble import BUDGET, Edits, Ruling, edited
from gitmem.drain.limits import within_limits
from gitmem.drain.plan import Op, Operation, Request, Work
from gitmem.drain.prompting import make_question, read_operations, schema
from gitmem.drain.rules import raised
from gitmem.memory import path_rules
from gitmem.memory.places import Climb, Rung
from gitmem.memory.tree import MemoryLine
from gitmem.safety.paths import PathKind
from tests.support.layouts import INSTRUCTIONS

IDS = ["a" * 12, "b" * 12, "c" * 12]
FILE, OTHER = ".claude/skills/ship/SKILL.md", ".claude/skills/test/SKILL.md"
GUARDS = ".gitmem/guards.jsonl"
BODY = "---\nname: ship\nallowed-tools: Bash\n---\n\n# Ship\n\n## Steps\n\n- Tag.\n\n## Checks\n\n- Look.\n"


def snag(place: int, **fields: object) -> Flag:
    text = f"it broke {place}"
    return make({"id": IDS[place], "kind": "snag", "text": text, "better": f"do {place}", **fields})


EARLIER = make({"id": "e" * 12, "kind": "snag", "text": "it broke then", "better": "do it well"})


def request(*flags: Flag, fixed: tuple[str, ...] = ()) -> Request:
    return Request(
        work=Work.RULES,
        flags=flags,
        files=(FILE, OTHER),
        existing=(MemoryLine(file=FILE, text="Tag."), MemoryLine(file=FILE, text="Look.")),
        usual={flag.id: FILE for flag in flags},
        fixed=frozenset(fixed),
        about={OTHER: "test: Run the tests."},
        body=BODY,
        earlier={flags[0].id: (EARLIER,)},
    )


def parts(asked: str) -> dict[str, Any]:
    rows = asked.split("\n")
    return {rows[at].split()[0]: json.loads(rows[at + 1]) for at in range(0, len(rows), 3)}


def test_a_model_sees_the_file_its_sections_the_other_targets_and_near_snags() -> None:
    shown = parts(make_question(request(snag(0), snag(1)), "word").text)

    assert shown["TARGETS"] == [
        {"id": "t1", "file": FILE},
        {"id": "t2", "file": OTHER, "about": "test: Run the tests."},
    ]
    assert shown["SECTIONS"] == [{"id": "s1", "title": "Steps"}, {"id": "s2", "title": "Checks"}]
    assert shown["TEXT"][:2] == ["", "# Ship"]
    assert "allowed-tools" not in json.dumps(shown["TEXT"])
    assert shown["EARLIER"] == [
        {"id": "e1", "near": ["f1"], "text": "it broke then", "better": "do it well"}
    ]


def test_an_instruction_file_shows_no_sections_because_rules_go_into_its_block() -> None:
    asked = replace(request(snag(0)), files=("CLAUDE.md",), usual={IDS[0]: "CLAUDE.md"}, about={})
    labels = make_question(asked, "").labels

    assert "SECTIONS" not in parts(make_question(asked, "word").text)
    assert not labels.rules.sections


def test_only_a_snag_that_names_its_file_has_a_target_and_may_go_nowhere_else() -> None:
    shown = parts(make_question(request(snag(0), snag(1), fixed=(IDS[1],)), "word").text)

    assert [one.get("target") for one in shown["FLAGS"]] == [None, "t1"]


def test_an_earlier_snag_has_its_day_so_that_the_newest_can_be_named() -> None:
    dated = make({"id": "e" * 12, "kind": "snag", "text": "it broke", "at": "2026-01-02T10:00:00Z"})
    asked = replace(request(snag(0)), earlier={IDS[0]: (dated,)})

    assert parts(make_question(asked, "word").text)["EARLIER"][0]["day"] == "2026-01-02"


def test_a_line_with_a_credential_is_left_out_of_the_text() -> None:
    secret = "gh" + "p_" + "a1B2" * 9
    asked = request(snag(0))
    body = BODY + f"\nUse {secret} here.\n"

    shown = make_question(Request(**{**_fields(asked), "body": body}), "word").text

    assert secret not in shown


def _fields(asked: Request) -> dict[str, Any]:
    return {name: getattr(asked, name) for name in Request.__slots__}


def test_only_questions_about_rules_have_sections_and_returns() -> None:
    def names(work: Work) -> set[str]:
        return set(
            json.loads(json.dumps(schema(work)))["properties"]["operations"]["items"]["required"]
        )

    assert names(Work.RULES) - names(Work.MEMORY) == {"section", "again"}


@pytest.mark.parametrize(
    ("row", "section", "again"),
    [
        ({"section": "s2", "again": "e1"}, "Checks", EARLIER.id),
        ({"section": "s9", "again": "e9"}, "", ""),
        ({"section": "Steps", "again": EARLIER.id}, "", ""),
        ({"flags": ["f2"], "again": "e1"}, "", ""),
    ],
)
def test_labels_of_sections_and_snags_mean_something_only_where_they_were_shown(
    row: dict[str, Any], section: str, again: str
) -> None:
    asked = request(snag(0), snag(1))
    labels = make_question(asked, "").labels
    whole = {"op": "edit", "flags": ["f1"], "target": "", "lines": [], "text": "", "reason": ""}

    (found,) = read_operations(asked, labels, {"operations": [{**whole, **row}]})

    assert (found.section, found.again) == (section, again)


def line(text: str) -> tuple[MemoryLine, ...]:
    return (MemoryLine(file=FILE, text=text),)


def edit(*ids: str, **changes: Any) -> Operation:
    fields = {"op": Op.EDIT, "flags": ids, "file": FILE, "text": "Do it."}
    return Operation(**{**fields, **changes})


def test_a_line_is_replaced_once_and_the_other_snag_stays_queued() -> None:
    asked = request(snag(0), snag(1))
    answers = [
        edit(IDS[1], op=Op.SUPERSEDE, replaced=line("Tag."), text="Tag later."),
        edit(IDS[0], op=Op.SUPERSEDE, replaced=line("Tag."), text="Tag early."),
    ]

    for order in (answers, answers[::-1]):
        passed = gate.check(asked, order, folder="memory")

        assert [one.text for one in passed.operations] == ["Tag early."]
        assert [(left.id, left.reason) for left in passed.left] == [
            (
                IDS[1],
                (
                    f"another edit of this close replaces the same line (for {IDS[0]}); it is for the "
                    "next close"
                ),
            )
        ]


def test_a_line_that_is_not_there_is_not_replaced() -> None:
    answer = edit(IDS[0], op=Op.SUPERSEDE, replaced=line("Sing."))

    (left,) = gate.check(request(snag(0)), [answer], folder="memory").left

    assert left.reason == "the engine named a line to replace that is not there"


@pytest.mark.parametrize(("fixed", "passes"), [((), True), ((IDS[0],), False)])
def test_only_a_snag_that_names_no_target_may_be_moved(
    fixed: tuple[str, ...], passes: bool
) -> None:
    passed = gate.check(request(snag(0), fixed=fixed), [edit(IDS[0], file=OTHER)], folder="memory")

    assert bool(passed.operations) is passes


def test_one_close_replaces_few_lines_of_a_file() -> None:
    many = [edit(IDS[0], op=Op.SUPERSEDE, replaced=line(f"old {number}")) for number in range(5)]

    kept, left = within_limits(many, lines=1_000, rules={FILE: 12})

    assert len(kept) == 2
    assert (
        left[0].reason == f"one close replaces at most 2 lines of {FILE}; it is for the next close"
    )


CLIMB = Climb(
    file=GUARDS,
    rung=Rung.GUARD,
    remark="up",
    tools=("Bash",),
    match="make x",
    root=EARLIER.id,
    higher=True,
)


@pytest.mark.parametrize(
    "answer",
    [
        edit(IDS[0], again=EARLIER.id, text="Reworded."),
        edit(IDS[0], op=Op.DUPLICATE, file="", text="", survivor="Tag.", again=EARLIER.id),
        edit(IDS[0], op=Op.SUPERSEDE, replaced=line("Tag."), again=EARLIER.id),
    ],
)
def test_whatever_was_matched_goes_a_rung_up_in_its_own_words(answer: Operation) -> None:
    (found,) = raised(request(snag(0)), [answer], {EARLIER.id: CLIMB})

    assert (found.op, found.file, found.text, found.match) == (Op.EDIT, GUARDS, "do 0", "make x")
    assert (found.again, found.reason, found.replaced) == (EARLIER.id, "up", ())


def test_each_snag_that_climbs_to_a_guard_is_a_guard_of_its_own() -> None:
    flags = [snag(place, again=EARLIER.id) for place in (0, 1)]
    climbs = {flag.id: CLIMB for flag in flags}

    found = raised(request(*flags), [edit(IDS[0], IDS[1], file=GUARDS)], climbs)

    assert [(one.flags, one.text, one.again) for one in found] == [
        ((IDS[0],), "do 0", EARLIER.id),
        ((IDS[1],), "do 1", EARLIER.id),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "- x\n",
        "---\npaths: src/**\n---\n- x\n",
        '---\npaths:\n  - "src/**"\nname: x\n---\n',
        "---\npaths:\n---\n",
        '---\nhooks: x\npaths:\n  - "a"\n---\n',
    ],
)
def test_a_rule_file_with_another_front_matter_is_somebody_else_s(text: str) -> None:
    assert path_rules.paths_of(text) is None
    with pytest.raises(Refused, match="somebody else"):
        path_rules.add_lines(text, ["x"])


def test_a_rule_file_is_read_back_and_named_after_its_paths() -> None:
    paths = path_rules.globs_for(["src/db/**", "*.sql", "*.sql"])

    assert paths == ("*.sql", "src/db/**")
    assert path_rules.paths_of(path_rules.new_file(paths)) == paths
    name = path_rules.file_for(paths, {})
    assert name == ".claude/rules/gitmem-sql-src-db.md"
    assert path_rules.file_for(paths, {name: "theirs"}) == ".claude/rules/gitmem-sql-src-db-2.md"
    assert path_rules.globs_for(["**", "src"]) == ()


@pytest.mark.parametrize(
    ("path", "target", "text"),
    [
        ("CLAUDE.md", PathKind.INSTRUCTIONS, INSTRUCTIONS["block alone"]),
        (FILE, PathKind.SKILL, BODY + "".join(f"- step {number}\n" for number in range(500))),
        (".claude/rules/gitmem-x.md", PathKind.SCOPED, path_rules.new_file(["x"])),
    ],
)
def test_a_file_that_is_full_takes_no_more_and_says_what_to_do(
    path: str, target: Ruling, text: str
) -> None:
    edits = Edits()
    for number in range(BUDGET[target] + 1):
        edits.add(edit(IDS[0], file=path, text=f"Rule {number}."), [])

    with pytest.raises(Refused, match="is full") as refused:
        edited(path, target, text, edits)
    assert "unite" in refused.value.hint
