"""The body of an HTTP answer, bounded after it is decoded, whatever its status (pure but for zlib).

A server that is not the one it says it is, or a proxy, answers what it likes: 3,500 bytes that are
compressed twice are 5,000 million, and a library that unpacks them in one go takes the memory before
anybody counts. So the library is never let near them.
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
    """A body is larger than any answer of ours."""


class UnexpectedEncoding(Exception):
    """A body in an encoding that was not asked for; the message names it."""


def decoded(
    headers: MutableMapping[str, str], chunks: AsyncIterator[bytes]
) -> AsyncIterator[bytes]:
    """The chunks of a body as they are without their encoding, which is taken out of ``headers``.

    Iterating raises TooLong when they are more than any answer of ours, and Encoded for what is
    compressed twice, or otherwise than with gzip or deflate: none was asked for.
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
            # One byte more than may come tells that there is more.
            piece = unpack.decompress(chunk, LIMIT + 1 - size) if unpack else chunk
        except zlib.error as error:
            raise UnexpectedEncoding(f"{named}, damaged") from error
        size += len(piece)
        if size > LIMIT:
            raise BodyTooLong
        yield piece
