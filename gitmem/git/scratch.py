"""A throw-away bare repository to fetch into, so that the person's own stays as it is.

A fetch of depth 1 makes a full clone shallow, and any fetch leaves objects and refs behind. The scratch
repository talks to the same remote in the same way: it gets the part of the clone's configuration that
says how to reach a server and how to log in there. It gets no hook, filter, alias or transport program
that the clone's configuration may name. The configuration goes through the environment, because it may
hold a password.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING

from gitmem.core.failures import Unreachable
from gitmem.git import network, objects, refs
from gitmem.git.claim import temporary_folder
from gitmem.git.network import Talk
from gitmem.git.process import ANY
from gitmem.git.repository import REVIEW, Repository

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType
    from typing import Self

# Sections and keys (git-config(1)) that say how to reach a server; `ext::` runs any command.
_TRANSPORT = (
    "http.",
    "url.",
    "credential.",
    "ssh.",
    "protocol.",
    "core.sshcommand",
    "core.askpass",
)
_NEVER = "protocol.ext."
_ITS_DEFAULT = "refs/heads/its-default"  # what `HEAD` of the remote is called here
_NEGOTIATION = "fetch.negotiationAlgorithm=noop"  # there is nothing to negotiate about


class Scratch:
    """A context manager; ``repo`` is the scratch repository, removed afterwards.

    It fetches from ``remote``, a remote of the clone. Raises Unreachable when there is no room for it.
    """

    __slots__ = ("_clone", "_open", "_talk", "remote", "repo")

    def __init__(self, clone: Repository, remote: str, talk: Talk | None = None) -> None:
        self.remote = remote
        self._clone = clone
        self._talk = talk or Talk(alone=True)
        self._open = ExitStack()

    def __enter__(self) -> Self:
        try:
            folder = self._open.enter_context(temporary_folder())
        except OSError as error:
            raise Unreachable(f"there is no room to fetch into: {error.strerror}") from error
        try:
            self.repo = _made(self._clone, folder, self.remote)
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._open.close()

    def fetch(self, ref: str, *options: str) -> str:
        """Fetch a ref of the remote under its own name; return its commit (empty: no such ref).

        Raises `gitmem.git.network.NotReached`.
        """
        self._fetch({ref: ref}, *options)
        return refs.resolve(self.repo, ref)

    def _fetch(self, places: Mapping[str, str], *options: str) -> None:
        """Fetch refs over one connection; over one more for each ref that the remote does not have.

        gitmem's own ref may well be absent, so it is fetched as a pattern, which may match nothing
        (git-fetch(1), "<refspec>").
        """
        left = dict(places)
        while left:
            specs = [
                f"+{ref}*:{place}*" if ref == REVIEW else f"+{ref}:{place}"
                for ref, place in left.items()
            ]
            absent = self._fetch_refspecs(specs, *options)
            if not absent:
                return
            if absent not in left:
                raise network.NotReached(f"{self.remote} lacks a ref that was not asked for")
            del left[absent]

    def _fetch_refspecs(self, specs: Sequence[str], *options: str) -> str:
        return network.fetch(
            self.repo, self.remote, specs, self._talk, options=options, config=[_NEGOTIATION]
        )

    def fetch_tips(self, wanted: Sequence[str], *options: str) -> dict[str, str]:
        """Fetch several refs, also `HEAD`; return ref and commit of those that the remote has."""
        places = {ref: _ITS_DEFAULT if ref == "HEAD" else ref for ref in wanted}
        self._fetch(places, *options)
        commits = {ref: refs.resolve(self.repo, place) for ref, place in places.items()}
        return {ref: tip for ref, tip in commits.items() if tip}

    def fetch_objects(self, oids: Sequence[str], *options: str) -> None:
        """Fetch objects by name, such as a fetched object names."""
        if oids:
            self._fetch_refspecs(oids, *options)

    def cut_parents(self, tip: str) -> list[str]:
        """Return the parents at which the fetched history of a tip is cut: git hides them, the commits name them."""
        named = self.repo.git("rev-list", tip).text.split("\n")
        shown = {*named, ""}
        parents: dict[str, None] = {}
        for content in objects.blobs(self.repo, named):
            lines = content.partition(b"\n\n")[0].decode("utf-8", "replace").split("\n")
            parents |= dict.fromkeys(line[7:] for line in lines if line.startswith("parent "))
        return [oid for oid in parents if oid not in shown]

    def fetch_parents(self, tip: str, *options: str) -> list[str]:
        """Fetch those parents; return them."""
        oids = self.cut_parents(tip)
        self.fetch_objects(oids, "--depth=1", *options)
        return oids

    def remote_tip(self, ref: str) -> str:
        """Return the object name of a ref at the remote without a fetch; empty without such a ref."""
        return network.list_refs(self.repo, self.remote, self._talk, ref).get(ref, "")

    def branches_at(self, ref: str) -> list[str]:
        """Return the short names of the remote's branches at the commit of one of its refs."""
        listing = network.list_refs(self.repo, self.remote, self._talk, ref, "refs/heads/*")
        tip = listing.pop(ref, "")
        return [name.removeprefix("refs/heads/") for name, oid in listing.items() if oid == tip]


