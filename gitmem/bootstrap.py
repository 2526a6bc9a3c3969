"""The composition root: the only place that puts settings, shipped files and engines together."""

from __future__ import annotations

import math
import os
import random
import secrets
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem import assets, settings
from gitmem.domain import claude_settings
from gitmem.domain.errors import NeedsPerson, Refused, Usage
from gitmem.domain.forges import Forge
from gitmem.domain.plan import Work
from gitmem.engine import rehearsal
from gitmem.engine.ci_files import FILES, ShippedCi
from gitmem.engine.deliver import Terms
from gitmem.engine.doctor import Kit
from gitmem.engine.install import Shipped
from gitmem.engine.judged import Judged
from gitmem.engine.stats import Rates
from gitmem.engine.verbatim import Verbatim
from gitmem.llm.trusted import check_server, confirmed
from gitmem.store import local, repository, target
from gitmem.store.answers import Answers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.engine.ports import Engine, Model
    from gitmem.llm.loopback import Loopback
    from gitmem.llm.prices import Price
    from gitmem.settings import SharedSettings
    from gitmem.store.repository import Repository

PRESETS = ("claude", "codex", "llm")
ENGINES = ("verbatim", "anthropic", "command", *PRESETS)
DEADLINE = 120.0  # seconds of a whole close
_ANY = range(-64, 256)
_UNSET = 5  # what `git config --unset-all` answers when there is nothing to unset


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """The repository a command works in, what everybody in it shares, and whether `init` ran."""

    repo: Repository
    settings: SharedSettings
    wired: bool

    @property
    def configured(self) -> str:
        """The target's name as the settings have it; empty when they have none."""
        return self.settings.target or ""

    def personal(self, key: str) -> str:
        """A personal setting, `git config gitmem.<key>`; empty when unset.

        Raises Refused for one from a file in the work tree: that is no person's, it came with a
        clone or may leave with the next commit.
        """
        said = self.repo.git("config", "-z", "--show-origin", "--get", f"gitmem.{key}", ok=(0, 1))
        origin, _, value = os.fsdecode(said.out).removesuffix("\0").partition("\0")
        file = os.path.normpath(Path(self.repo.top) / origin.removeprefix("file:"))
        if origin.startswith("file:") and self._shared(file):
            raise Refused(
                f"gitmem.{key} comes from {os.path.relpath(file, self.repo.top)}, a file in the "
                "work tree",
                hint=f"set it in this clone: git config --local gitmem.{key} VALUE",
            )
        return value

    def _shared(self, file: str) -> bool:
        """Whether a file lies in the work tree, and not in the git directory."""
        own = (self.repo.git_dir, self.repo.common)
        below = [os.path.commonpath([file, folder]) == folder for folder in (self.repo.top, *own)]
        return below[0] and not any(below[1:])

    def personal_yes(self, key: str) -> bool:
        """Whether a personal setting says yes, as git reads a boolean; no when unset or anything else."""
        done = self.repo.git("config", "--type=bool", "--get", f"gitmem.{key}", ok=_ANY)
        return done.text == "true"

    def keep(self, key: str, value: str) -> None:
        """Sets a personal setting in this clone. Raises NeedsPerson when git cannot write it."""
        done = self.repo.git("config", "--local", "--replace-all", f"gitmem.{key}", value, ok=_ANY)
        if done.code:
            raise NeedsPerson(f"git config gitmem.{key} could not be set: {done.said.strip()}")

    def kept(self, key: str) -> str:
        """A personal setting of this clone alone; empty when unset."""
        return self.repo.git("config", "--local", "--get", f"gitmem.{key}", ok=(0, 1)).text

    def forget(self, key: str) -> None:
        """Unsets a personal setting in this clone. Raises NeedsPerson when git cannot."""
        done = self.repo.git("config", "--local", "--unset-all", f"gitmem.{key}", ok=_ANY)
        if done.code not in (0, _UNSET):
            raise NeedsPerson(f"git config gitmem.{key} could not be unset: {done.said.strip()}")


def unsettled(repo: Repository) -> Workplace:
    """The workplace of a command that needs no shared settings, whatever state they are in."""
    return Workplace(repo=repo, settings=settings.SharedSettings(target=None), wired=False)


