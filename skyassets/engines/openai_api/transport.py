"""HTTP below the `openai` client: bounded answers, no redirects, and the key removed before anything else sees it."""

import functools
import ssl
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx2

MOST_BYTES = 64 * 2**20
"""Longest answer, after decompression. A completion of a million tokens has less than 8 MB."""
SHORTEST_KEY = 6
"""A shorter key is a placeholder such as `none`, not a secret."""
DESCRIBING = ("content-encoding", "content-length", "transfer-encoding")
"""Headers that describe the body as it was sent."""


class AnswerTooLargeError(Exception):
    """An answer is larger than any completion."""


def client_class(api_key: str) -> "type[httpx2.AsyncClient]":
    """Return the HTTP client class for one key: on aiohttp, which takes half the CPU of the default."""
    import httpx2
    import openai

    class BoundedClient(openai.DefaultAioHttpClient):
        async def send(self, request: httpx2.Request, *, stream: bool = False, **options: Any) -> httpx2.Response:
            response = await super().send(request, stream=True, **options)
            content = bytearray()
            try:
                # Each piece is decompressed by itself, so a small body cannot fill the memory at once.
                async for piece in response.aiter_bytes():
                    content += piece
                    if len(content) > MOST_BYTES:
                        raise AnswerTooLargeError(f"the answer is larger than {MOST_BYTES >> 20} MB")
            finally:
                await response.aclose()
            return httpx2.Response(
                response.status_code,
                headers=[pair for pair in response.headers.multi_items() if pair[0].lower() not in DESCRIBING],
                content=without_key(bytes(content), api_key),
                request=request,
            )

    return BoundedClient


def without_key(content: bytes, api_key: str) -> bytes:
    """`content` with the key masked, because a server may echo it."""
    return content.replace(api_key.encode(), b"***") if len(api_key) >= SHORTEST_KEY else content


@functools.cache
def certificates() -> ssl.SSLContext:
    """Load the trusted certificates once per process, not once per client."""
    import httpx2

    return httpx2.create_ssl_context()
