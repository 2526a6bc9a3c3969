"""Find the JSON object in a model's text, and check it by the small part of JSON schema we use (pure).

Servers that ignore structured output send the object bare, in a code fence, or after prose and
thinking. The object is still hostile: only the types of its values are checked.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_KINDS = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
_NAMES = {"object": "an object", "array": "a list", "string": "a text"}
_NAMES |= {"integer": "a whole number", "boolean": "true or false"}

#: Where some models' thinking ends; its beginning is often in the server's template and not sent.
_THOUGHT = re.compile(r".*</think(?:ing)?>", re.DOTALL)

#: Where an object may begin.
_BEGINS = re.compile(r"\{(?=\s*[\"}])")

#: How many times the text may be read while objects are searched; this bounds hostile nesting.
_READINGS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """The JSON object, or None and the reason."""

    data: dict[str, Any] | None = None
    reason: str = ""


def extract(text: str, schema: Mapping[str, Any]) -> Extraction:
    """Return the first JSON object in a text whose top level fits the schema, as `outline` checks it.

    A draft in the model's thinking (`<think>...</think>`) counts only when nothing follows it.
    """
    texts = [text]
    thought = _THOUGHT.match(text)
    if thought and not _is_whole(text):
        texts.insert(0, text[thought.end() :])
    reason = ""
    for part in texts:
        for value in _objects(part):
            problem = outline(value, schema)
            if not problem:
                return Extraction(data=value)
            reason = reason or f"the JSON object in it is not the one asked for: {problem}"
    return Extraction(reason=reason or "there is no JSON object in it")


def outline(value: object, schema: Mapping[str, Any]) -> str:
    """Say why a value's top level does not fit an object schema; empty when it does.

    It fits when every required property is present and of its type. The inside of a property is not
    checked, so that one bad item does not cost its neighbours.
    """
    if not isinstance(value, dict):
        return "it is not an object"
    for name in schema.get("required", ()):
        if name not in value:
            return f"it has no {name}"
        kind = schema["properties"][name]["type"]
        if not _is(value[name], kind):
            return f"its {name} is not {_NAMES[kind]}"
    return ""


def begins(text: str, schema: Mapping[str, Any]) -> bool:
    """Tell whether a text, whole or cut off, begins as an object of the schema and nothing else.

    What a server sends that holds its model to a schema does; a fence, prose or another name does not.
    """
    thought = _THOUGHT.match(text)
    rest = (text[thought.end() :] if thought else text).lstrip()
    if not rest.startswith("{"):
        return False
    inside = rest[1:].lstrip()
    names = [f'"{name}"' for name in schema.get("properties", {})]
    return not inside or any(name.startswith(inside[: len(name)]) for name in names)


def flaws(value: object, schema: Mapping[str, Any], *, at: str = "the answer") -> tuple[str, ...]:
    """Return everything in a value that the schema does not allow, each as a sentence.

    Knows the types object, array, string, integer and boolean, with `enum`, `properties`,
    `required`, `items` and `additionalProperties: false`; every other keyword is ignored. A text
    that no encoding can hold (half a surrogate pair) is a flaw too.
    """
    return tuple(_flaws(value, schema, at))


def _flaws(value: object, schema: Mapping[str, Any], at: str) -> Iterator[str]:
    kind = schema["type"]
    if not _is(value, kind):
        yield f"{at} is not {_NAMES[kind]}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at} is {ascii(value)[:60]}, which is not among the choices"
    if isinstance(value, str) and not _encodes(value):
        yield f"{at} holds half of a surrogate pair"
    if isinstance(value, dict):
        yield from _flaws_of_object(value, schema, at)
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from _flaws(item, schema["items"], f"{at}[{place}]")


def _flaws_of_object(value: dict[str, Any], schema: Mapping[str, Any], at: str) -> Iterator[str]:
    properties: Mapping[str, Any] = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{at} has no {name}"
    for name, item in value.items():
        if name in properties:
            yield from _flaws(item, properties[name], f"{at}.{name}")
        elif schema.get("additionalProperties") is False:
            yield f"{at} has {ascii(name)[:60]}, which was not asked for"


def _is(value: object, kind: str) -> bool:
    if kind == "integer" and isinstance(value, bool):
        return False
    return isinstance(value, _KINDS[kind])


def _encodes(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)


def _is_whole(text: str) -> bool:
    try:
        _DECODER.decode(text)
    except (ValueError, RecursionError):
        return False
    return True


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Yield every JSON object in a text, also nested ones, in the order in which they begin."""
    allowance = _READINGS * len(text)
    for begin in _BEGINS.finditer(text):
        place = end = begin.start()
        try:
            value, end = _DECODER.raw_decode(text, place)
            yield value
        except json.JSONDecodeError as error:
            # The error counts the lines before its place, which is fast but not free.
            end = error.pos + place // 32
        except ValueError:  # two equal names, or not a number: the object says two things
            end = len(text)
        except RecursionError:  # no answer of ours is that deep
            return
        allowance -= end - place + 1
        if allowance < 0:
            return


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name is given twice")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)