def workplace(cwd: str, environ: Mapping[str, str]) -> Workplace:
    """Finds the repository and reads its settings file from the work tree.

    Raises NoRepository, and NeedsPerson for a settings file that is not in order.
    """
    repo = repository.discover(cwd, environ)
    text = target.settings_text(repo).decode("utf-8", "surrogateescape")
    shared = settings.read_shared(text or None)
    return Workplace(repo=repo, settings=shared, wired=bool(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The engine of a close, why it is that one, and the model behind it (None: none is asked)."""

    engine: Engine
    why: str
    model: Model | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
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
    own = place.personal("engine")
    said = environ.get("GITMEM_ENGINE", "")
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
    place: Workplace, asked: Asked, environ: Mapping[str, str], *, client: str
) -> Chosen:
    """The engine that `engine_name` names, with the model behind it.

    Never from a file of the repository: a clone must not choose who reads the flags. ``client`` is
    the agent client this runs in, whose environment a repository can set: there a variable counts
    as far as the person's own settings confirm it. Raises Usage, Credentials, and Refused for what
    nobody confirmed.
    """
    name, why = engine_name(place, asked.engine, environ, client=client)
    if name == "verbatim":
        return Chosen(engine=Verbatim(), why=why)
    if not asked.asks:
        environ = {"ANTHROPIC_API_KEY": "nobody-is-asked", **environ}
    model = _model(place, name, _model_name(place, asked.model, environ, client), environ, client)
    until = time.monotonic() + asked.deadline
    engine = Judged(
        model,
        _orders(),
        mark=lambda: secrets.token_hex(8),
        until=until,
        answers=Answers(place.repo.folder),
    )
    return Chosen(engine=engine, why=why, model=model)


def handover(model: Model, *, marked: bool) -> Judged:
    """The engine of `plan` and `apply`: its questions are those of a close with a model.

    ``marked``: with a random mark, as sent; else with an empty one, as a key is made from.
    """
    from gitmem.llm.handover import Unkept

    return Judged(
        model,
        _orders(),
        mark=lambda: secrets.token_hex(8) if marked else "",
        until=math.inf,
        answers=Unkept(),
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
        from gitmem.llm.anthropic import MODEL, Anthropic

        if client:
            check_server(environ, client=client, named=place.personal("host"), top=place.repo.top)
        price = own_price(place)
        return Anthropic(
            environ,
            clock=time.monotonic,
            chance=random.random,
            model=wanted,
            own_prices={wanted or MODEL: price} if price else None,
        )
    from gitmem.llm.command import Command

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
    return Command(words, environ, clock=time.monotonic, model=wanted, price=own_price(place))


def own_price(place: Workplace) -> Price | None:
    """What the person says the model of a close costs, `git config gitmem.price`; None when unset."""
    from gitmem.llm.prices import read_price

    text = place.personal("price")
    return read_price(text) if text else None


def rates(model: str, price: str) -> Rates:
    """What a session's own model costs: by the ``price`` given (in/out), else by the table.

    Without a price for cached tokens, they cost a tenth of others. Raises Usage for a model without
    a price.
    """
    from gitmem.llm import prices

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


def terms(place: Workplace, *, client: str) -> Terms:
    """How `close --pr` opens a request: git config gitmem.prCommand and gitmem.forge.

    Never from a file of the repository, and from no environment. Inside an agent client only this
    clone's own configuration names a command: what a global one is there, a repository's settings
    can choose. Raises Usage for a forge nobody knows.
    """
    command = place.kept("prCommand") if client else place.personal("prCommand")
    named = place.personal("forge").lower()
    if named and named not in {one.value for one in Forge}:
        raise Usage(
            f"git config gitmem.forge is {named!r}",
            hint="one of " + ", ".join(one.value for one in Forge),
        )
    return Terms(
        template=assets.read("templates/pr/body.md"),
        command=command.strip(),
        forge=Forge(named) if named else None,
    )


def shipped(place: Workplace, chosen: SharedSettings) -> Shipped:
    """The texts `init` installs; the settings file keeps what a person wrote into it."""
    here = local.read_plain(f"{place.repo.top}/{target.SETTINGS}", target.LONGEST)
    return Shipped(
        hooks=assets.read("hooks/claude-code/hooks.json"),
        config=settings.render_shared(
            here.decode() or None, chosen, assets.read("templates/config.yaml")
        ),
        gitattributes=attributes(),
        skill=assets.read("templates/skills/gitmem-close/SKILL.md"),
        skills=own_skills(),
        ci=ci(),
    )


def ci() -> ShippedCi:
    """What runs the check in CI, and the pre-push hook beside it."""
    return ShippedCi(
        texts={path: assets.read(name) for files in FILES.values() for path, name in files.items()},
        hook=assets.read("hooks/git/pre-push"),
        versions=frozenset(assets.read("templates/ci/shipped.sha256").split()),
    )


def doctor_kit() -> Kit:
    """What `doctor` compares with and fires."""
    return Kit(
        hooks=assets.read("hooks/claude-code/hooks.json"),
        payloads=assets.read("hooks/claude-code/payloads.json"),
    )


def loopback() -> Loopback:
    """The model of a rehearsal; it listens inside its context."""
    from gitmem.llm.loopback import Loopback

    return Loopback([rehearsal.COMMAND], tool=rehearsal.TOOL, text=rehearsal.ANSWER)


def watched_events() -> frozenset[str]:
    """The events of Claude Code that gitmem's own hooks are for."""
    shipped_hooks = claude_settings.parse_hooks(assets.read("hooks/claude-code/hooks.json"))
    return frozenset(hook.event for hook in shipped_hooks)


def own_skills() -> frozenset[str]:
    """Digests of every version of gitmem's own skill that was ever shipped."""
    return frozenset(assets.read("templates/skills/gitmem-close/shipped.sha256").split())


def attributes() -> str:
    """The attributes that `init` gives to drain records and `uninstall` takes away."""
    return assets.read("templates/drains.gitattributes")


def chosen_settings(place: Workplace, asked: str) -> SharedSettings:
    """The settings `init` fixes: the target asked for, else configured, else found."""
    name = asked or place.configured or target.default_name(place.repo)
    if asked and not target.exists(place.repo, asked):
        raise Usage(
            f"there is no branch {asked} here or at origin", hint="make it first, or fetch it"
        )
    if not name:
        raise Usage("HEAD is detached", hint="name the branch that memory lives on: --target main")
    return replace(place.settings, target=name)
