"""Whether a model on this machine answers, in which shape and how fast: one tiny question, without a flag."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.core.errors import GitmemError
from gitmem.models.reply import Prompt
from gitmem.models.usage import duration
from gitmem.proof.finding import Finding, ok, warn

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitmem.drain.ports import Model

SECONDS = 60.0  # for the answer; a model on a busy CPU makes one token in a second
_CHECK = "model"
_TEXT = "The quick brown fox jumps over the lazy dog while twelve more foxes watch from the old stone wall."
_COPIED = {"text": {"type": "string"}}
_SCHEMA = {
    "type": "object",
    "properties": _COPIED,
    "required": ["text"],
    "additionalProperties": False,
}
_QUESTION = Prompt(
    system="Copy the sentence into the field text.",
    text=_TEXT,
    schema=_SCHEMA,
    bounded={**_SCHEMA, "properties": {"text": {"type": "string", "maxLength": 120}}},
    max_tokens=96,
)
_SHAPES = {
    "format": "it holds to a JSON schema",
    "tool": "it ignores a schema and calls a tool that it is made to call",
    "object": "it ignores a schema and answers in JSON",
    "text": "it ignores every shape and answers a plain question in JSON",
}


def look(model: Model, clock: Callable[[], float]) -> Finding:
    """Ask the model; return what came of it. The model is stopped, so what was seen is remembered."""
    try:
        reply = model.ask(_QUESTION, until=clock() + SECONDS)
    except GitmemError as error:
        return warn(_CHECK, f"{model.host}: {error.message}", error.hint)
    finally:
        model.stop()
    if reply.data is None:
        hint = "a close asks it all the same, and what gets no answer stays queued"
        return warn(_CHECK, f"{model.model} at {model.host} does not answer: {reply.problem}", hint)
    usage = reply.usage
    said = f"{model.model} at {model.host} answered in {duration(usage.first_to_last)}"
    said += f", {usage.pace:.1f} tokens a second" if usage.pace else ""
    shape = _SHAPES.get(getattr(model, "shape", ""))
    return ok(_CHECK, f"{said}; {shape}" if shape else said)
