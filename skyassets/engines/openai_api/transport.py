"""HTTP below the `openai` client: bounded answers, no redirects, and the key removed before anything else sees it."""

import functools
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from skyassets.engines.openai_api.shown_url import without_secrets_of

if TYPE_CHECKING:
    import httpx2

MOST_BYTES = 64 * 2**20
"""Longest answer, after decompression. A completion of a million tokens has less than 8 MB."""
SHORTEST_KEY = 6
"""A shorter key is a placeholder such as `none`, not a secret."""
SHORTEST_IN_TEXT = 16
"""A shorter secret may be a word that a model writes, so it is masked in errors and left in completions."""
AZURE_HOSTS = (".azure.com", ".azure.us", ".azure.cn")
VERSION = "api-version"
"""The query parameter of Azure's deployments and of gateways in front of them, which want another key header."""
DESCRIBING = ("content-encoding", "content-length", "transfer-encoding")
"""Headers that describe the body as it was sent."""


class AnswerTooLargeError(Exception):
    """An answer is larger than any completion."""


def client_class(api_key: str, *, is_azure: bool) -> "type[httpx2.AsyncClient]":
    """Return the HTTP client class for one key: on aiohttp, which takes half the CPU of the default."""
    import httpx2
    import openai

    class BoundedClient(openai.DefaultAioHttpClient):
        async def send(self, request: httpx2.Request, *, stream: bool = False, **options: Any) -> httpx2.Response:
            _place_key(request, api_key, is_azure=is_azure)
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
            return _read(response, bytes(content), api_key)

    return BoundedClient


def blocking_client_class(api_key: str, *, is_azure: bool) -> "type[httpx2.Client]":
    """Return the HTTP client class for calls of the Batch API, whose files are streamed to disk as they are."""
    import httpx2
    import openai

    class CleaningClient(openai.DefaultHttpxClient):
        def send(self, request: httpx2.Request, *, stream: bool = False, **options: Any) -> httpx2.Response:
            _place_key(request, api_key, is_azure=is_azure)
            response = super().send(request, stream=stream, **options)
            if stream and response.is_success:
                return response
            return _read(response, response.read(), api_key)

    return CleaningClient


def _place_key(request: "httpx2.Request", api_key: str, *, is_azure: bool) -> None:
    """Move the key to Azure's own header: it takes what the usual one holds for a token of another kind."""
    if is_azure:
        del request.headers["Authorization"]
        request.headers["api-key"] = api_key


def _read(response: "httpx2.Response", content: bytes, api_key: str) -> "httpx2.Response":
    """Return `response` with its `content`, without the key and without the secrets of its URL."""
    import httpx2

    url, shortest = str(response.request.url), SHORTEST_IN_TEXT if response.is_success else SHORTEST_KEY

    def clean(text: bytes) -> bytes:
        return without_secrets_of(url, without_key(text, api_key, shortest), shortest)

    headers = response.headers.multi_items()
    return httpx2.Response(
        response.status_code,
        headers=[(name, clean(value.encode()).decode()) for name, value in headers if name.lower() not in DESCRIBING],
        content=clean(content),
        request=response.request,
    )


def is_azure(url: str) -> bool:
    """Whether a server wants the key in the header `api-key`: Azure's, and gateways in front of it."""
    parts = urlsplit(url)
    return VERSION in parts.query or f".{parts.hostname}".endswith(AZURE_HOSTS)


def split_query(url: str) -> tuple[str, dict[str, str]]:
    """Return `url` without its query, and the query: it has to follow the path of each call."""
    parts = urlsplit(url)
    return parts._replace(query="", fragment="").geturl(), dict(parse_qsl(parts.query))


def is_here(url: str) -> bool:
    """Whether `url` is on this machine, where no proxy applies."""
    return urlsplit(url).hostname in {"127.0.0.1", "localhost", "::1"}


def without_key(content: bytes, api_key: str, shortest: int) -> bytes:
    """`content` with the key masked if it has `shortest` characters, because a server may echo it."""
    return content.replace(api_key.encode(), b"***") if len(api_key) >= shortest else content


@functools.cache
def certificates() -> ssl.SSLContext:
    """Load the trusted certificates once per process, not once per client."""
    import httpx2

    return httpx2.create_ssl_context()
