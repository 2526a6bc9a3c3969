"""What a program may expect: the JSON Schemas that the wheel brings, against what gitmem prints."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "templates" / "schemas"
_LINES = frozenset(("flag", "snag"))  # one object on each line
_SHOWN = 3  # reasons in a failure


@functools.cache
def schema(name: str) -> dict[str, Any]:
    """A schema by its name, such as `flag` or `gitmem-close`."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


@functools.cache
def _validator(name: str) -> Any:
    from jsonschema import (  # type: ignore[import-untyped]  # it brings no types
        Draft202012Validator,
    )

    return Draft202012Validator(schema(name))


def checked(name: str) -> None:
    """Fail when a schema is no valid JSON Schema."""
    _validator(name).check_schema(schema(name))


def reasons(name: str, value: object) -> list[str]:
    """Why a value does not fit a schema; empty when it does."""
    from jsonschema.exceptions import relevance  # type: ignore[import-untyped]  # it brings no types

    errors = sorted(_validator(name).iter_errors(value), key=relevance)
    deepest = [error for one in errors for error in (one, *(one.context or ()))]
    return [f"{error.json_path}: {error.message[:300]}" for error in deepest]


def answer_fits(argv: Sequence[str], out: str) -> None:
    """Fail when what a command printed for `--json` does not fit the command's schema.

    Every test that runs a command with `--json` comes through here. An answer that changes changes its
    schema in `templates/schemas`, too.
    """
    if "--json" not in argv or "--" in argv or not out.strip():
        return
    if argv[argv.index("--json") - 1] == "--path":
        return  # a file of that name
    name = f"gitmem-{argv[0]}"
    if not (FOLDER / f"{name}.json").is_file():
        return  # `tests/cli/test_schemas.py` says of each command that it has one
    lines = out.splitlines()
    for line in lines if argv[0] in _LINES else lines[-1:]:
        found = reasons(name, json.loads(line))
        assert not found, (
            f"gitmem {' '.join(argv)} printed what templates/schemas/{name}.json does not allow: "
            + "; ".join(found[:_SHOWN])
        )
