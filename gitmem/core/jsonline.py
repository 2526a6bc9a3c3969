"""JSON on one line without importing `json`, which costs most of a millisecond budget (pure, hot lane).

CPython keeps its scanner and string encoder in the C module `_json`; importing them directly costs a
tenth of `import json` (`make bench` prints both). On an interpreter without `_json` the library is used.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

try:
    import _json as _accelerator
except ImportError:  # pragma: no cover - only on interpreters without it
    _accelerator = None  # type: ignore[assignment]
_fast: Any = _accelerator

#: No count, sum of dollars, milliseconds or tokens of a session is larger.
_MOST = 10**12


class _Context:
    """What the C scanner reads off a `json.JSONDecoder`."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    array_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float  # NaN and Infinity read as floats, as `json.loads` does
    memo: dict[str, str] = {}  # noqa: RUF012 - the attribute's shape is the scanner's


def _scanner() -> Callable[[str, int], tuple[object, int]]:
    if _fast is None:  # pragma: no cover - see above
        import json

        return json.JSONDecoder().raw_decode
    return _fast.make_scanner(_Context)  # type: ignore[no-any-return]


_scan = _scanner()


def loads(text: str) -> object:
    """One JSON value, blanks around it allowed; raises ValueError on anything else."""
    stripped = text.strip(" \t\r\n")
    try:
        value, end = _scan(stripped, 0)
    except StopIteration as error:
        raise ValueError("not JSON") from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except SystemError as error:
        # The scanner takes its error from `json.decoder`; where that is not loaded, CPython 3.11 raises this.
        raise ValueError("not JSON") from error
    if end != len(stripped):
        raise ValueError("text after the JSON value")
    return value


def text_of(value: object, key: str) -> str:
    """The string under a key of an object; empty for anything else."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def inside(value: object, key: str) -> Mapping[str, object]:
    """The object under a key of an object; an empty one for anything else."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def figure(value: object) -> float:
    """A number of a file or program that is not ours; 0.0 for what is none, a NaN, or out of all reason.

    JSON has no bound on numbers (1e999 reads as infinity, and an integer may have 4,000 digits).
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(value) if 0 <= value <= _MOST else 0.0  # a NaN fails the comparison


def dumps(value: object) -> str:
    """The value on one line, without blanks, non-ASCII characters as they are.

    Takes None, bool, int, float, str, and lists and string-keyed dicts of those.
    """
    if isinstance(value, str):
        return _string(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return "[" + ",".join([dumps(item) for item in value]) + "]"
    if isinstance(value, dict):
        return _object(value)
    message = f"cannot write {type(value).__name__} as JSON"
    raise TypeError(message)


def _object(value: Mapping[str, object]) -> str:
    pairs = [_string(key) + ":" + dumps(item) for key, item in value.items()]
    return "{" + ",".join(pairs) + "}"


def _string(value: str) -> str:
    if _fast is None:  # pragma: no cover - see above
        import json

        return json.dumps(value, ensure_ascii=False)
    return _fast.encode_basestring(value)  # type: ignore[no-any-return]
