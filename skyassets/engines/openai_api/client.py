"""HTTP client of one OpenAI-compatible server: completes a chat, or lists the models.

A failure that concerns one row is returned as a `RequestFailure`; one that would concern every row raises
`ServerError`. The scheduler decides about retries.
"""

import functools
import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from skyassets.core.errors import ServerError
from skyassets.engines.openai_api.failures import RequestFailure, connection_failure, response_failure

if TYPE_CHECKING:
    import httpx2
    import openai

PROBE_SECONDS = 10.0
COMPLETIONS_PATH = "/chat/completions"
SHORTEST_KEY = 6
"""A shorter key is a placeholder such as `none`, not a secret."""


class OpenAIClient:
    """A connection to one server. Use it as an async context manager."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        sockets: int,
        on_headers: Callable[[Mapping[str, str]], None] = lambda headers: None,
    ) -> None:
        import httpx2

        self.base_url = base_url
        self._api_key = api_key
        self.is_there = False
        """Whether the server has responded at all, with a success or an error."""
        self._on_headers = on_headers
        http_client, self._broken = _transport()
        self._client = _repeating_client()(
            base_url=base_url,
            api_key=api_key,
            max_retries=0,
            timeout=httpx2.Timeout(None, connect=PROBE_SECONDS),
            http_client=http_client(
                limits=httpx2.Limits(max_connections=sockets, max_keepalive_connections=sockets),
                trust_env=not _is_here(base_url),
                verify=_certificates(),
            ),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._client.close()

    async def complete(self, body: dict[str, Any]) -> bytes | RequestFailure:
        """Return the JSON of a chat completion, or why it failed."""
        import httpx2
        import openai

        try:
            # We parse the JSON ourselves: building the `openai` client's models costs more CPU than the call.
            response = await self._client.post(COMPLETIONS_PATH, body=body, cast_to=httpx2.Response)
        except openai.APIStatusError as error:
            self._on_headers(error.response.headers)
            failure = self._without_key(response_failure(error))
            if failure.refusal:
                raise await self._rejected(body["model"], failure) from error
        except self._broken as error:
            return connection_failure(error)
        else:
            self.is_there = True
            self._on_headers(response.headers)
            return response.content
        self.is_there = True
        return failure

    async def models(self) -> tuple[str, ...]:
        """Return the names of the server's models; empty if it responds without listing any.

        Raises:
            ServerError: if the server cannot be reached or rejects the key.
        """
        import httpx2
        import openai

        try:
            response = await self._client.get("/models", cast_to=httpx2.Response, options={"timeout": PROBE_SECONDS})
            names = tuple(str(entry["id"]) for entry in json.loads(response.content)["data"])
        except openai.APIStatusError as error:
            if error.status_code in {401, 403}:
                failure = self._without_key(response_failure(error))
                raise ServerError(f"{self.base_url}: {failure.refusal} (response: {failure.reason})") from error
            names = ()
        except self._broken as error:
            raise ServerError(
                f"{self.base_url}: no server responds ({connection_failure(error).reason}): start it or correct the URL"
            ) from error
        except (ValueError, KeyError, TypeError):
            names = ()
        self.is_there = True
        return names

    def clean(self, text: str) -> str:
        """Return `text` with the key masked, because a server may echo it."""
        return text.replace(self._api_key, "***") if len(self._api_key) >= SHORTEST_KEY else text

    def _without_key(self, failure: RequestFailure) -> RequestFailure:
        return replace(failure, reason=self.clean(failure.reason))

    async def _rejected(self, model: str, failure: RequestFailure) -> ServerError:
        """Build the error for a rejected request; for an unknown model, it lists the models the server has."""
        message = f"{self.base_url}: model {model!r}: {failure.refusal} (response: {failure.reason})"
        if failure.reason.startswith("404"):
            names = await self.models()
            message += f"; the server has {', '.join(names[:20])}" if names else "; the server lists no models"
        return ServerError(message)


@functools.cache
def _repeating_client() -> "type[openai.AsyncOpenAI]":
    """Return an `openai` client class that builds a chat completion's headers and URL once, not at every call.

    Building them is most of the client's overhead (measured: 0.32 ms of CPU a call without this, 0.19 with it).
    """
    import httpx2
    import openai

    class RepeatingClient(openai.AsyncOpenAI):
        _first: httpx2.Request | None = None

        def _build_request(self, options: Any, *, retries_taken: int = 0) -> httpx2.Request:
            if options.url != COMPLETIONS_PATH:
                return super()._build_request(options, retries_taken=retries_taken)
            if self._first is None:
                self._first = super()._build_request(options, retries_taken=retries_taken)
                self._repeated = [pair for pair in self._first.headers.raw if pair[0].lower() != b"content-length"]
            content = json.dumps(options.json_data, ensure_ascii=False, separators=(",", ":"))
            return httpx2.Request(
                "POST",
                self._first.url,
                headers=self._repeated,
                content=content.encode("utf-8", "replace"),
                extensions=self._first.extensions,
            )

    return RepeatingClient


def _transport() -> "tuple[type[httpx2.AsyncClient], tuple[type[Exception], ...]]":
    """Return the HTTP client class and the exceptions it raises: aiohttp, which takes half the CPU of the default."""
    import aiohttp
    import openai

    # The `openai` client does not wrap aiohttp's errors when the response is not HTTP at all.
    return openai.DefaultAioHttpClient, (openai.APIConnectionError, aiohttp.ClientError)


@functools.cache
def _certificates() -> ssl.SSLContext:
    """Load the trusted certificates once per process, not once per client."""
    import httpx2

    return httpx2.create_ssl_context()


def _is_here(url: str) -> bool:
    """Whether `url` is on this machine, where no proxy applies."""
    return urlsplit(url).hostname in {"127.0.0.1", "localhost", "::1"}
