"""Every way in which a model's server fails, through the installed `gitmem close`: rows A-01 to A-26.

Whatever happens, flags stay queued unless a complete commit holds them, the exit code is right, and one
sentence says what happened.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.e2e.test_model_close import in_review, refs
from tests.support import judge
from tests.support import messages_api as api
from tests.support.desk import Desk
from tests.support.judge import operation
from tests.support.messages_api import RESET, Asked, MessagesApi, Script, Sent
from tests.support.queues import keep
from tests.support.sandbox import ENDLESS, PATIENCE, Sandbox

KEY = "test-key-0123456789"
GOOD = api.says(
    {"operations": [operation("keep", "f1"), operation("keep", "f2")]}
)  # what is right for the two flags of every row


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One failure: what the server does, and what the command answers.

    ``says`` must stand in what is printed; ``calls`` is how many requests arrive (None: any number),
    ``filed`` how many of the two flags are in review afterwards.
    """

    id: str
    script: Script
    code: int
    says: str
    calls: int | None = None
    filed: int = 0
    deadline: float = 20.0
    environ: dict[str, str | None] = field(default_factory=dict)


def answer(*operations: dict[str, Any]) -> list[Sent]:
    return [api.says({"operations": [*operations]})]


def whole_or_less(most: int, refusal: Sent) -> Callable[[Asked], Sent]:
    """Takes questions of at most so many flags."""
    return lambda asked: judge.obedient(asked) if len(judge.texts(asked)) <= most else refusal


def stream(*events: tuple[str, object]) -> Sent:
    """Server-sent events instead of a message."""
    body = "".join([f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events])
    return Sent(body=body.encode(), kind="text/event-stream")


START = ("message_start", {"type": "message_start", "message": {"content": []}})
# Half of an answer that would be right, as the pieces of a stream come.
HALF = [
    ("content_block_delta", {"type": "content_block_delta", "delta": {"type": "text_delta", "text": part}})
    for part in ('{"operations":[', json.dumps(operation("keep", "f1")))
]  # fmt: skip
STOPPED = ("message_delta", {"type": "message_delta", "delta": {"stop_reason": "end_turn"}})
KEPT = operation("keep", "f1")
GONE = "left in the queue"
OVER = ("gave no answer within", "no time is left to ask")

