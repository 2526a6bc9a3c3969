"""The body of an HTTP response, bounded after it is decoded, whatever its status (pure).

A hostile server or proxy may send anything: 3,500 bytes that are compressed twice unpack to 5,000
million, and a library that unpacks them at once takes that memory. So the library never sees them.
A module of its own, because the bodies of every engine pass here.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from gitmem.models.attempt import LIMIT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, MutableMapping

ENCODING = "content-encoding"
_GZIP = ("gzip", "x-gzip")
_EITHER = 32 + zlib.MAX_WBITS  # of zlib: a gzip or a zlib header


class BodyTooLong(Exception):
    """A body is larger than any answer."""


class UnexpectedEncoding(Exception):
    """A body in an encoding that was not asked for; the message names it."""


def decoded(
    headers: MutableMapping[str, str], chunks: AsyncIterator[bytes]
) -> AsyncIterator[bytes]:
    """Return the decoded chunks of a body; the encoding is taken out of ``headers``.

    Iterating raises BodyTooLong when they are more than any answer has, and UnexpectedEncoding for a
    body that is compressed twice, or not with gzip or deflate: no encoding was asked for.
    """
    named = headers.pop(ENCODING, "").lower().replace(" ", "")
    words = [word for word in named.split(",") if word not in {"", "identity"}]
    return _read(words, named, chunks)


async def _read(words: list[str], named: str, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if len(words) > 1 or (words and words[0] not in (*_GZIP, "deflate")):
        raise UnexpectedEncoding(named)
    unpack = zlib.decompressobj(_EITHER) if words else None
    size = 0
    async for chunk in chunks:
        try:
            # One byte above the limit shows that there is more.
            piece = unpack.decompress(chunk, LIMIT + 1 - size) if unpack else chunk
        except zlib.error as error:
            raise UnexpectedEncoding(f"{named}, damaged") from error
        size += len(piece)
        if size > LIMIT:
            raise BodyTooLong
        yield piece
