"""Which engine judges in a close, why it is that one, and what its model costs."""

from __future__ import annotations

import math
import random
import secrets
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitmem.bootstrap import assets
from gitmem.core.errors import UsageError
from gitmem.drain.plan import Work
from gitmem.drain.verbatim import Verbatim
from gitmem.git.claim import temporary_folder
from gitmem.models.answer_store import AnswerStore
from gitmem.models.endpoint import (
    CHAT,
    MESSAGES,
    check_homes,
    check_program,
    check_server,
    confirmed,
    endpoint,
    for_program,
)
from gitmem.models.programs import presets
from gitmem.models.servers.look import LOCAL
from gitmem.models.servers.notes import ServerNotes
from gitmem.proof.stats import Rates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.bootstrap.workplace import Workplace
    from gitmem.drain.model_engine import ModelEngine
    from gitmem.drain.ports import Engine, Model
    from gitmem.models.batches.asking import Batching
    from gitmem.models.served import Means
    from gitmem.models.usage import Price

PRESETS = tuple(presets.PRESETS)
ENGINES = ("verbatim", "anthropic", "openai", *LOCAL, "command", *PRESETS)
DEADLINE = 120.0  # seconds of a whole close
UNASKED = "the server's model"  # in a dry run, which asks for nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineChoice:
    """The engine of a close, why it was chosen, and the model behind it (None: no model).

    ``deadline`` is in seconds, for all questions together. ``batching`` asks by message batches, until ``until``
    (seconds of the monotonic clock); None: the questions are asked one by one.
    """

    engine: Engine
    why: str
    model: Model | None = None
    deadline: float = DEADLINE
    batching: Batching | None = None
    until: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRequest:
    """The options given: engine and model (empty: not given), and the seconds for all questions.

    ``asks`` is false when no model will be asked; then no key is needed. ``afresh``: what is remembered
    of the shape that a server honours does not count. ``batch``: the questions go into a message batch.
    """

    engine: str = ""
    model: str = ""
    deadline: float = DEADLINE
    asks: bool = True
    afresh: bool = False
    batch: bool = False


def engine_name(
    place: Workplace, given: str, environ: Mapping[str, str], *, client: str = ""
) -> tuple[str, str]:
    """Return the engine's name and its origin: option, environment, git config, or a key there.

    Raises UsageError for an unknown name, and Refused for one that a repository may have put into the
    environment of ``client``. `verbatim` is always allowed: it sends nothing anywhere.
    """
    named = environ.get("GITMEM_ENGINE", "")
    own = "" if given or named == "verbatim" else place.personal("engine")
    if not given and named != "verbatim":
        named = confirmed("GITMEM_ENGINE", named, client=client, own=own, key="engine")
    sources = (
        (given, "--engine"),
        (named, "GITMEM_ENGINE"),
        (own, "git config gitmem.engine"),
        _by_key(environ, client),
    )
    name, why = next(source for source in sources if source[0])
    if name not in ENGINES:
        raise UsageError(f"unknown engine {name!r} ({why})", hint="one of " + ", ".join(ENGINES))
    return name, why


def _by_key(environ: Mapping[str, str], client: str) -> tuple[str, str]:
    """Return the engine of the key that is there, and why; `verbatim` where a key chooses nothing.

    Inside a client it does not: a repository's settings can put one into the session.
    """
    there = keys_there(environ)
    if there and client:
        return "verbatim", f"no engine is configured, and inside {client} a key chooses none"
    for name, key in there.items():
        if name != "openai" or _has_openai():
            return name, f"{key} is in the environment"
    if there:
        return "verbatim", "no engine is configured; for OPENAI_API_KEY add gitmem-cli[openai]"
    return "verbatim", "no model is configured"


def _has_openai() -> bool:
    from gitmem.models.chat.openai import installed

    return installed()


