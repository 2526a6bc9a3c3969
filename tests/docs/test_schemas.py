"""The JSON Schemas that the wheel brings: one for each answer, strict, in the words of the code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gitmem.bootstrap.settings import read_shared
from gitmem.check.terms import RemoteQueue, Scope
from gitmem.core import flag as flags
from gitmem.core.bounds import LARGEST_BUDGET
from gitmem.core.errors import GitmemError
from gitmem.forge.deliver import Method
from gitmem.loops.recurrence import LoopState
from gitmem.memory.places import Rung
from gitmem.proof.finding import Level, Mend
from gitmem.recall import line as recall
from gitmem.records.commit_style import NARROWEST
from gitmem.records.drain_record import Change, Fate
from gitmem.records.states import ACCEPTED, CARRIED, DRAINED, IN_REVIEW, UNDRAINED
from gitmem.trace.line_fate import LineState
from gitmem.trace.origin import OriginKind
from tests.docs import commands
from tests.support import schemas

PAGE = Path(__file__).parents[2] / "docs" / "schemas.md"
NAMES = sorted(path.stem for path in schemas.FOLDER.glob("*.json"))
WITH_JSON = {name for name, options in commands.every().items() if "--json" in options}


def parts(value: object) -> Iterator[dict[str, Any]]:
    """Every schema inside a schema, itself included."""
    if isinstance(value, list):
        for one in value:
            yield from parts(one)
    if isinstance(value, dict):
        yield value
        for key, one in value.items():
            if key in {"properties", "$defs"}:
                for inside in one.values():
                    yield from parts(inside)
            elif key not in {"enum", "const", "required", "dependentRequired", "propertyNames"}:
                yield from parts(one)


def enums(name: str) -> list[set[object]]:
    return [set(part["enum"]) for part in parts(schemas.schema(name)) if "enum" in part]


def test_each_command_that_answers_in_json_has_a_schema_and_each_schema_a_command() -> None:
    told = {name.removeprefix("gitmem-") for name in NAMES if name.startswith("gitmem-")}

    assert told == WITH_JSON, (
        "each command with --json has templates/schemas/gitmem-NAME.json: write the schema of what it "
        "prints, as gitmem-drop.json is written, and list it in docs/schemas.md"
    )
    assert {name for name in NAMES if not name.startswith("gitmem-")} == {
        "flag",
        "record",
        "settings",
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_valid_strict_and_says_what_each_value_is(name: str) -> None:
    schema = schemas.schema(name)

    schemas.checked(name)
    assert schema["$id"] == f"urn:gitmem:schema:{name}"
    assert schema["title"]
    for part in parts(schema):
        if part.get("type") == "object" or "properties" in part:
            assert part["additionalProperties"] is not True
            assert "additionalProperties" in part
        for key, value in part.get("properties", {}).items():
            assert value.get("description") or "$ref" in value, f"{key} has no description"
        if "$ref" in part:
            assert part["$ref"].removeprefix("#/$defs/") in schema["$defs"]


@pytest.mark.parametrize("name", NAMES)
def test_a_flag_is_the_same_in_every_schema(name: str) -> None:
    head = {"$schema", "$id", "title"}
    flag = {key: value for key, value in schemas.schema("flag").items() if key not in head}

    assert schemas.schema(name).get("$defs", {}).get("flag", flag) == flag


def test_the_words_of_the_schemas_are_those_of_the_code() -> None:
    fates, states = {*Fate}, {UNDRAINED, IN_REVIEW, CARRIED, ACCEPTED, DRAINED}

    assert set(schemas.schema("flag")["properties"]) == set(flags.FIELDS)
    assert enums("flag")[1:] == [set(flags.KINDS)]
    assert fates in enums("record")
    assert {*Change} in enums("record")
    assert {*Scope} in enums("settings")
    assert {*Rung} in enums("gitmem-loops")
    assert {*Method} in enums("gitmem-close")
    assert {*RemoteQueue} in enums("gitmem-check")
    assert {*LineState} in enums("gitmem-show")
    assert {*OriginKind} in enums("gitmem-why")
    assert {*LoopState} - {LoopState.REOPENED} in enums("gitmem-loops")
    assert {*recall.Kind} in enums("gitmem-recall")
    assert {*Level} in enums("gitmem-doctor")
    assert {*Mend, ""} in enums("gitmem-doctor")
    assert states in enums("gitmem-log")
    assert states in enums("gitmem-show")
    assert fates | {None} in enums("gitmem-why")
    kinds = schemas.schema("gitmem-apply")["properties"]["outcomes"]["propertyNames"]["enum"]
    assert set(kinds) == fates


@pytest.mark.parametrize(
    "settings",
    [
        {"version": 1, "target": "main", "memory": "memory"},
        {"target": None, "check": None, "commit": None},
        {"check": {"scope": "branch", "max_age": 7, "max_flags": 0, "allow_in_review": True}},
        {"commit": {"subject": "chore(memory): {what}", "width": NARROWEST}},
        {"commit": {"subject": "{what}", "width": 0}, "memory.budget": LARGEST_BUDGET},
        {"version": 2},
        {"engine": "anthropic"},
        {"target": 7},
        {"memory": True},
        {"check": {"scope": "some"}},
        {"check": {"max_age": -1}},
        {"check": {"other": 1}},
        {"commit": {"subject": "memory"}},
        {"commit": {"subject": "{what} {what}"}},
        {"commit": {"width": NARROWEST - 1}},
        {"commit": {"subject": "{what}" + "x" * 100}},
        {"memory.budget": LARGEST_BUDGET + 1},
        {"memory.budget": -1},
    ],
)
def test_settings_fit_their_schema_where_gitmem_reads_them(settings: dict[str, Any]) -> None:
    try:
        read_shared(json.dumps(settings))  # JSON is YAML 1.2
    except GitmemError:
        assert schemas.reasons("settings", settings)
    else:
        assert schemas.reasons("settings", settings) == []


def test_the_page_lists_every_schema_with_its_title() -> None:
    rows = re.findall(
        r"^\| `([a-z-]+)` \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )

    assert sorted(name for name, _ in rows) == NAMES
