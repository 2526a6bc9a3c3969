"""The way to a model's server: the person's proxy and authorities, no redirects, and bodies that are bounded.

What a server sends is hostile: 3,500 bytes that are compressed twice unpack to 5,000 million, and a library that
unpacks them at once takes that memory. Only this module imports the HTTP library that the vendors' libraries
share, and only inside functions: the import takes time that belongs beside other work.
"""

from __future__ import annotations

import json
import zlib
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from gitmem.core import errors
from gitmem.models import response
from gitmem.models.reply import LIMIT, Attempt, Next, Stop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, MutableMapping

    import httpx2

    from gitmem.models.endpoint import Endpoint

_ENCODING = "content-encoding"
_GZIP = ("gzip", "x-gzip")
_EITHER = 32 + zlib.MAX_WBITS  # of zlib: a gzip or a zlib header

#: Bytes of the results of a batch: of 10,000 flags these are 313 answers of some 8 kB, and an answer has LIMIT at most.
RESULTS = 32 * 1024 * 1024

#: Of every request, so that what is counted is what is kept.
HEADERS = {"accept-encoding": "identity"}

# Bytes. The vendors' libraries take no bound with a request, and the task that makes one also gets its response.
_most: ContextVar[int] = ContextVar("most", default=LIMIT)


@contextmanager
def at_most(size: int) -> Iterator[None]:
    """Bound the responses to the requests that this task makes meanwhile by so many bytes, instead of LIMIT."""
    before = _most.set(size)
    try:
        yield
    finally:
        _most.reset(before)


def http(endpoint: Endpoint) -> httpx2.AsyncClient:
    """Return the HTTP client: the person's proxy and authorities, no redirects, bounded bodies."""
    import ssl

    import httpx2

    verify: ssl.SSLContext | bool = True
    if endpoint.cafile or endpoint.capath:
        try:
            verify = ssl.create_default_context(
                cafile=endpoint.cafile or None, capath=endpoint.capath or None
            )
        except OSError as error:
            raise errors.UsageError(
                f"SSL_CERT_FILE or SSL_CERT_DIR holds no certificates: {error}"
            ) from error
    return httpx2.AsyncClient(
        proxy=endpoint.proxy or None,
        verify=verify,
        trust_env=False,
        follow_redirects=False,  # a redirect would send the question to a host that no person named
        event_hooks={"response": [_bound]},
    )


async def _bound(response: httpx2.Response) -> None:
    """Bound the body of every response, also of those that the SDK reads by itself (errors)."""
    import httpx2

    whole = response.stream
    chunks = decoded(response.headers, aiter(whole), _most.get())  # type: ignore[arg-type]

    class Bounded(httpx2.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            async for chunk in chunks:
                yield chunk

        async def aclose(self) -> None:
            await whole.aclose()  # type: ignore[union-attr]

    response.stream = Bounded()
    # Of a charset that is none, like rot13, the text cannot be read; JSON is in UTF-8.
    response.encoding = "utf-8"


def problems() -> tuple[type[Exception], ...]:
    """Return what a request raises that brings no JSON: on the way, by its body, or by its text."""
    import httpx2

    errors_of_ours = (BodyTooLong, UnexpectedEncoding, ValueError, RecursionError, OSError)
    return (httpx2.HTTPError, httpx2.InvalidURL, *errors_of_ours)


def whole_response() -> type[httpx2.Response]:
    """Return the type that asks a vendor's library for a response as it came."""
    import httpx2

    return httpx2.Response


def timeouts(limit: float, connect: float) -> httpx2.Timeout:
    """Return the limits of one request, in seconds: of each wait, and of the connection."""
    import httpx2

    return httpx2.Timeout(limit, connect=min(limit, connect))


def trouble(endpoint: Endpoint, error: Exception, library: Any) -> Attempt:
    """Return the result of a request that ended in an error of a vendor's library, or of those below it.

    ``library`` is the vendor's; both have the same names for their errors. Raises Credentials as
    `response.refusal` does.
    """
    import httpx2

    if isinstance(error, library.APIStatusError):
        answered: httpx2.Response = error.response
        return response.refusal(
            endpoint, answered.status_code, answered.headers, _content(answered)
        )
    for found in (error, error.__cause__):
        if isinstance(found, BodyTooLong):
            problem = f"{endpoint.host} sends more than any answer has ({found.most // 1024} kB)"
            return Attempt(stop=Stop.INVALID, problem=problem)
        if isinstance(found, UnexpectedEncoding):
            problem = f"{endpoint.host} answers in an encoding that it was not asked for ({found})"
            return Attempt(stop=Stop.INVALID, problem=endpoint.redact(problem))
    cause = error.__cause__ or error
    why = endpoint.redact(str(cause) or type(cause).__name__)
    if isinstance(error, library.APIConnectionError | httpx2.HTTPError | OSError):
        problem = f"{endpoint.named} was not reached, or broke off: {why}"
        return Attempt(stop=Stop.UNREACHABLE, then=Next.AGAIN, problem=problem)
    problem = f"the request failed with {type(error).__name__}: {why}"
    return Attempt(stop=Stop.FAILED, problem=problem)


def _content(answered: httpx2.Response) -> object:
    """Return the body of an error as JSON, else as text; the library has read it, within bounds."""
    try:
        return json.loads(answered.content)
    except (ValueError, RecursionError):
        return answered.text


class BodyTooLong(Exception):
    """A body is larger than any answer, which has at most ``most`` bytes."""

    def __init__(self, most: int = LIMIT) -> None:
        super().__init__(f"more than {most} bytes")
        self.most = most


class UnexpectedEncoding(Exception):
    """A body in an encoding that was not asked for; the message names it."""


def decoded(
    headers: MutableMapping[str, str], chunks: AsyncIterator[bytes], most: int = LIMIT
) -> AsyncIterator[bytes]:
    """Return the decoded chunks of a body of at most so many bytes; the encoding is taken out of ``headers``.

    Iterating raises BodyTooLong when they are more, and UnexpectedEncoding for a
    body that is compressed twice, or not with gzip or deflate: no encoding was asked for.
    """
    named = headers.pop(_ENCODING, "").lower().replace(" ", "")
    words = [word for word in named.split(",") if word not in {"", "identity"}]
    return _read(words, named, chunks, most)


async def _read(
    words: list[str], named: str, chunks: AsyncIterator[bytes], most: int
) -> AsyncIterator[bytes]:
    if len(words) > 1 or (words and words[0] not in (*_GZIP, "deflate")):
        raise UnexpectedEncoding(named)
    unpack = zlib.decompressobj(_EITHER) if words else None
    size = 0
    async for chunk in chunks:
        try:
            # One byte above the limit shows that there is more.
            piece = unpack.decompress(chunk, most + 1 - size) if unpack else chunk
        except zlib.error as error:
            raise UnexpectedEncoding(f"{named}, damaged") from error
        size += len(piece)
        if size > most:
            raise BodyTooLong(most)
        yield piece