def keys_there(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the engines that have a key in the environment, in the order of choice, with its variable."""
    return {
        name: key
        for name, service in (("anthropic", MESSAGES), ("openai", CHAT))
        for key in reversed(service.keys)
        if environ.get(key, "").strip()
    }


def choose_engine(
    place: Workplace, request: EngineRequest, environ: Mapping[str, str], *, client: str
) -> EngineChoice:
    """Return the engine that `engine_name` names, with the model behind it.

    It never comes from a file of the repository: a clone must not choose who reads the flags.
    ``client`` is the agent client that this runs in. A repository can set its environment, so there a
    variable counts only if the person's own settings confirm it. Raises UsageError, Credentials, and
    Refused for an unconfirmed variable.
    """
    name, why = engine_name(place, request.engine, environ, client=client)
    if request.batch and name != "anthropic":
        raise UsageError(
            f"the engine {name} ({why}) has no message batches",
            hint="--batch is for --engine anthropic; without it the questions are asked one by one",
        )
    if name == "verbatim":
        return EngineChoice(engine=Verbatim(), why=why)
    from gitmem.drain.model_engine import ModelEngine
    from gitmem.models.batches.asking import Batching, SendsBatches
    from gitmem.models.batches.sent import SentBatches

    model = _named_model(place, name, request, environ, client=client)
    until = time.monotonic() + request.deadline
    kept, batching = AnswerStore(place.repo.folder), None
    if request.batch and isinstance(model, SendsBatches):
        batching = Batching(model.batches(), SentBatches(place.repo.folder), kept)
    engine = ModelEngine(
        model,
        _orders(),
        mark=lambda: secrets.token_hex(8),
        until=until,
        answers=batching.answers if batching else kept,
    )
    return EngineChoice(
        engine=engine,
        why=why,
        model=model,
        deadline=request.deadline,
        batching=batching,
        until=until,
    )


def model_here(place: Workplace, environ: Mapping[str, str], *, client: str) -> Model | None:
    """Return the configured model when its server is on this machine; None when it is not, or is none.

    What is remembered of its server does not count. Raises what `choose_engine` does.
    """
    name = place.counted_personal("engine")
    if name not in ("anthropic", "openai", *LOCAL):
        return None
    unasked = EngineRequest(asks=False, afresh=True)
    if not _named_model(place, name, unasked, environ, client=client).here:
        return None
    return _named_model(place, name, replace(unasked, asks=True), environ, client=client)


def handover(model: Model, *, marked: bool) -> ModelEngine:
    """Return the engine of `plan` and `apply`, with the questions of a close with a model.

    ``marked``: with a random mark, as sent; else with an empty one, from which a key is made.
    """
    from gitmem.drain.handover import NoStoredAnswers
    from gitmem.drain.model_engine import ModelEngine

    return ModelEngine(
        model,
        _orders(),
        mark=lambda: secrets.token_hex(8) if marked else "",
        until=math.inf,
        answers=NoStoredAnswers(),
        further=0,  # `plan` has printed all that is asked
    )


def _orders() -> dict[Work, str]:
    return {work: assets.read(f"templates/prompts/{work.value}.md") for work in Work}


def _model_name(place: Workplace, given: str, environ: Mapping[str, str], client: str) -> str:
    if given:
        return given
    own, said = place.personal("model"), environ.get("GITMEM_MODEL", "")
    return confirmed("GITMEM_MODEL", said, client=client, own=own, key="model") or own


def _named_model(
    place: Workplace,
    name: str,
    request: EngineRequest,
    environ: Mapping[str, str],
    *,
    client: str,
) -> Model:
    """Return the model of the engine ``name``; raises what `choose_engine` does."""
    if not request.asks:  # then no key is needed
        environ = dict.fromkeys((MESSAGES.keys[0], CHAT.keys[0]), "no-one-is-asked") | {**environ}
    wanted = _model_name(place, request.model, environ, client)
    if name == "anthropic":
        return _anthropic(place, replace(request, model=wanted), environ, client)
    if name == "openai" or name in LOCAL:
        return _openai(place, name, replace(request, model=wanted), environ, client)
    return _program(place, name, wanted, environ, client)


def _means(place: Workplace, request: EngineRequest, model: str, context: int = 0) -> Means:
    price = own_price(place)
    from gitmem.models.served import Means

    return Means(
        clock=time.monotonic,
        chance=random.random,
        own_prices={model: price} if price else None,
        notes=ServerNotes(place.repo.folder),
        context=context,
        afresh=request.afresh,
    )


def _anthropic(
    place: Workplace, request: EngineRequest, environ: Mapping[str, str], client: str
) -> Model:
    from gitmem.models.anthropic import MODEL, Anthropic

    where = endpoint(environ)
    if client:
        named = place.counted_personal("host")
        check_server(where, environ, client=client, named=named, top=place.repo.top)
    model, context = request.model or MODEL, 0
    if request.asks and where.is_near:
        from gitmem.models.servers.look import look

        context = look(where, model).context
    return Anthropic(where, model, _means(place, request, model, context))


def _openai(
    place: Workplace, name: str, request: EngineRequest, environ: Mapping[str, str], client: str
) -> Model:
    """Return a model behind Chat Completions: at the server that the person named, else the vendor's.

    A server of one's own (``name``) is where it usually is, or where the person says, and gets no
    key: a key in the environment is for another server.
    """
    from gitmem.models.chat.openai import MODEL, OpenAI, check_installed
    from gitmem.models.servers.look import Look, chosen, look

    check_installed()
    mine = place.personal("host")
    said = "" if name in LOCAL else environ.get(CHAT.address, "").strip()
    at = "" if said else mine or LOCAL.get(name, "")
    where = endpoint(environ, CHAT, at=at, keyless=name in LOCAL)
    if client:
        check_server(where, environ, client=client, named=at or mine, top=place.repo.top)
    model, seen = request.model or (MODEL if where.is_vendor else ""), Look()
    if request.asks and not where.is_vendor:
        seen = look(where, model)
        model = model or chosen(seen, where)
    means = _means(place, request, model, seen.context)
    return OpenAI(where, model or UNASKED, means, called=name, environ=environ)


def _program(
    place: Workplace, name: str, wanted: str, environ: Mapping[str, str], client: str
) -> Model:
    from gitmem.models.command import Command

    words = name
    if name == "command":
        own, said = place.personal("command"), environ.get("GITMEM_COMMAND", "")
        words = confirmed("GITMEM_COMMAND", said, client=client, own=own, key="command") or own
        if not words:
            raise UsageError(
                "the engine command has no command",
                hint="git config gitmem.command 'program --option', which reads the prompt from "
                "standard input and prints JSON",
            )
    keeps = "ANTHROPIC_" if name == "claude" else ""
    if client and keeps:
        check_program(
            environ, client=client, named=place.counted_personal("host"), top=place.repo.top
        )
    if client:
        check_homes(environ, presets.HOMES, client=client, top=place.repo.top)
    environ = for_program(environ, client=client, keeps=keeps, leads=presets.LEADS)
    return Command(
        words,
        environ,
        clock=time.monotonic,
        model=wanted,
        price=own_price(place),
        folder=temporary_folder,
    )


def own_price(place: Workplace) -> Price | None:
    """Return the price that `git config gitmem.price` gives for a close's model; None when unset."""
    from gitmem.models.usage import read_price

    text = place.counted_personal("price")
    return read_price(text) if text else None


def rates(model: str, price: str) -> Rates:
    """Return what a session's own model costs: by the ``price`` given (in/out), else by the table.

    Without a price of their own, cached tokens cost a tenth of input tokens. Raises UsageError for a model
    without a price.
    """
    from gitmem.models import usage

    cost = usage.read_price(price) if price else usage.price_of(model)
    if cost is None:
        raise UsageError(
            f"the price of {model!r} is not known",
            hint="give it: --inline-price 4/20, dollars per million tokens in/out; or use one of "
            + ", ".join(usage.PRICES),
        )
    return Rates(
        model=model,
        tokens_in=cost.tokens_in,
        tokens_out=cost.tokens_out,
        cached=cost.tokens_in / 10 if cost.cached is None else cost.cached,
        basis="--inline-price" if price else f"price table of {usage.AS_OF}",
    )
