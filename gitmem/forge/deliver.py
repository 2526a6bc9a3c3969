"""Bring a review to the remote, and its request, in the way that the forge understands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from gitmem.forge import programs as forge
from gitmem.forge import pull_request as proposal
from gitmem.forge import remote_review as meet
from gitmem.git import network, refs
from gitmem.git.repository import REVIEW

if TYPE_CHECKING:
    from gitmem.forge.programs import PullRequest
    from gitmem.forge.pull_request import ReviewFacts
    from gitmem.git.network import Talk
    from gitmem.git.repository import Repository


_TOPIC = "gitmem-drain"  # what AGit knows the request by


class Method(StrEnum):
    """How a request is opened and updated."""

    COMMAND = "command"
    GH = "gh"
    GITLAB = "push options"
    AGIT = "AGit"
    PLAIN = "push"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeSettings:
    """What the person configured: a command (or empty), which forge (None: by the host's name).

    ``template`` is the text of a request.
    """

    template: str
    command: str = ""
    forge: Forge | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What is delivered: the commit ``tip``, with the texts of its request.

    ``expected`` is what the review branch is at there; empty: it is not there.
    """

    repo: Repository
    talk: Talk
    tip: str
    expected: str
    wish: PullRequest
    facts: ReviewFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryResult:
    """How it went: the ``way`` taken in the end, and whether it was not there before.

    ``url`` is what the server named, ``note`` a sentence for the person; both may be empty.
    """

    way: Method
    pushed: bool = False
    url: str = ""
    note: str = ""


def method_for(repo: Repository, terms: ForgeSettings, remote: str) -> Method:
    """The person's command, else what fits the forge, else a plain push."""
    if terms.command:
        return Method.COMMAND
    place = place_of(network.push_url(repo, remote))
    match terms.forge or place.forge:
        case Forge.GITHUB:
            return Method.GH if forge.has_gh(repo) else Method.PLAIN
        case Forge.GITLAB:
            return Method.GITLAB
        case Forge.FORGEJO | Forge.GITEA:
            return Method.AGIT
        case Forge.PLAIN:
            return Method.PLAIN
        case other:
            assert_never(other)


def deliver(parcel: Delivery, way: Method) -> DeliveryResult | None:
    """Pushes it; None when somebody else was faster.

    Push options go only to a server that says it takes them; to another the branch is pushed
    plainly. Raises what a push raises.
    """
    try:
        if way is Method.AGIT:
            return _agit(parcel)
        options = _gitlab(parcel) if way is Method.GITLAB else []
        return _branch(parcel, way, options)
    except network.NoOptions:
        done = _branch(parcel, Method.PLAIN, [])
    if done is None:
        return None
    note = f"{parcel.wish.remote} takes no push options, so the branch was pushed without a pull request"
    return DeliveryResult(way=done.way, pushed=done.pushed, url=done.url, note=note)


def asked(repo: Repository, terms: ForgeSettings, way: Method, wish: PullRequest) -> str:
    """The part that a program does after the push; the request's address, where it says one."""
    match way:
        case Method.COMMAND:
            return forge.own(repo, terms.command, wish)
        case Method.GH:
            place = place_of(network.push_url(repo, wish.remote))
            return forge.gh(repo, f"{place.host}/{place.path}", wish)
        case Method.GITLAB | Method.AGIT | Method.PLAIN:
            return ""
        case other:
            assert_never(other)


def _branch(parcel: Delivery, way: Method, options: list[str]) -> DeliveryResult | None:
    if parcel.tip == parcel.expected:
        return DeliveryResult(way=way)
    said = network.push_review(
        parcel.repo,
        parcel.wish.remote,
        f"{parcel.tip}:{REVIEW}",
        parcel.talk,
        expected=parcel.expected,
        options=options,
    )
    return None if said is None else DeliveryResult(way=way, pushed=True, url=forge.address(said))


def _gitlab(parcel: Delivery) -> list[str]:
    """GitLab's push options (https://docs.gitlab.com/topics/git/commit/, "Push options").

    On a later push they bring the open request up to date.
    """
    return [
        "merge_request.create",
        f"merge_request.target={parcel.wish.target}",
        f"merge_request.title={parcel.wish.title}",
        f"merge_request.description={proposal.description(parcel.facts)}",
        "merge_request.remove_source_branch",
    ]


def _agit(parcel: Delivery) -> DeliveryResult | None:
    """A push to a ref that only starts a request (https://forgejo.org/docs/latest/user/agit-support/).

    There is no branch to lease. A server that takes the ref for one of its own is found out.
    """
    repo, remote = parcel.repo, parcel.wish.remote
    known = refs.resolve(repo, meet.PROPOSED + remote)
    if known == parcel.tip:
        return DeliveryResult(way=Method.AGIT)
    ref = f"refs/for/{parcel.wish.target}"
    options = [
        f"topic={_TOPIC}",
        f"title={parcel.wish.title}",
        f"description={proposal.description(parcel.facts)}",
    ]
    if known and not refs.contains(repo, parcel.tip, known):
        options.append("force-push=true")
    said = network.push_review(repo, remote, f"{parcel.tip}:{ref}", parcel.talk, options=options)
    if network.has_ref(repo, remote, ref, parcel.talk):
        raise forge.NotProposed(
            f"{remote} made a ref of its own, {ref}, so it does not speak AGit",
            hint="git config gitmem.forge plain; and somebody may take that ref away there",
        )
    if said is None:
        return None
    return DeliveryResult(way=Method.AGIT, pushed=True, url=forge.address(said))


_SCP = re.compile(r"(?:[^@/:]+@)?(\[[^]]+\]|[^/:]+):(?!//)(.*)")
_URL = re.compile(r"(?:https?|ssh|git|git\+ssh)://(?:[^/@]*@)?(\[[^]]+\]|[^/:]*)(?::\d+)?/(.*)")


class Forge(StrEnum):
    """What `git config gitmem.forge` may say the remote is."""

    GITHUB = "github"
    GITLAB = "gitlab"
    FORGEJO = "forgejo"
    GITEA = "gitea"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a remote's URL leads: host and path (``owner/name``); both empty for a folder."""

    host: str = ""
    path: str = ""

    @property
    def forge(self) -> Forge:
        """The forge by the host's name. A Forgejo or Gitea is not known by it, and is never guessed."""
        names = self.host.split(".")
        if self.host == "github.com" or "github" in names or self.host.endswith(".ghe.com"):
            return Forge.GITHUB
        return Forge.GITLAB if "gitlab" in names else Forge.PLAIN


def place_of(url: str) -> Place:
    """Takes a remote's URL apart; an empty place for a path on this machine."""
    found = _URL.fullmatch(url) or (None if "://" in url else _SCP.fullmatch(url))
    if found is None:
        return Place()
    return Place(host=found[1].lower(), path=found[2].strip("/").removesuffix(".git"))
