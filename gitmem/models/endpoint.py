"""Where the Messages API is and what opens it: read from the person's environment, nothing else.

No file of a repository is looked at, and what is sent goes to the one host named here.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from gitmem.core.errors import Usage
from gitmem.models.printable import printable
from gitmem.models.reply import Credentials
from gitmem.safety.text import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

VENDOR = "https://api.anthropic.com"

#: A server on this machine or network (Ollama, vLLM, llama.cpp) asks for no key, the SDK does.
_NO_KEY = "none"
_LOCAL_ENDINGS = (".local", ".internal", ".localhost", ".lan", ".home.arpa")
_AUTHORITIES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One server: its base URL, the host as a person would name it, the key, the way there.

    ``key`` is an API key, or a bearer token when ``is_token``. ``proxy`` is empty when the way is
    direct. ``cafile`` and ``capath`` are the person's own certificate authorities, or empty.
    """

    url: str
    host: str
    key: str = field(repr=False)
    is_token: bool = False
    proxy: str = field(default="", repr=False)
    cafile: str = ""
    capath: str = ""

    @property
    def is_here(self) -> bool:
        """Whether the server is on this machine, going by the name alone."""
        return _is_loopback(urlsplit(self.url).hostname or "")

    @property
    def named(self) -> str:
        """Host and proxy as a person is told them, without the password of either."""
        if not self.proxy:
            return self.host
        return f"{self.host} through the proxy {_host(urlsplit(self.proxy))}"

    def redact(self, text: str) -> str:
        """A server's words as one printable line, without the key or the proxy in them."""
        return printable(text, [secret for secret in (self.key, self.proxy) if secret != _NO_KEY])


def endpoint(environ: Mapping[str, str]) -> Endpoint:
    """The endpoint that an environment names.

    Reads ANTHROPIC_BASE_URL, ANTHROPIC_API_KEY, ANTHROPIC_AUTH_TOKEN (the key goes first, as in the
    SDK), the proxy variables, SSL_CERT_FILE and SSL_CERT_DIR. Raises Usage for an address that
    cannot be right, and Credentials when the server needs a key and there is none.
    """
    url = environ.get("ANTHROPIC_BASE_URL", "").strip() or VENDOR
    parts = _parse(url)
    for name in _AUTHORITIES:
        if environ.get(name) and not Path(environ[name]).exists():
            raise Usage(f"{name} names nothing that is there", hint="correct it, or unset it")
    key, is_token = _key(environ)
    if not key and not _is_local(parts.hostname or ""):
        raise Credentials(
            f"no key for {parts.hostname}",
            hint="set ANTHROPIC_API_KEY, or choose another engine; the queue is as it was",
        )
    return Endpoint(
        url=url.rstrip("/"),
        host=_host(parts),
        key=key or _NO_KEY,
        is_token=is_token,
        proxy=_proxy(environ, parts),
        cafile=environ.get("SSL_CERT_FILE", ""),
        capath=environ.get("SSL_CERT_DIR", ""),
    )


def _parse(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        sound = bool(parts.scheme in ("http", "https") and parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise Usage(
            "ANTHROPIC_BASE_URL is no address of a server",
            hint=f"it looks like {VENDOR} or http://localhost:11434",
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise Usage(
            "ANTHROPIC_BASE_URL holds more than an address",
            hint="keys go into ANTHROPIC_API_KEY; leave out any user name, query and fragment",
        )
    if parts.path.rstrip("/").endswith(("/v1", "/v1/messages")):
        raise Usage(
            "ANTHROPIC_BASE_URL ends in /v1",
            hint="leave that off: /v1/messages is added to the address",
        )
    return parts


def _key(environ: Mapping[str, str]) -> tuple[str, bool]:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
        key = environ.get(name, "").strip()
        if not key:
            continue
        if not (key.isascii() and key.isprintable()) or " " in key:
            raise Credentials(
                f"{name} holds a character that no key has", hint="copy the key again, alone"
            )
        return key, name == "ANTHROPIC_AUTH_TOKEN"
    return "", False


def _host(parts: SplitResult) -> str:
    name = visible(parts.hostname or "")
    return f"{name}:{parts.port}" if parts.port else name


def _is_local(name: str) -> bool:
    """Whether a host is this machine or on its own network, going by the name alone."""
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return "." not in name or name.endswith(_LOCAL_ENDINGS)
    return address.is_private


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def _proxy(environ: Mapping[str, str], parts: SplitResult) -> str:
    """The proxy to go through, empty for none; a server on this machine is never behind one."""
    names = (f"{parts.scheme}_proxy", "all_proxy")
    ways = (environ.get(spelled) for way in names for spelled in (way, way.upper()))
    proxy = next(filter(None, ways), "")
    avoided = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    if not proxy or _is_loopback(parts.hostname or "") or _avoids(avoided, parts):
        return ""
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    if not proxy.startswith(("http://", "https://")):
        scheme = visible(proxy.partition("://")[0])
        raise Usage(
            f"a {scheme} proxy cannot be used",
            hint="name an HTTP proxy in HTTPS_PROXY, or the server's host in NO_PROXY",
        )
    return proxy


def _avoids(avoided: str, parts: SplitResult) -> bool:
    """Whether NO_PROXY names the host: `*`, the name, a domain above it, or a network it is in.

    https://curl.se/libcurl/c/CURLOPT_NOPROXY.html
    """
    name = parts.hostname or ""
    for entry in avoided.lower().replace(",", " ").split():
        bare = entry.removesuffix(f":{parts.port}").removeprefix("*").removeprefix(".")
        if entry == "*" or name == bare or name.endswith(f".{bare}"):
            return True
        try:
            if ipaddress.ip_address(name) in ipaddress.ip_network(bare):
                return True
        except ValueError:  # one of the two is a name
            continue
    return False
