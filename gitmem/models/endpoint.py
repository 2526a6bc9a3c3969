"""Where a model's API is and what opens it: read from the person's environment, nothing else.

No file of a repository is read, and what is sent goes to the one host named here. A client puts the
variables of the repository's settings into its session. So inside a client the environment decides
where flags go only as far as a person confirms it.
"""

from __future__ import annotations

import ipaddress
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from gitmem.core.errors import Refused, UsageError
from gitmem.models.reply import Credentials, hidden, printable
from gitmem.safety.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# The ends of variable names by which model programs find their server.
_ELSEWHERE = ("_BASE_URL", "_API_BASE", "_API_BASE_URL", "_API_URL", "_ENDPOINT")
# What Node.js, sh, bash, Perl and Ruby run or load before the program that was asked for.
_BEFORE_ALL = ("NODE_OPTIONS", "BASH_ENV", "ENV", "PERL5OPT", "PERL5LIB", "RUBYOPT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """An API: its name in notes and in words, its engine, its vendor's address, and the variables by which a person leads to it.

    ``address`` is the variable of the server, ``keys`` those of a key (the first that is set counts),
    ``headers`` that of headers which the vendor's library adds to every request. ``root`` is the path
    of an address that has none. ``added`` are ends that an address must not have, because they are
    added to it; the last one is the whole of it. ``models`` is the end of the list of models.
    ``local`` is an address to show.
    """

    name: str
    engine: str
    api: str
    vendor: str
    address: str
    keys: tuple[str, ...]
    headers: str
    root: str
    added: tuple[str, ...]
    models: str
    local: str


MESSAGES = Service(
    name="messages",
    engine="anthropic",
    api="the Messages API",
    vendor="https://api.anthropic.com",
    address="ANTHROPIC_BASE_URL",
    keys=("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),  # in the order of the vendor's library
    headers="ANTHROPIC_CUSTOM_HEADERS",
    root="",
    added=("/v1", "/v1/messages"),
    models="/v1/models",
    local="http://localhost:11434",
)
CHAT = Service(
    name="chat",
    engine="openai",
    api="the Chat Completions API",
    vendor="https://api.openai.com/v1",
    address="OPENAI_BASE_URL",
    keys=("OPENAI_API_KEY",),
    headers="OPENAI_CUSTOM_HEADERS",
    root="/v1",
    added=("/models", "/chat/completions"),
    models="/models",
    local="http://localhost:11434/v1",
)

#: A server on this machine or network (Ollama, vLLM, llama.cpp) asks for no key, the SDK does.
_NO_KEY = "none"
_LOCAL_ENDINGS = (".local", ".internal", ".localhost", ".lan", ".home.arpa")
_PROXY_HINT = "name an HTTP proxy in HTTPS_PROXY, or the server's host in NO_PROXY"
_AUTHORITIES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One server: its base URL, the host as a person would name it, the key, the way there.

    ``key`` is what opens it, and ``key_name`` the variable it came from or belongs into. ``proxy`` is
    empty when the way is direct. ``cafile`` and ``capath`` are the person's own certificate
    authorities, or empty.
    """

    service: Service
    url: str
    host: str
    key: str = field(repr=False)
    key_name: str
    proxy: str = field(default="", repr=False)
    cafile: str = ""
    capath: str = ""

    @property
    def is_here(self) -> bool:
        """Whether the server is on this machine, by its name alone."""
        return _is_loopback(urlsplit(self.url).hostname or "")

    @property
    def is_near(self) -> bool:
        """Whether the server is on this machine or its network, by its name alone."""
        return _is_local(urlsplit(self.url).hostname or "")

    @property
    def is_vendor(self) -> bool:
        """Whether the server is the vendor's own."""
        return urlsplit(self.url).hostname == urlsplit(self.service.vendor).hostname

    @property
    def has_key(self) -> bool:
        """Whether a key is sent."""
        return self.key != _NO_KEY

    @property
    def named(self) -> str:
        """Host and proxy as they are shown to a person, without the password of either."""
        if not self.proxy:
            return self.host
        return f"{self.host} through the proxy {_host(urlsplit(self.proxy))}"

    @property
    def authorization(self) -> dict[str, str]:
        """The header with the key; none when there is no key."""
        return {"authorization": f"Bearer {self.key}"} if self.has_key else {}

    def redact(self, text: str) -> str:
        """Return a server's words as one printable line, without the key or the proxy in them."""
        return printable(text, self._secrets)

    def without_secrets(self, data: dict[str, Any] | None) -> dict[str, Any] | None:
        """Return an answer without the key or the proxy in any of its texts: it is kept, and may be filed."""
        if data is None:
            return None
        whole = json.dumps(data)
        plain = hidden(whole, [json.dumps(secret)[1:-1] for secret in self._secrets])
        return data if plain == whole else dict(json.loads(plain))

    @property
    def _secrets(self) -> list[str]:
        return [secret for secret in (self.key, self.proxy) if secret != _NO_KEY]


def endpoint(
    environ: Mapping[str, str], service: Service = MESSAGES, *, at: str = "", keyless: bool = False
) -> Endpoint:
    """Return the endpoint of a service that an environment names, or the address ``at``.

    Reads the service's variables (no key when ``keyless``), those of the proxy, SSL_CERT_FILE and
    SSL_CERT_DIR. Raises UsageError for an address that cannot be right, and Credentials when the
    server needs a key and there is none.
    """
    url = _address(at) if at else environ.get(service.address, "").strip() or service.vendor
    source = "git config gitmem.host" if at else service.address
    parts = _parse(url, service, source)
    if service.root and not parts.path.strip("/"):
        url = url.rstrip("/") + service.root
    for name in _AUTHORITIES:
        if environ.get(name) and not Path(environ[name]).exists():
            raise UsageError(f"{name} names nothing that is there", hint="correct it, or unset it")
    key, key_name = ("", service.keys[0]) if keyless else _key(environ, service)
    if not key and not keyless and not _is_local(parts.hostname or ""):
        raise Credentials(
            f"no key for {parts.hostname}",
            hint=f"set {key_name}, or choose another engine; the queue is as it was",
        )
    return Endpoint(
        service=service,
        url=url.rstrip("/"),
        host=_host(parts),
        key=key or _NO_KEY,
        key_name=key_name,
        proxy=_proxy(environ, parts),
        cafile=environ.get("SSL_CERT_FILE", ""),
        capath=environ.get("SSL_CERT_DIR", ""),
    )


def _address(named: str) -> str:
    """Return the address of a server as a person names it: whole, or as host and port.

    Without a scheme it is https, on this machine http.
    """
    if "://" in named:
        return named
    try:
        host = urlsplit(f"//{named}").hostname or ""
    except ValueError:  # no address either way
        host = ""
    return f"{'http' if _is_loopback(host) else 'https'}://{named}"


def _split(url: str) -> SplitResult | None:
    """Return the parts of an address that can be a server's; None for another text."""
    if not url.isprintable() or " " in url:
        return None
    try:
        parts = urlsplit(url)
        sound = bool(parts.scheme in ("http", "https") and parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if sound else None


def _parse(url: str, service: Service, source: str) -> SplitResult:
    parts = _split(url)
    if parts is None:
        raise UsageError(
            f"{source} is not the address of a server",
            hint=f"it looks like {service.vendor} or {service.local}",
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UsageError(
            f"{source} holds more than an address",
            hint=f"keys go into {service.keys[0]}; leave out any user name, query and fragment",
        )
    for end in service.added:
        if parts.path.rstrip("/").endswith(end):
            raise UsageError(
                f"{source} ends in {end}",
                hint=f"leave that off: {service.added[-1]} is added to the address",
            )
    return parts


def _key(environ: Mapping[str, str], service: Service) -> tuple[str, str]:
    """Return the key and the variable it is in; without one, the variable that it belongs into."""
    for name in service.keys:
        key = environ.get(name, "").strip()
        if not key:
            continue
        if not (key.isascii() and key.isprintable()) or " " in key:
            raise Credentials(
                f"{name} holds a character that no key has", hint="copy the key again, alone"
            )
        return key, name
    return "", service.keys[0]


def _host(parts: SplitResult) -> str:
    name = parts.hostname or ""
    name = visible(f"[{name}]" if ":" in name else name)  # an IPv6 address, as an address has it
    return f"{name}:{parts.port}" if parts.port else name


def _is_local(name: str) -> bool:
    """Tell whether a host is this machine or on its own network, by its name alone."""
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
    """Return the proxy to use, empty for none; a server on this machine is never behind one."""
    names = (f"{parts.scheme}_proxy", "all_proxy")
    ways = (environ.get(spelled) for way in names for spelled in (way, way.upper()))
    proxy = next(filter(None, ways), "")
    avoided = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    if not proxy or _is_loopback(parts.hostname or "") or _avoids(avoided, parts):
        return ""
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    if not proxy.startswith(("http://", "https://")):
        scheme = visible(proxy.partition("://")[0])
        raise UsageError(
            f"a {scheme} proxy cannot be used",
            hint=_PROXY_HINT,
        )
    if _split(proxy) is None:
        raise UsageError(
            "the variable of a proxy does not hold the address of one", hint=_PROXY_HINT
        )
    return proxy


def _avoids(avoided: str, parts: SplitResult) -> bool:
    """Tell whether NO_PROXY names the host: `*`, the name, a domain above it, or a network it is in.

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


def check_server(
    where: Endpoint, environ: Mapping[str, str], *, client: str, named: str, top: str
) -> None:
    """Refuse a server, or a way to it, that only the repository at ``top`` may have set.

    ``client`` is the agent client this runs in, ``named`` the server that the person named: a host
    with its port, or a whole address (which plain http on another machine needs). Raises Refused.
    """
    plain = urlsplit(where.url).scheme == "http"
    # Traffic to this machine goes through no proxy, so it cannot be read on the way.
    readable = plain and not where.is_here
    address = f"http://{where.host}" if readable else where.host
    service = where.service
    trusted = {_plain_or_host(named), "" if readable else urlsplit(service.vendor).hostname}
    if address not in trusted:
        raise Refused(
            f"this runs inside {client}, where a repository's settings can name the server "
            f"{address} ({service.address})",
            hint=f"if that server is yours: git config gitmem.host {address}",
        )
    if environ.get(service.headers):
        raise Refused(
            f"this runs inside {client}, where a repository's settings can set "
            f"{service.headers}, which every request would carry",
            hint="unset it, or close in your own terminal",
        )
    for name in _AUTHORITIES:
        if environ.get(name) and _inside(environ[name], top):
            raise Refused(
                f"this runs inside {client}, and {name} names certificates in the repository's "
                "work tree",
                hint="keep your own certificates outside of it, or close in your own terminal",
            )


def _plain_or_host(named: str) -> str:
    """Return a server that a person named as `check_server` compares it."""
    if "://" not in named:
        return named
    try:
        parts = urlsplit(named)
        host = _host(parts)
    except ValueError:
        return named
    readable = parts.scheme == "http" and not _is_loopback(parts.hostname or "")
    return f"http://{host}" if readable else host


def check_program(environ: Mapping[str, str], *, client: str, named: str, top: str) -> None:
    """Check the same for the program `claude`, which reads the same variables."""
    if environ.get("ANTHROPIC_BASE_URL") or environ.get("ANTHROPIC_CUSTOM_HEADERS"):
        # The program may have a key or a login of its own.
        keyed = {**environ, "ANTHROPIC_API_KEY": "own"}
        check_server(endpoint(keyed), keyed, client=client, named=named, top=top)


def check_homes(environ: Mapping[str, str], names: Iterable[str], *, client: str, top: str) -> None:
    """Refuse a variable that leads a program to files of its own in the work tree at ``top``.

    There a repository could choose the server and the commands of the program. A path that is not
    absolute counts as one in the work tree. Raises Refused.
    """
    for name in names:
        value = environ.get(name, "")
        if value and (not os.path.isabs(value) or _inside(value, top)):
            raise Refused(
                f"this runs inside {client}, and {name} leads the program that is asked to files in "
                "the repository's work tree",
                hint=f"unset {name}, or close in your own terminal",
            )


def for_program(
    environ: Mapping[str, str], *, client: str, keeps: str = "", leads: tuple[str, ...] = ()
) -> dict[str, str]:
    """Return the environment of a program that is asked inside ``client``; whole outside of one.

    It lacks what leads programs to another server, or makes an interpreter run the repository's code
    first; ``leads`` are more of these, names or their beginnings. ``keeps`` is the prefix of names that
    were checked already.
    """
    if not client:
        return dict(environ)
    return {
        name: value
        for name, value in environ.items()
        if (keeps and name.startswith(keeps))
        or not (name.endswith(_ELSEWHERE) or name.startswith(leads) or name in _BEFORE_ALL)
    }


def confirmed(name: str, value: str, *, client: str, own: str, key: str) -> str:
    """Return the value ``value`` of the variable ``name``; raises Refused where it may not count.

    Inside a client it counts when the person's setting ``key`` says the same (``own``).
    """
    if client and value and value != own:
        raise Refused(
            f"this runs inside {client}, where a repository's settings can set {name}",
            hint=f"if the choice is yours: git config gitmem.{key} {value}, or unset {name}",
        )
    return value


def _inside(path: str, top: str) -> bool:
    real, root = os.path.realpath(path), os.path.realpath(top)
    return real == root or real.startswith(root.rstrip("/") + "/")
