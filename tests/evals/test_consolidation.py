"""The eval of closes: its labels fit its flags, its questions are the same everywhere, its answers are replayed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from evals.consolidation import answers, ask, measure, project
from evals.consolidation.closes import sitting
from evals.consolidation.ending import FiledLine, lines_in
from evals.consolidation.oracle import Oracle
from evals.consolidation.project import Phrase, Project
from gitmem.bootstrap.engines import handover
from gitmem.capture.capture import guarded
from gitmem.drain.verbatim import Verbatim
from gitmem.safety.body import clean_body
from tests.support.sandbox import PATIENCE

ROOT = Path(__file__).parents[2]
PROJECTS = {name: project.read(name) for name in project.NAMES}
each = pytest.mark.parametrize("one", PROJECTS.values(), ids=PROJECTS.keys())


def said(one: Project) -> dict[str, str]:
    """All that each flag says, in one line."""
    kept = ("text", "better", "body")
    return {row["id"]: " ".join(row.get(key, "") for key in kept) for row in one.rows}


@each
def test_a_project_is_weeks_of_flags_in_four_closes(one: Project) -> None:
    days = [row["at"] for row in one.rows]

    assert len(one.rows) == len(one.short) == len(one.labels) == 70
    assert one.closes == [1, 2, 3, 4]
    assert days == sorted(set(days))
    assert [row["close"] for row in one.rows] == sorted(row["close"] for row in one.rows)
    assert {row["kind"] for row in one.rows} == {
        "fact", "decision", "gotcha", "preference", "pending", "snag",
    }  # fmt: skip


@each
def test_a_project_has_what_a_close_must_see(one: Project) -> None:
    labels = one.labels.values()
    last = [stale.id for label in labels for stale in label.supersedes]
    same = [label for label in labels if label.duplicate_of or label.instruction]

    assert len(last) == len(set(last)) >= 8
    assert [label for label in labels if len(label.supersedes) > 1] != []
    assert [
        stale
        for label in labels
        for stale in label.supersedes
        if one.close_of[stale.id] == one.close_of[label.id]
    ] != []
    assert len(same) >= 6
    assert [label for label in same if label.instruction] != []
    assert [
        label
        for label in same
        if label.duplicate_of and one.close_of[label.duplicate_of] == one.close_of[label.id]
    ] != []
    assert len({item for label in labels for item in label.settles}) >= 5
    assert sum(label.worthless for label in labels) == 3
    assert [row for row in one.rows if "body" in row] != []


@each
def test_every_flag_is_one_that_gitmem_saves(one: Project) -> None:
    for row in one.rows:
        assert guarded(row["text"], "text") == row["text"]
        assert guarded(row.get("better", "-"), "--better") == row.get("better", "-")
        assert clean_body(row.get("body", "-")) == row.get("body", "-")


@each
def test_a_label_names_earlier_flags_and_lines_that_are_there(one: Project) -> None:
    kinds = {row["id"]: row["kind"] for row in one.rows}
    lines = "\n".join(one.instructions.values()).splitlines()

    for label in one.labels.values():
        named = [*(stale.id for stale in label.supersedes), *label.settles]
        assert [other for other in (*named, label.duplicate_of) if other > label.id] == []
        assert kinds.keys() >= {*named, *filter(None, [label.duplicate_of])}
        assert {kinds[item] for item in label.settles} <= {"pending"}
        assert not label.instruction or label.instruction in lines
        judged = label.worthless or label.duplicate_of or label.instruction
        filed = kinds[label.id] not in {"pending", "snag"} and not judged
        assert bool(label.topics) is filed, label.id
        assert {atom.until for atom in label.atoms if atom.until} <= kinds.keys()


@each
def test_an_atom_is_in_the_words_of_its_own_flag(one: Project) -> None:
    words = said(one)

    assert [
        (label.id, atom.phrase)
        for label in one.labels.values()
        for atom in label.atoms
        if not atom.phrase.is_in(words[label.id])
    ] == []


@each
def test_what_is_stale_is_said_by_the_old_flag_and_not_by_the_new_line(one: Project) -> None:
    words = said(one)
    cases = [
        (label, stale, label.line or words[label.id])
        for label in one.labels.values()
        for stale in label.supersedes
    ]

    assert [stale.id for _, stale, _ in cases if not stale.is_in(words[stale.id])] == []
    assert [label.id for label, stale, line in cases if stale.is_in(line)] == []


@each
def test_what_still_holds_of_a_stale_line_is_in_the_line_that_a_person_would_write(
    one: Project,
) -> None:
    for label in one.labels.values():
        line = label.line or said(one)[label.id]
        atoms = [atom for stale in label.supersedes for atom in one.labels[stale.id].atoms]
        lost = [atom.phrase for atom in atoms if not atom.until and not atom.phrase.is_in(line)]
        assert lost == [], label.id


def keys(one: Project) -> list[str]:
    """The keys of all questions over four closes, where every flag is filed as written."""
    found: list[str] = []
    with sitting(one) as place:
        while place.next is not None:
            found += [question["key"] for question in answers.questions(place)]
            place.close(Verbatim())
    return found


@each
def test_a_second_run_asks_the_same_questions(one: Project) -> None:
    first = keys(one)

    assert len(set(first)) == len(first) > len(one.closes)
    assert keys(one) == first


def test_another_machine_s_settings_ask_the_same_questions(tmp_path: Path) -> None:
    printed = set()
    for number, zone in enumerate(("Pacific/Auckland", "America/Lima")):
        home = tmp_path / zone / "home"
        home.mkdir(parents=True)
        (home / ".gitconfig").write_text(
            f"[user]\n\tname = Number {number}\n\temail = n@example.com\n"
        )
        done = subprocess.run(
            [sys.executable, "-m", "evals.consolidation.ask", "tallybook"],
            cwd=ROOT,
            env={**os.environ, "TZ": zone, "HOME": str(home), "PYTHONHASHSEED": str(number)},
            capture_output=True,
            check=True,
            text=True,
            timeout=PATIENCE,
        )
        printed.add(done.stdout)

    assert len(printed) == 1
    assert "worthless" not in printed.pop()


def kept(question: dict[str, str]) -> dict[str, object]:
    """An answer that files every flag as written."""
    op = {"memory": "keep", "pending": "pending", "rules": "edit"}[question["work"]]
    schema: dict[str, object] = question["schema"]  # type: ignore[assignment]
    fields = schema["properties"]["operations"]["items"]["properties"]  # type: ignore[index]
    empty = {name: [] if one["type"] == "array" else "" for name, one in fields.items()}
    labels = [f"f{number}" for number in range(1, int(question["flags"]) + 1)]
    operations = [{**empty, "op": op, "flags": [label]} for label in labels]
    return {"key": question["key"], "operations": operations}


def test_who_sees_only_the_questions_can_answer_close_after_close(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(answers, "FOLDER", tmp_path / "answers")
    file = tmp_path / "mine.jsonl"
    closes = []

    assert ask.main(["kelpline"]) == 0
    while asked := [json.loads(row) for row in capsys.readouterr().out.splitlines()]:
        closes.append({question["close"] for question in asked})
        file.write_text("".join(json.dumps(kept(question)) + "\n" for question in asked))
        assert ask.main(["kelpline", "--answers", str(file), "--by", "hand"]) == 0

    assert closes == [{1}, {2}, {3}, {4}]
    rows = answers.recorded("kelpline")
    replayed = answers.replay(PROJECTS["kelpline"], rows)
    assert (replayed.open, len(replayed.closes)) == ([], 4)
    assert {row["by"] for row in rows} == {"hand"}
    assert replayed.asked == len(rows)


def test_answers_that_do_not_fit_are_refused_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(answers, "FOLDER", tmp_path / "answers")
    ask.main(["brasswire"])
    asked = [json.loads(row) for row in capsys.readouterr().out.splitlines()]
    good = kept(asked[0])
    bad = {**kept(asked[1]), "operations": [{"op": "keep"}]}
    file = tmp_path / "mine.jsonl"

    for rows, why in (
        ([good, bad], "line 2: operation 1 has other fields"),
        ([good, {**good, "key": "0" * 32}], "line 2: its key is not that of an open question"),
        ([good, good], "line 2 answers a question that an earlier line answers"),
        (["no", good], "line 1: its key"),
    ):
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        assert ask.main(["brasswire", "--answers", str(file), "--by", "hand"]) == 1
        assert why in capsys.readouterr().err
    assert answers.recorded("brasswire") == []


def test_a_question_without_an_answer_is_told_and_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "FOLDER", tmp_path / "answers")

    rates, misses = measure.run()

    rate = rates["replayed: not recorded"]
    assert rate.required
    assert not rate.reached
    assert [miss for miss in misses if miss.startswith("not recorded: kelpline, close 1, memory")]
    assert "replayed: stale gone" not in rates


def test_the_floor_judges_nothing_and_loses_nothing() -> None:
    endings = [measure.closed(one, Verbatim()) for one in PROJECTS.values()]

    rates, _ = measure.measured(measure.FLOOR, endings)

    judged = ("stale gone", "duplicates folded", "worthless dropped", "pending settled")
    assert [rates[f"floor: {title}"].count for title in judged] == [0, 0, 0, 0]
    assert (rates["floor: fabricated"].count, rates["floor: atoms lost"].count) == (0, 0)
    assert rates["floor: flags accounted for"].value == 1


@pytest.mark.parametrize(
    ("word", "line", "found"),
    [
        ("14 days", "kept for 14 days at most", True),
        ("4 days", "kept for 14 days at most", False),
        ("slot 5", "the HSM's slot 52", False),
        ("persist*", "it persists a bid", True),
        ("two|2", "after 2 seconds", True),
        ("@needs", "the decorator `@needs` checks", True),
        ("Ω", "no such sign", False),
    ],
)
def test_a_phrase_is_found_as_whole_words(word: str, line: str, found: bool) -> None:
    assert Phrase(words=(word,)).is_in(line) is found


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("The cell holds 6 Ah. Nothing else", ["6", "Ah"]),
        ("Run just fixup, then `mix search.rebuild`", ["search.rebuild"]),
        ("Ask Henrike or read pdf/text.ts", ["Henrike", "pdf/text.ts"]),
        ("All of it is plain", []),
    ],
)
def test_values_and_names_of_a_line(line: str, values: list[str]) -> None:
    assert measure.values_in(line) == values


def test_the_lines_of_memory_are_topics_open_items_rules_and_details() -> None:
    files = {
        "memory/MEMORY.md": "- [radio](radio.md)\n",
        "memory/radio-2.md": "---\nname: radio-2\npart_of: radio\n---\n\n- Two\n",
        "memory/PENDING.md": "- [ ] Open?\n- [x] Done\n",
        "memory/details/radio.md": "# Details: radio\n\nMore about lines.\n\n## Two\n\nMore of it\n",
        "README.md": "- not memory\n",
    }

    assert lines_in(files) == [
        FiledLine(text="Two", file="memory/radio-2.md", topic="radio"),
        FiledLine(text="Open?", file="memory/PENDING.md"),
        FiledLine(text="## Two", file="memory/details/radio.md"),
        FiledLine(text="More of it", file="memory/details/radio.md"),
    ]


def test_the_oracle_reaches_all_but_what_the_gate_holds_for_two_things() -> None:
    endings = [
        measure.closed(one, handover(Oracle(one), marked=False)) for one in PROJECTS.values()
    ]

    rates, _ = measure.measured(measure.ORACLE, endings)

    assert {title: rate.value for title, rate in rates.items() if rate.low_is_good} == {
        "oracle: atoms lost": 0,
        "oracle: fabricated": 0,
    }
    assert [
        title
        for title, rate in rates.items()
        if not rate.low_is_good and rate.value < 0.95 and title != "oracle: duplicates folded"
    ] == []
    # Three are so far from the line's words that the gate keeps both.
    assert rates["oracle: duplicates folded"].value > 0.85
