"""Message batches on loopback: a server that makes a batch, answers it, and gives its results, as scripted."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tests.support import judge
from tests.support import messages_api as api
from tests.support.messages_api import Asked, Sent

_ROOT = "/v1/messages/batches"


def batch(name: str, status: str = "ended", **more: object) -> Sent:
    """A batch as the API has it."""
    counts = dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0)
    fields = {
        "id": name,
        "type": "message_batch",
        "processing_status": status,
        "request_counts": counts,
        "created_at": "2026-11-30T10:00:00Z",
        "expires_at": "2026-12-01T10:00:00Z",
        "results_url": f"https://elsewhere.invalid{_ROOT}/{name}/results"
        if status == "ended"
        else None,
        **more,
    }
    return Sent(body=json.dumps(fields).encode())


def failed(kind: str, words: str = "no") -> dict[str, Any]:
    """A result without an answer."""
    error = {"type": "error", "error": {"type": "invalid_request_error", "message": words}}
    return {"type": kind, **({"error": error} if kind == "errored" else {})}


class Batches:
    """A script for `MessagesApi`: batches beside questions that are asked one by one.

    ``running`` is how many times a look at a batch finds it running. ``result`` makes the result of one
    question, from its place and what it asks; None is what `judge.obedient` answers. ``before`` is called with
    the stage (create, look, results, ask) and may return another answer. A running batch asks to be looked at again in ``later`` seconds.
    """

    def __init__(
        self,
        *,
        running: int = 0,
        later: float = 3600,
        answer: Callable[[Asked], Sent] = judge.obedient,
        result: Callable[[int, Asked], Mapping[str, Any] | None] = lambda _place, _asked: None,
        before: Callable[[str, Asked], Sent | None] = lambda _stage, _asked: None,
    ) -> None:
        self.running = running
        self.later = later
        self.answer = answer
        self.result = result
        self.before = before
        self.made: dict[str, list[dict[str, Any]]] = {}
        self.stages: list[str] = []
        self._lock = threading.Lock()

    def __call__(self, asked: Asked) -> Sent:
        """Answer one request."""
        stage = _stage(asked)
        with self._lock:
            self.stages.append(stage)
            if stage == "create":
                name = f"msgbatch_{len(self.made) + 1}"
                self.made[name] = asked.body["requests"]
        other = self.before(stage, asked)
        if other is not None:
            return other
        if stage == "create":
            return batch(name, "in_progress")
        if stage == "ask":
            return self.answer(asked)
        named = asked.path.removeprefix(_ROOT).split("/")[1]
        if named not in self.made:
            return api.error(404, "no such batch", kind="not_found_error")
        if stage == "look":
            with self._lock:
                self.running -= 1
                running = self.running >= 0
            sent = batch(named, "in_progress" if running else "ended")
            return replace(sent, headers={"retry-after": str(self.later)} if running else {})
        rows = [self._row(place, one, asked) for place, one in enumerate(self.made[named])]
        return Sent(body="\n".join(reversed(rows)).encode(), kind="application/binary")

    def _row(self, place: int, one: Mapping[str, Any], asked: Asked) -> str:
        question = replace(asked, body=one["params"], path="/v1/messages")
        result = self.result(place, question)
        if result is None:
            result = {"type": "succeeded", "message": json.loads(self.answer(question).body)}
        return json.dumps({"custom_id": one["custom_id"], "result": result})


def _stage(asked: Asked) -> str:
    if not asked.path.startswith(_ROOT):
        return "ask"
    if asked.method == "POST":
        return "create"
    return "results" if asked.path.endswith("/results") else "look"
