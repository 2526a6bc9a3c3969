"""Deliver a review to the remote, with its pull request, by the method that the forge supports."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from gitmem.forge import programs
from gitmem.forge.pull_request import description
from gitmem.forge.remote_review import PROPOSED
from gitmem.git import network, refs
from gitmem.git.repository import REVIEW

if TYPE_CHECKING:
    from gitmem.forge.programs import PullRequest
    from gitmem.forge.pull_request import ReviewFacts
    from gitmem.git.network import Talk
    from gitmem.git.repository import Repository


_TOPIC = "gitmem-drain"  # the topic by which AGit knows the request


class Method(StrEnum):
    """How a pull request is opened and updated."""

    COMMAND = "command"
    GH = "gh"
    GITLAB = "push options"
    AGIT = "AGit"
    PLAIN = "push"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeSettings:
    """What the person configured: a command (or empty), and the forge (None: by the host's name).

    ``template`` is the template of a pull request's text.
    """

    template: str
    command: str = ""
    forge: Forge | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What to deliver: the commit ``tip``, with its pull request and the facts behind that.

    ``expected`` is the review branch's commit at the remote; empty: it is not there.
    """

    repo: Repository
    talk: Talk
    tip: str
    expected: str
    pull_request: PullRequest
    facts: ReviewFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryResult:
    """The result: the ``method`` used in the end, and whether this pushed anything.

    ``url`` is an address that the server named, ``note`` a sentence for the person; both may be
    empty.
    """

    method: Method
    pushed: bool = False
    url: str = ""
    note: str = ""


def method_for(repo: Repository, settings: ForgeSettings, remote: str) -> Method:
    """Return the person's command, else what fits the forge, else a plain push."""
    if settings.command:
        return Method.COMMAND
    place = place_of(network.push_url(repo, remote))
    match settings.forge or place.forge:
        case Forge.GITHUB:
            return Method.GH if programs.has_gh(repo) else Method.PLAIN
        case Forge.GITLAB:
            return Method.GITLAB
        case Forge.FORGEJO | Forge.GITEA:
            return Method.AGIT
        case Forge.PLAIN:
            return Method.PLAIN
        case other:
            assert_never(other)


def deliver(delivery: Delivery, method: Method) -> DeliveryResult | None:
    """Push the review; return None when another push was faster.

    Push options go only to a server that advertises them; elsewhere the branch is pushed plainly.
    Raises what a push raises.
    """
    try:
        if method is Method.AGIT:
            return _agit(delivery)
        options = _gitlab(delivery) if method is Method.GITLAB else []
        return _branch(delivery, method, options)
    except network.NoOptions:
        done = _branch(delivery, Method.PLAIN, [])
    if done is None:
        return None
    note = f"{delivery.pull_request.remote} takes no push options; the branch was pushed without a pull request"
    return DeliveryResult(method=done.method, pushed=done.pushed, url=done.url, note=note)


def run_program(
    repo: Repository, settings: ForgeSettings, method: Method, request: PullRequest
) -> str:
    """Run the program that opens the request after the push; return the address it printed."""
    match method:
        case Method.COMMAND:
            return programs.own(repo, settings.command, request)
        case Method.GH:
            place = place_of(network.push_url(repo, request.remote))
            return programs.gh(repo, f"{place.host}/{place.path}", request)
        case Method.GITLAB | Method.AGIT | Method.PLAIN:
            return ""
        case other:
            assert_never(other)


def _branch(delivery: Delivery, method: Method, options: list[str]) -> DeliveryResult | None:
    if delivery.tip == delivery.expected:
        return DeliveryResult(method=method)
    answer = network.push_review(
        delivery.repo,
        delivery.pull_request.remote,
        f"{delivery.tip}:{REVIEW}",
        delivery.talk,
        expected=delivery.expected,
        options=options,
    )
    return (
        None
        if answer is None
        else DeliveryResult(method=method, pushed=True, url=programs.address(answer))
    )


def _gitlab(delivery: Delivery) -> list[str]:
    """GitLab's push options (https://docs.gitlab.com/topics/git/commit/, "Push options").

    A later push with them updates the open request.
    """
    return [
        "merge_request.create",
        f"merge_request.target={delivery.pull_request.target}",
        f"merge_request.title={delivery.pull_request.title}",
        f"merge_request.description={description(delivery.facts)}",
        "merge_request.remove_source_branch",
    ]


def _agit(delivery: Delivery) -> DeliveryResult | None:
    """Push to a ref that only starts a request (https://forgejo.org/docs/latest/user/agit-support/).

    There is no branch to lease. Raises NotProposed when the server made an ordinary ref of it.
    """
    repo, remote = delivery.repo, delivery.pull_request.remote
    known = refs.resolve(repo, PROPOSED + remote)
    if known == delivery.tip:
        return DeliveryResult(method=Method.AGIT)
    ref = f"refs/for/{delivery.pull_request.target}"
    options = [
        f"topic={_TOPIC}",
        f"title={delivery.pull_request.title}",
        f"description={description(delivery.facts)}",
    ]
    if known and not refs.contains(repo, delivery.tip, known):
        options.append("force-push=true")
    answer = network.push_review(
        repo, remote, f"{delivery.tip}:{ref}", delivery.talk, options=options
    )
    if network.has_ref(repo, remote, ref, delivery.talk):
        raise programs.NotProposed(
            f"{remote} made an ordinary ref, {ref}, so it does not speak AGit",
            hint="git config gitmem.forge plain; have that ref removed at the remote",
        )
    if answer is None:
        return None
    return DeliveryResult(method=Method.AGIT, pushed=True, url=programs.address(answer))


_SCP = re.compile(r"(?:[^@/:]+@)?(\[[^]]+\]|[^/:]+):(?!//)(.*)")
_URL = re.compile(r"(?:https?|ssh|git|git\+ssh)://(?:[^/@]*@)?(\[[^]]+\]|[^/:]*)(?::\d+)?/(.*)")


class Forge(StrEnum):
    """The values of `git config gitmem.forge`."""

    GITHUB = "github"
    GITLAB = "gitlab"
    FORGEJO = "forgejo"
    GITEA = "gitea"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteAddress:
    """The host and path (``owner/name``) of a remote's URL; both empty for a folder."""

    host: str = ""
    path: str = ""

    @property
    def forge(self) -> Forge:
        """Return the forge by the host's name, which never tells Forgejo or Gitea."""
        names = self.host.split(".")
        if self.host == "github.com" or "github" in names or self.host.endswith(".ghe.com"):
            return Forge.GITHUB
        return Forge.GITLAB if "gitlab" in names else Forge.PLAIN


def place_of(url: str) -> RemoteAddress:
    """Split a remote's URL; return an empty place for a path on this machine."""
    match = _URL.fullmatch(url) or (None if "://" in url else _SCP.fullmatch(url))
    if match is None:
        return RemoteAddress()
    return RemoteAddress(host=match[1].lower(), path=match[2].strip("/").removesuffix(".git"))
