"""Where a build machine gets gitmem: the requirement that the files of CI give to pip.

A source is pinned: a release by its version, a repository by a commit, an archive by its address and,
where it is known, its digest. It is text in a shell script in YAML, so it holds only harmless characters.
"""

from __future__ import annotations

import json
import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from gitmem.core.errors import Refused, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any
    from urllib.parse import SplitResult

PROJECT = "gitmem-cli"
OPTION = "--ci-source"
_RELEASE = r"gitmem-cli==[\w.!-]+"  # a version with a `+` is on no index (PEP 440, local versions)
_URL = r"[\w./:@%+~,=&#-]+"
#: How a file of CI names its source: what differs between two of them that are otherwise the same.
NAMED = re.compile(rf"'gitmem-cli @ (?P<url>{_URL})'|\b(?P<release>gitmem-cli==[\w.+!-]+)")
_COMMIT = re.compile(r"@([0-9a-f]{40}|[0-9a-f]{64})$")
_DIGEST = re.compile(r"(?:sha256=[0-9a-f]{64}|sha384=[0-9a-f]{96}|sha512=[0-9a-f]{128})")
_SCP = re.compile(r"(?P<user>[\w.-]+@)?(?P<host>[\w.-]+):(?P<path>[^/:][^:]*)")
_SCHEMES = ("https", "http", "ssh", "git")
#: Forges where an address for ssh is one for https as well; a build machine rarely has a key.
_ALSO_HTTPS = ("bitbucket.org", "codeberg.org", "github.com", "gitlab.com")
_HINT = (
    f"say where a build machine gets it: {OPTION} gitmem-cli==VERSION once that is on the index, or "
    f"{OPTION} git+https://HOST/REPOSITORY@COMMIT"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A pinned requirement: ``url`` is its address (PEP 508) or empty, then ``version`` is a release's."""

    url: str = ""
    version: str = ""

    @property
    def requirement(self) -> str:
        """The requirement as pip takes it."""
        return f"{PROJECT} @ {self.url}" if self.url else f"{PROJECT}=={self.version}"

    @property
    def quoted(self) -> str:
        """The requirement as a file of CI names it, one word of a shell."""
        return f"'{self.requirement}'" if self.url else self.requirement

    @property
    def place(self) -> str:
        """What two versions of one source share: the repository's address, or that it is a release."""
        if not self.url:
            return PROJECT
        address, _, fragment = self.url.partition("#")
        place = _COMMIT.sub("", address)
        if place == address:  # an archive: its name holds the version
            return posixpath.dirname(address)
        return place + (f"#{fragment}" if fragment else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """gitmem was installed from this folder; which commit that is, git knows.

    ``commit`` is the one that was installed, where that was told.
    """

    path: str
    commit: str = ""


def given(text: str) -> Source:
    """Return the source that a person named. Raises UsageError for one that is not pinned or not harmless."""
    said = text.strip()
    if re.fullmatch(_RELEASE, said):
        return Source(version=said.partition("==")[2])
    url = re.sub(r"^gitmem-cli\s*@\s*", "", said)
    address, _, fragment = url.partition("#")
    parts = urlsplit(address if re.fullmatch(_URL, url) else "")
    if not parts.hostname:
        raise UsageError(
            f"{OPTION} {said!r} is no source that pip can install on a build machine",
            hint=f"{OPTION} gitmem-cli==VERSION, git+https://HOST/REPOSITORY@COMMIT, or the https address "
            "of a wheel with #sha256=DIGEST",
        )
    if parts.password or (parts.username and "ssh" not in parts.scheme):
        raise UsageError(
            f"{OPTION} holds a login, and the file is committed", hint="leave the login out"
        )
    if parts.scheme.startswith("git+"):
        if not _COMMIT.search(address):
            raise UsageError(
                f"{OPTION} names no commit, and a branch or a tag can move",
                hint="end the address with @ and the full hash of the commit",
            )
    elif parts.scheme != "https" or not _DIGEST.search(fragment):
        raise UsageError(
            f"{OPTION} is not pinned: an archive needs https and a digest",
            hint="end the address with #sha256=DIGEST",
        )
    return Source(url=url)


def named_in(text: str) -> Source | None:
    """Return the source that a file of CI names; None where it names none."""
    found = NAMED.search(text)
    if found is None:
        return None
    if found["url"]:
        return Source(url=found["url"])
    return Source(version=found["release"].partition("==")[2])


def with_source(text: str, source: Source) -> str:
    """Return the text of a file of CI with this source in place of the one that it names."""
    return NAMED.sub(lambda _: source.quoted, text)


def recorded(version: str, direct_url: str | None) -> Source | Folder:
    """Return where an installation came from, by its version and its `direct_url.json` (PEP 610).

    Without that file an index or a distribution's package brought it, so it is a release. Raises
    Refused where a build machine could not get the same.
    """
    if direct_url is None:
        if not re.fullmatch(_RELEASE, f"{PROJECT}=={version}"):
            raise unknown(f"version {version} is on no index")
        return Source(version=version)
    try:
        record: Mapping[str, Any] = json.loads(direct_url)
        url = str(record["url"])
        kinds = [record.get(kind) for kind in ("vcs_info", "archive_info", "dir_info")]
        below = str(record.get("subdirectory") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise unknown("its direct_url.json cannot be read") from None
    vcs, archive, _ = (kind if isinstance(kind, dict) else None for kind in kinds)
    if vcs is not None:
        commit = str(vcs.get("commit_id") or "")
        if vcs.get("vcs") != "git" or not _COMMIT.search(f"@{commit}"):
            raise unknown(f"it was installed from {visible_url(url)}, which is not a commit of git")
        folder = local_path(url)
        return Folder(path=folder, commit=commit) if folder else at_commit(url, commit, below)
    if archive is not None:
        return _archive(url, archive, below)
    folder = local_path(url)
    if not folder:
        raise unknown("its direct_url.json says nothing of a commit, an archive or a folder")
    return Folder(path=folder)


def at_commit(url: str, commit: str, below: str = "") -> Source:
    """Return the source of a commit at a repository's address, ``below`` the top where it has several projects.

    Raises Refused for an address that a build machine cannot use.
    """
    scp = _SCP.fullmatch(url) if "://" not in url else None
    if scp:
        url = f"ssh://{scp['user'] or ''}{scp['host']}/{scp['path']}"
    parts = _split(url.removeprefix("git+"))
    host = parts.hostname or ""
    if parts.scheme not in _SCHEMES or not host:
        raise unknown(f"{visible_url(url)} is no address that a build machine reaches")
    port = f":{parts.port}" if parts.port else ""
    scheme, user = parts.scheme, ""
    if scheme == "ssh":
        if host in _ALSO_HTTPS:
            scheme, port = "https", ""
        elif parts.username:
            user = f"{parts.username}@"
    ending = f"#subdirectory={below}" if below else ""
    return _checked(f"git+{scheme}://{user}{host}{port}{parts.path}@{commit}{ending}")


def unknown(why: str) -> Refused:
    """Return the refusal to write a source that would not be the one installed here."""
    return Refused(f"no build machine can install the gitmem that runs here: {why}", hint=_HINT)


def local_path(url: str) -> str:
    """Return the folder that an address names on this machine; empty for another one."""
    parts = _split(url)
    if parts.scheme == "file" and parts.hostname in (None, "localhost"):
        return unquote(parts.path)
    return url if url.startswith(("/", ".")) else ""


def visible_url(url: str) -> str:
    """Return an address for a sentence, without a login."""
    return re.sub(r"(?<=//)[^/@]*@", "", url)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # read late, and then an error, too
    except ValueError:
        raise unknown(f"{visible_url(url)!r} is no address") from None
    return parts


def _archive(url: str, archive: Mapping[str, Any], below: str) -> Source:
    parts = _split(url)
    if parts.scheme != "https" or not parts.hostname:
        raise unknown(f"it was installed from {visible_url(url)}")
    hashes = archive.get("hashes")
    digests = dict(hashes) if isinstance(hashes, dict) else {}
    name, _, value = str(archive.get("hash") or "").partition("=")
    digests.setdefault(name, value)
    ending = [f"{one}={digests[one]}" for one in ("sha512", "sha384", "sha256") if digests.get(one)]
    ending = ending[-1:] + ([f"subdirectory={below}"] if below else [])
    address = visible_url(url.partition("#")[0])
    return _checked(address + (f"#{'&'.join(ending)}" if ending else ""))


def _checked(url: str) -> Source:
    if not re.fullmatch(_URL, url):
        raise unknown(f"the address {visible_url(url)!r} has characters that a script cannot hold")
    return Source(url=url)
