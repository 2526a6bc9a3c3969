"""Which engine judges in a close, why it is that one, and what its model costs."""

from __future__ import annotations

import math
import random
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.bootstrap import assets
from gitmem.core.errors import Usage
from gitmem.drain.model_engine import ModelEngine
from gitmem.drain.plan import Work
from gitmem.drain.verbatim import Verbatim
from gitmem.git.claim import temporary_folder
from gitmem.models.answer_store import AnswerStore
from gitmem.models.endpoint import check_program, check_server, confirmed, for_program
from gitmem.proof.stats import Rates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.bootstrap.workplace import Workplace
    from gitmem.drain.ports import Engine, Model
    from gitmem.models.prices import Price

PRESETS = ("claude", "codex", "llm")
ENGINES = ("verbatim", "anthropic", "command", *PRESETS)
DEADLINE = 120.0  # seconds of a whole close


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineChoice:
    """The engine of a close, why it is that one, and the model behind it (None: none is asked)."""

    engine: Engine
    why: str
    model: Model | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRequest:
    """What the command line asked for: engine and model (empty: not given), seconds for it all.

    ``asks`` is false when nobody will be asked; then no key is needed.
    """

    engine: str = ""
    model: str = ""
    deadline: float = DEADLINE
    asks: bool = True


def engine_name(
    place: Workplace, asked: str, environ: Mapping[str, str], *, client: str = ""
) -> tuple[str, str]:
    """The engine's name and where it comes from: asked for, environment, git config, a key there.

    Raises Usage for a name nobody knows, and Refused for one that a repository may have put into
    the environment of ``client``; `verbatim`, which sends nothing anywhere, anybody may name.
    """
    said = environ.get("GITMEM_ENGINE", "")
    own = "" if asked or said == "verbatim" else place.personal("engine")
    if not asked and said != "verbatim":
        said = confirmed("GITMEM_ENGINE", said, client=client, own=own, key="engine")
    ways = (
        (asked, "--engine"),
        (said, "GITMEM_ENGINE"),
        (own, "git config gitmem.engine"),
        ("anthropic" if has_key(environ) else "", "a key is in the environment"),
        ("verbatim", "no model is configured"),
    )
    name, why = next(way for way in ways if way[0])
    if name not in ENGINES:
        raise Usage(f"unknown engine {name!r} ({why})", hint="one of " + ", ".join(ENGINES))
    return name, why


def has_key(environ: Mapping[str, str]) -> bool:
    """Whether a key for the Messages API is in the environment."""
    names = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")
    return any(environ.get(name, "").strip() for name in names)


def choose_engine(
    place: Workplace, asked: EngineRequest, environ: Mapping[str, str], *, client: str
) -> EngineChoice:
    """The engine that `engine_name` names, with the model behind it.

    Never from a file of the repository: a clone must not choose who reads the flags. ``client`` is
    the agent client this runs in, whose environment a repository can set: there a variable counts
    as far as the person's own settings confirm it. Raises Usage, Credentials, and Refused for what
    nobody confirmed.
    """
    name, why = engine_name(place, asked.engine, environ, client=client)
    if name == "verbatim":
        return EngineChoice(engine=Verbatim(), why=why)
    if not asked.asks:
        environ = {"ANTHROPIC_API_KEY": "nobody-is-asked", **environ}
    model = _model(place, name, _model_name(place, asked.model, environ, client), environ, client)
    until = time.monotonic() + asked.deadline
    engine = ModelEngine(
        model,
        _orders(),
        mark=lambda: secrets.token_hex(8),
        until=until,
        answers=AnswerStore(place.repo.folder),
    )
    return EngineChoice(engine=engine, why=why, model=model)


def handover(model: Model, *, marked: bool) -> ModelEngine:
    """The engine of `plan` and `apply`: its questions are those of a close with a model.

    ``marked``: with a random mark, as sent; else with an empty one, as a key is made from.
    """
    from gitmem.drain.handover import NoStoredAnswers

    return ModelEngine(
        model,
        _orders(),
        mark=lambda: secrets.token_hex(8) if marked else "",
        until=math.inf,
        answers=NoStoredAnswers(),
    )


def _orders() -> dict[Work, str]:
    return {work: assets.read(f"templates/prompts/{work.value}.md") for work in Work}


def _model_name(place: Workplace, asked: str, environ: Mapping[str, str], client: str) -> str:
    if asked:
        return asked
    own, said = place.personal("model"), environ.get("GITMEM_MODEL", "")
    return confirmed("GITMEM_MODEL", said, client=client, own=own, key="model") or own


def _model(
    place: Workplace, name: str, wanted: str, environ: Mapping[str, str], client: str
) -> Model:
    if name == "anthropic":
        from gitmem.models.anthropic import MODEL, Anthropic

        if client:
            check_server(
                environ, client=client, named=place.counted_personal("host"), top=place.repo.top
            )
        price = own_price(place)
        return Anthropic(
            environ,
            clock=time.monotonic,
            chance=random.random,
            model=wanted,
            own_prices={wanted or MODEL: price} if price else None,
        )
    from gitmem.models.command import Command

    words = name
    if name == "command":
        own, said = place.personal("command"), environ.get("GITMEM_COMMAND", "")
        words = confirmed("GITMEM_COMMAND", said, client=client, own=own, key="command") or own
        if not words:
            raise Usage(
                "the engine command has no command",
                hint="git config gitmem.command 'program --option', which reads the prompt from "
                "standard input and prints JSON",
            )
    keeps = "ANTHROPIC_" if name == "claude" else ""
    if client and keeps:
        check_program(
            environ, client=client, named=place.counted_personal("host"), top=place.repo.top
        )
    environ = for_program(environ, client=client, keeps=keeps)
    return Command(
        words,
        environ,
        clock=time.monotonic,
        model=wanted,
        price=own_price(place),
        folder=temporary_folder,
    )


def own_price(place: Workplace) -> Price | None:
    """What the person says the model of a close costs, `git config gitmem.price`; None when unset."""
    from gitmem.models.prices import read_price

    text = place.counted_personal("price")
    return read_price(text) if text else None


def rates(model: str, price: str) -> Rates:
    """What a session's own model costs: by the ``price`` given (in/out), else by the table.

    Without a price for cached tokens, they cost a tenth of others. Raises Usage for a model without
    a price.
    """
    from gitmem.models import prices

    found = prices.read_price(price) if price else prices.price_of(model)
    if found is None:
        raise Usage(
            f"nobody has told the price of {model!r}",
            hint="--inline-price 4/20, in dollars for a million tokens in and out; or one of "
            + ", ".join(prices.PRICES),
        )
    return Rates(
        model=model,
        tokens_in=found.tokens_in,
        tokens_out=found.tokens_out,
        cached=found.tokens_in / 10 if found.cached is None else found.cached,
        basis="--inline-price" if price else f"price table of {prices.AS_OF}",
    )