def continues(clone: Repository, remote: str, ref: str, *, tip: str, seen: str) -> bool:
    """Whether a remote's tip descends from a commit, by the whole history of that ref.

    For a shallow clone, which cannot tell by itself. Raises `gitmem.git.network.NotReached`.
    """
    with Scratch(clone, remote) as place:
        place.fetch(ref)
        args = ("merge-base", "--is-ancestor", seen, tip)
        return place.repo.git(*args, ok=ANY).code == 0


class _Bare(Repository):
    """A bare repository, used from the clone's folder so that a relative address means the same."""

    __slots__ = ("_more",)

    def __init__(self, clone: Repository, folder: str, more: Mapping[str, str]) -> None:
        super().__init__(clone.top, folder, folder, clone.environ)
        self.options = ("--git-dir=" + folder,)
        self._more = more

    @property
    def env(self) -> dict[str, str]:
        """The environment of the clone's git children, with the configuration that goes along."""
        return {**super().env, **self._more}


def _made(clone: Repository, folder: str, remote: str) -> Repository:
    named = clone.git("rev-parse", "--show-object-format", ok=ANY).text or "sha1"
    bare = _Bare(clone, folder, {})
    bare.git("init", "--quiet", "--bare", "--template=", "--object-format=" + named, folder)
    settings = _listed(clone)
    missing = Counter(settings) - Counter(
        _listed(bare)
    )  # git reads what the person set for all repositories anyway
    told = [pair for pair in settings if _goes_along(pair[0], remote) and pair in missing]
    address = [pair for pair in settings if pair[0] == f"remote.{remote}.url"][:1]
    return _Bare(clone, folder, _environment([*told, *address, ("protocol.ext.allow", "never")]))


def _listed(repo: Repository) -> list[tuple[str, str]]:
    """Return every key and value of a repository's configuration, in order."""
    rows = repo.git("config", "--includes", "-z", "--list").out.split(b"\0")
    pairs = [row.decode("utf-8", "surrogateescape").partition("\n") for row in rows if row]
    return [(key, value) for key, _, value in pairs]


def _goes_along(key: str, remote: str) -> bool:
    proxies = (f"remote.{remote}.proxy", f"remote.{remote}.proxyauthmethod")
    return (key.startswith(_TRANSPORT) and not key.startswith(_NEVER)) or key in proxies


def _environment(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return configuration as variables (git(1), GIT_CONFIG_COUNT)."""
    variables = {"GIT_CONFIG_COUNT": str(len(pairs))}
    for number, (key, value) in enumerate(pairs):
        variables[f"GIT_CONFIG_KEY_{number}"] = key
        variables[f"GIT_CONFIG_VALUE_{number}"] = value
    return variables
