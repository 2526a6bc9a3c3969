"""What a server says of itself without a question: its models, and how many tokens one of them takes.

No flag is sent, only a model's name. A server may answer anything, so what cannot be right counts as
not said. Nothing here needs a vendor's library.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from gitmem.core.errors import UsageError
from gitmem.core.failures import NoProgress
from gitmem.core.jsonline import figure
from gitmem.models import connection
from gitmem.models.endpoint import CHAT, endpoint
from gitmem.models.reply import printable

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    import httpx2

    from gitmem.models.endpoint import Endpoint

T = TypeVar("T")

#: The servers of one's own that have a name for `--engine`, and where each listens unless a
#: person says otherwise.
LOCAL: Mapping[str, str] = {
    "ollama": "http://localhost:11434",
    "lmstudio": "http://localhost:1234",
    "llamacpp": "http://localhost:8080",
}
#: Tokens that Ollama gives a model that does not say (its OLLAMA_CONTEXT_LENGTH).
OLLAMA_CONTEXT = 4096

_SECONDS = 5.0  # for all that is asked
_GLANCE = 1.0  # for the servers that `init` looks for: this machine answers at once
_FEWEST, _MOST = 256, 1 << 24  # tokens that a context may have
_MODELS = 1000  # of one list; a gateway has some hundreds
_NAMED = 5  # models that an error lists


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a server says: its models (none: it was not reached, or is something else), and a context.

    ``context`` is 0 when it is not said.
    """

    models: tuple[str, ...] = ()
    context: int = 0


def look(where: Endpoint, model: str) -> Look:
    """Ask a server for its models, and for the context of ``model`` (empty: of the only one)."""
    return _run(_look(where, model, _SECONDS))


def listening(environ: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the local servers that answer now, by name, with the models of each."""
    import asyncio

    async def every() -> list[Look]:
        places = [endpoint(environ, CHAT, at=at, keyless=True) for at in LOCAL.values()]
        return await asyncio.gather(*[_look(place, "", _GLANCE) for place in places])

    found = zip(LOCAL, _run(every()), strict=True)
    return {name: seen.models for name, seen in found if seen.models}


def chosen(seen: Look, where: Endpoint) -> str:
    """Return the model to ask when the person names none: the only one that the server has.

    Raises NoProgress when it was not reached, and UsageError when there are several.
    """
    name = "name one: --model NAME, or git config gitmem.model NAME"
    if not seen.models:
        raise NoProgress(
            f"{where.named} does not say which models it has",
            hint=f"start it, or say where it is: git config gitmem.host HOST:PORT; or {name}",
        )
    if len(seen.models) > 1:
        named = ", ".join(printable(model) for model in seen.models[:_NAMED])
        more = len(seen.models) - _NAMED
        named += f" and {more} more" if more > 0 else ""
        raise UsageError(f"{where.named} has several models: {named}", hint=name)
    return seen.models[0]


def _run(work: Coroutine[Any, Any, T]) -> T:
    from gitmem.models.event_loop import LoopThread

    loop = LoopThread()
    try:
        return loop.run(work)
    finally:
        loop.stop()


async def _look(where: Endpoint, model: str, seconds: float) -> Look:
    import asyncio

    models: tuple[str, ...] = ()
    context = 0
    try:
        # Making the client reads the machine's certificates, which is no time of the server's.
        async with connection.http(where) as client, asyncio.timeout(seconds):
            asked = _Asked(client, where)
            listed = _listed(await asked.get(f"{where.url}{where.service.models}"))
            models = tuple(listed)
            name = model or (models[0] if len(models) == 1 else "")
            context = _of_entry(listed.get(name, {}))
            if name and not context and where.is_near:
                context = await _context(asked, where, name)
    except TimeoutError:
        pass  # what was said in time counts
    return Look(models=models, context=context)


async def _context(asked: _Asked, where: Endpoint, model: str) -> int:
    """Return a context as the servers that are no part of the API say it, each in its own place."""
    parts = urlsplit(where.url)
    root = f"{parts.scheme}://{parts.netloc}"
    settings = (await asked.get(f"{root}/props")).get("default_generation_settings")
    if isinstance(settings, dict) and _sound(settings.get("n_ctx")):
        return _sound(settings.get("n_ctx"))
    entry = _listed(await asked.get(f"{root}/api/v0/models")).get(model, {})
    if _of_entry(entry):
        return _of_entry(entry)
    running = (await asked.get(f"{root}/api/ps")).get("models")
    for one in running if isinstance(running, list) else ():
        if isinstance(one, dict) and one.get("name") == model and _sound(one.get("context_length")):
            return _sound(one.get("context_length"))
    shown = await asked.get(f"{root}/api/show", {"model": model})
    return _of_ollama(shown) if shown else 0


def _of_ollama(shown: Mapping[str, Any]) -> int:
    """Return what Ollama will give a model: what its file says, else the default, at most what it can."""
    parameters, info = shown.get("parameters"), shown.get("model_info")
    if isinstance(parameters, str):
        said = re.search(r"^num_ctx\s+(\d{1,9})\s*$", parameters, re.MULTILINE)
        if said and _sound(int(said[1])):
            return _sound(int(said[1]))
    lengths = [
        _sound(value)
        for name, value in (info.items() if isinstance(info, dict) else ())
        if str(name).endswith(".context_length")
    ]
    return min([OLLAMA_CONTEXT, *filter(None, lengths)])


def _listed(answer: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the entries of a list of models, by name."""
    data = answer.get("data")
    entries = data[:_MODELS] if isinstance(data, list) else []
    return {
        entry["id"]: entry
        for entry in entries
        if isinstance(entry, dict) and isinstance(entry.get("id"), str) and entry["id"]
    }


def _of_entry(entry: Mapping[str, Any]) -> int:
    """Return the context that an entry of the list tells, in the words of the servers that do.

    llama.cpp, vLLM, LM Studio for a model that is loaded, OpenRouter.
    """
    meta = entry.get("meta")
    said = [meta.get("n_ctx") if isinstance(meta, dict) else None]
    said += [entry.get(name) for name in ("max_model_len", "loaded_context_length")]
    said += [entry.get("context_length")]
    return next(filter(None, map(_sound, said)), 0)


def _sound(value: object) -> int:
    number = figure(value)
    return int(number) if _FEWEST <= number <= _MOST else 0


class _Asked:
    """Asks a server for JSON objects; whatever else comes is an empty one."""

    def __init__(self, client: httpx2.AsyncClient, where: Endpoint) -> None:
        self._client = client
        self._headers = {**connection.HEADERS, **where.authorization}

    async def get(self, url: str, data: Mapping[str, object] | None = None) -> Mapping[str, Any]:
        method = "GET" if data is None else "POST"
        try:
            answer = await self._client.request(method, url, json=data, headers=self._headers)
            found = json.loads(answer.content) if answer.status_code == 200 else {}  # noqa: PLR2004
        except connection.problems():
            return {}
        return found if isinstance(found, dict) else {}