ROWS = [
    Row(id="A-01 429, then well", script=[api.error(429, retry_after="1"), GOOD], code=0, says="2 flags", calls=2, filed=2),
    Row(id="A-02 429 for an hour", script=[api.error(429, retry_after="3600")], code=7, says="asks to wait 60 min", calls=1),
    Row(id="A-03 429 without a time", script=[api.error(429)], code=7, says="rate limit", deadline=10),
    Row(id="A-03 529 all the time", script=[api.error(529, "Overloaded")], code=7, says="HTTP 529", deadline=10),
    Row(id="A-03 500, then well", script=[api.error(500), GOOD], code=0, says="2 flags", calls=2, filed=2),
    Row(id="A-03 502 with a web page", script=[api.web_page(502)], code=7, says="HTTP 502", deadline=10),
    Row(id="A-04 401", script=[api.error(401, f"invalid x-api-key {KEY}")], code=9, says="does not accept the key", calls=1),
    Row(id="A-04 402", script=[api.error(402)], code=9, says="will not be paid", calls=1),
    Row(id="A-04 403", script=[api.error(403)], code=9, says="does not accept the key", calls=1),
    Row(id="A-04 exhausted spend", script=[api.error(400, "Your credit balance is too low")], code=9, says="will not be paid", calls=1),
    Row(id="A-05 no key", script=[GOOD], code=9, says="no key for api.anthropic.com", calls=0,
        environ={"ANTHROPIC_API_KEY": None, "ANTHROPIC_BASE_URL": None, "GITMEM_ENGINE": "anthropic"}),
    Row(id="A-06 400", script=[api.error(400, "no such thing")], code=7, says="refuses the question"),
    Row(id="A-06 413, halves fit", script=whole_or_less(1, api.error(413)), code=0, says="2 flags", calls=3, filed=2),
    Row(id="A-06 413 always", script=[api.error(413)], code=7, says="too large", calls=3),
    Row(id="A-07 reset", script=[RESET], code=7, says="was not reached, or broke off", deadline=10),
    Row(id="A-07 reset, then well", script=[RESET, GOOD], code=0, says="2 flags", calls=2, filed=2),
    Row(id="A-07 refused", script=[GOOD], code=7, says="was not reached", calls=0, deadline=10, environ={"ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}),
    Row(id="A-08 hangs", script=[GOOD.after(ENDLESS)], code=7, says="gave no answer within", calls=1, deadline=10),
    Row(id="A-09 trickles", script=[Sent(body=GOOD.body, trickle=0.1)], code=7, says="gave no answer within", calls=1, deadline=10),
    Row(id="A-10 cut, then well", script=[Sent(body=GOOD.body, cut=40), GOOD], code=0, says="2 flags", calls=2, filed=2),
    Row(id="A-10 cut always", script=[Sent(body=GOOD.body, cut=40)], code=7, says="broke off", deadline=10),
    Row(id="A-11 a stream cut in the middle", script=[stream(START)], code=7, says="not JSON", deadline=10),
    Row(id="A-11 half an answer in a stream", script=[stream(START, *HALF)], code=7, says="not JSON", deadline=10),
    Row(id="A-11 a whole answer in a stream that nobody asked for", script=[stream(START, *HALF, STOPPED)], code=7, says="not JSON", deadline=10),
    Row(id="A-11 no stop reason", script=[api.text(json.dumps({"operations": [KEPT]}), stop=None)], code=7, says="ended for an unknown reason", calls=1),
    Row(id="A-12 a stream with an error", script=[stream(START, ("error", {"type": "error"}))], code=7, says="not JSON", deadline=10),
    Row(id="A-12 a stream that hangs", script=[Sent(body=stream(START, *HALF).body, kind="text/event-stream", trickle=0.2)], code=7, says="gave no answer within", calls=1, deadline=10),
    Row(id="A-12 a stream of bad JSON", script=[Sent(body=b"event: x\ndata: {\n\n", kind="text/event-stream")], code=7, says="not JSON", deadline=10),
    Row(id="A-12 an error with HTTP 200", script=[Sent(body=b'{"type":"error","error":{"message":"Overloaded"}}')], code=7, says="Overloaded", calls=1),
    Row(id="A-13 a captive portal", script=[api.web_page()], code=7, says="not the Messages API", calls=1),
    Row(id="A-14 another shape", script=[Sent(body=b'{"choices":[]}')], code=7, says="not the Messages API", calls=1),
    Row(id="A-15 no JSON", script=[Sent(body=b'{"content":[')], code=7, says="damaged on its way", deadline=10),
    Row(id="A-15 empty, then well", script=[Sent(), GOOD], code=0, says="2 flags", calls=2, filed=2),
    Row(id="A-16 max_tokens", script=[api.text('{"operations":[]}', stop="max_tokens")], code=7, says="cut off at max_tokens", calls=3),
    Row(id="A-16 context window, halves fit", script=whole_or_less(1, api.text("", stop="model_context_window_exceeded")), code=0, says="2 flags", calls=3, filed=2),
    Row(id="A-17 refusal", script=[api.refuses()], code=7, says="--engine verbatim", calls=1),
    Row(id="A-18 nothing said", script=[api.message()], code=7, says="says nothing", calls=1),
    Row(id="A-18 an unknown stop reason", script=[api.text("{}", stop="wished")], code=7, says="'wished'", calls=1),
    Row(id="A-18 a block of another kind", script=[api.message({"type": "image"})], code=7, says="says nothing", calls=1),
    Row(id="A-19 another schema", script=[api.says({"ops": []})], code=7, says="not what was asked for"),
    Row(id="A-19 one row is no operation", script=answer(KEPT, {"op": "keep", "flags": "f2"}) + answer(), code=6, says=GONE, calls=2, filed=1),
    Row(id="A-19 an unknown flag", script=answer(KEPT, operation("keep", "f99")) + answer(), code=6, says="did not account for it", calls=2, filed=1),
    Row(id="A-19 another request's flag", script=answer(KEPT, operation("keep", "abcdefghijkl")) + answer(), code=6, says="did not account for it", calls=2, filed=1),
    Row(id="A-20 a flag is missing, then well", script=answer(KEPT), code=0, says="2 flags", calls=2, filed=2),
    Row(id="A-20 a flag is missing, also when it is asked again", script=answer(KEPT) + answer(), code=6, says="also when it was asked again", calls=2, filed=1),
    Row(id="A-20 a flag is missing, and then the server", script=[*answer(KEPT), api.error(413)], code=6, says="did not account for it; asked again", calls=2, filed=1),
    Row(id="A-20 all are missing, one by one well", script=lambda asked: judge.obedient(asked) if len(judge.texts(asked)) == 1 else answer()[0], code=0, says="2 flags", calls=3, filed=2),
    Row(id="A-20 a flag twice", script=answer(KEPT, operation("keep", "f2"), operation("skip", "f2", reason="noise")) + answer(KEPT, operation("skip", "f1", reason="noise")), code=6, says="more than once", calls=2, filed=1),
    Row(id="A-20 a flag twice with one judgement", script=answer(KEPT, operation("keep", "f2"), operation("keep", "f2")), code=0, says="2 flags", calls=1, filed=2),
    Row(id="A-21 a forbidden path", script=answer(KEPT, operation("keep", "f2", target=".claude/settings.json")), code=6, says="not among the targets", calls=1, filed=1),
    Row(id="A-22 a huge answer", script=[api.text("x" * 300_000)], code=7, says="more than any answer has", calls=1),
    Row(id="A-25 a redirection", script=[api.elsewhere("http://127.0.0.1:9/v1/messages")], code=7, says="redirects to", calls=1),
    Row(id="A-26 proxies and telemetry of the environment", script=[GOOD], code=0, says="2 flags", calls=1, filed=2,
        environ={"HTTP_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "ANTHROPIC_LOG": "debug"}),
    Row(id="an unknown model", script=[api.error(404, "model: claude-x", kind="not_found_error")], code=7, says="does not know that model", calls=1, environ={"GITMEM_MODEL": "claude-x"}),
    Row(id="a base URL that ends in /v1", script=[GOOD], code=2, says="ends in /v1", calls=0, environ={"ANTHROPIC_BASE_URL": "http://127.0.0.1:9/v1"}),
    Row(id="a base URL that is none", script=[GOOD], code=2, says="not the address of a server", calls=0, environ={"ANTHROPIC_BASE_URL": "localhost"}),
    Row(id="certificates that are not there", script=[GOOD], code=2, says="SSL_CERT_FILE", calls=0, environ={"SSL_CERT_FILE": "/nonexistent/ca.pem"}),
]  # fmt: skip


#: The address of Chat Completions may end in /v1.
EVERY = [
    (dialect, row)
    for dialect in api.DIALECTS
    for row in ROWS
    if dialect is api.MESSAGES or "/v1" not in row.id
]


@pytest.mark.parametrize(
    ("dialect", "row"), EVERY, ids=[f"{one.engine} {row.id}" for one, row in EVERY]
)
def test_flags_stay_unless_committed_and_one_sentence_says_why(
    sandbox: Sandbox, dialect: api.Dialect, row: Row
) -> None:
    keep(sandbox, 2)
    names = {api.MESSAGES.address: dialect.address}
    environ = {names.get(name, name): value for name, value in row.environ.items()}
    environ = {"GITMEM_MODEL": api.MODEL, **environ}
    says = row.says.replace(api.MESSAGES.api.removeprefix("the "), dialect.api.removeprefix("the "))
    before = refs(sandbox)
    deadline, printed = row.deadline, ""
    while not printed or (
        says not in printed and deadline < PATIENCE and any(late in printed for late in OVER)
    ):
        with MessagesApi(row.script, dialect=dialect) as server:
            done = sandbox.gitmem(
                "close", "--deadline", str(deadline), env={**server.environ, **environ}
            )
        printed = done.out + done.err
        deadline *= 4  # a busy machine may need more until it has asked and heard the answer

    assert done.code == row.code, printed
    assert says in printed
    assert row.calls is None or len(server.asked) == row.calls
    assert "Traceback" not in printed
    assert KEY not in printed
    assert len(in_review(sandbox)) == row.filed
    assert len(Desk(sandbox=sandbox).states().get("undrained", [])) == 2 - row.filed
    if not row.filed:
        assert refs(sandbox) == before
