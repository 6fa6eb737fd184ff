"""HTTP client of one OpenAI-compatible server: completes a chat, or lists the models.

A failure that concerns one row is returned as a `RequestFailure`; one that would concern every row raises
`ServerError`. The scheduler decides about retries.
"""

import functools
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Self

from skyassets.core.errors import ServerError
from skyassets.engines.openai_api.failures import RefusedError, RequestFailure, connection_failure, response_failure
from skyassets.engines.openai_api.shown_url import shown_url
from skyassets.engines.openai_api.transport import (
    SHORTEST_KEY,
    AnswerTooLargeError,
    certificates,
    client_class,
    is_azure,
    is_here,
    split_query,
)

if TYPE_CHECKING:
    import openai

PROBE_SECONDS = 10.0
NO_KEY_SENT = (
    "it wants an API key, and none is set for this URL: set SKYASSETS_<ROLE>_API_KEY, or the provider's own variable "
    "(OPENAI_API_KEY goes to OpenAI only)"
)
COMPLETIONS_PATH = "/chat/completions"


class OpenAIClient:
    """A connection to one server. Use it as an async context manager."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        sockets: int,
        on_headers: Callable[[Mapping[str, str]], None] = lambda headers: None,
    ) -> None:
        import aiohttp
        import httpx2
        import openai

        self.shown = shown_url(base_url)
        self.is_there = False
        """Whether the server has responded at all, with a success or an error."""
        self._on_headers = on_headers
        self._has_key = len(api_key) >= SHORTEST_KEY
        # The `openai` client does not wrap aiohttp's errors when the response is not HTTP at all.
        self._broken = (openai.APIConnectionError, aiohttp.ClientError)
        place, query = split_query(base_url)
        self._client = _repeating_client()(
            base_url=place,
            api_key=api_key,
            default_query=query,
            max_retries=0,
            timeout=httpx2.Timeout(None, connect=PROBE_SECONDS),
            http_client=client_class(api_key, is_azure=is_azure(base_url))(
                limits=httpx2.Limits(max_connections=sockets, max_keepalive_connections=sockets),
                trust_env=not is_here(base_url),
                verify=certificates(),
                follow_redirects=False,
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
            failure = response_failure(error, (turn["content"] for turn in body["messages"]))
        except AnswerTooLargeError as error:
            failure = RequestFailure(str(error), is_transient=False, is_paid=True)
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
            if error.status_code == 401:  # a key may be allowed to chat and not to list
                failure = response_failure(error)
                raise ServerError(f"{self.shown}: {failure.refusal} (response: {failure.reason})") from error
            names = ()
        except self._broken as error:
            raise ServerError(
                f"{self.shown}: no server responds ({connection_failure(error).reason}): start it or correct the URL"
            ) from None  # the cause has the whole URL
        except (ValueError, KeyError, TypeError):
            names = ()
        self.is_there = True
        return names

    async def refused(self, model: str, failure: RequestFailure) -> RefusedError:
        """Build the error for a rejected request; for an unknown model, it lists the models the server has."""
        refusal = failure.refusal if self._has_key or not failure.reason.startswith("401") else NO_KEY_SENT
        message = f"{self.shown}: model {model!r}: {refusal} (response: {failure.reason})"
        if failure.reason.startswith("404"):
            names = await self.models()
            message += f"; the server has {', '.join(names[:20])}" if names else "; the server lists no models"
        return RefusedError(message)


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
