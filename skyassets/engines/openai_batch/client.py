"""An account's batches and files at one server: upload, create, list, retrieve, download.

Transient failures are retried. What to do about a failed batch is decided elsewhere.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self, TypeVar

from skyassets.core.errors import ServerError
from skyassets.engines.openai_api.endpoint import Endpoint
from skyassets.engines.openai_api.failures import RequestFailure, connection_failure, response_failure
from skyassets.engines.openai_api.transport import blocking_client_class, is_azure, is_here, split_query
from skyassets.engines.openai_batch.jsonl import ENDPOINT, unreadable
from skyassets.engines.openai_batch.spool import PIECE, scratch
from skyassets.engines.openai_batch.status import RUNNING

if TYPE_CHECKING:
    from openai.types import Batch

T = TypeVar("T")

TAG = "skyassets"
"""The metadata key that holds a batch's digest."""
RETENTION_SECONDS = 30 * 24 * 3600.0
"""How long OpenAI keeps the results of a batch."""
LONGEST_BACKOFF = 60.0
READINGS = 3
"""Downloads of a file with an unreadable line before the line counts as lost."""
CALL_SECONDS = 60.0
FILE_SECONDS = 900.0


class NotFoundError(ServerError):
    """The server does not know the requested object."""


class BatchAccount:
    """A client of a server's Batch API. Use it as a context manager."""

    def __init__(self, endpoint: Endpoint, folder: Path, patience: float, backoff: float, listing_delay: float) -> None:
        import httpx2
        import openai

        self.endpoint, self.folder = endpoint, folder
        self.is_there = False
        """Whether the server has responded at all, with a success or an error."""
        self.patience, self.backoff, self.listing_delay = patience, backoff, listing_delay
        self._broken = (openai.APIConnectionError, httpx2.HTTPError)
        self._unreached = httpx2.ConnectError
        place, query = split_query(endpoint.base_url)
        http_client = blocking_client_class(endpoint.api_key, is_azure=is_azure(endpoint.base_url))
        self._client = openai.OpenAI(
            base_url=place,
            api_key=endpoint.api_key,
            default_query=query,
            max_retries=0,
            timeout=CALL_SECONDS,
            http_client=http_client(trust_env=not is_here(endpoint.base_url), follow_redirects=False),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._client.close()

    def upload(self, file: IO[bytes], name: str) -> str:
        """Upload a file and return its id."""

        def action() -> str:
            file.seek(0)
            whole = (name, file, "application/jsonl")
            return _known(self._client.files.create(file=whole, purpose="batch", timeout=FILE_SECONDS)).id

        return self._insist("upload", action)

    def create(self, file_id: str, digest: str) -> "Batch":
        """Create a batch from an uploaded file. Before a retry, look for it in the list."""
        is_first = True

        def action() -> "Batch":
            nonlocal is_first
            if not is_first:
                time.sleep(self.listing_delay)  # the batch may have been created without a response
                if batch := self._listed().get(digest):
                    return batch
            is_first = False
            created = self._client.batches.create(
                completion_window="24h", endpoint=ENDPOINT, input_file_id=file_id, metadata={TAG: digest}
            )
            return _known(created)

        return self._insist("create", action)

    def listed(self) -> "dict[str, Batch]":
        """Return our batches that have results or may still get them: the newest for each digest."""
        return self._insist("list", self._listed)

    def retrieve(self, batch_id: str) -> "Batch":
        """Return the current state of the batch.

        Raises:
            NotFoundError: if the account has no such batch.
        """
        return self._insist("retrieve", lambda: _known(self._client.batches.retrieve(batch_id)))

    @contextmanager
    def file(self, file_id: str) -> Iterator[tuple[IO[bytes], int]]:
        """Yield a file of a batch, and how many of its lines were unreadable in every download.

        Raises:
            NotFoundError: if the account has no such file (it is too old).
        """
        with scratch(self.folder) as file:
            bad = 1
            for _ in range(READINGS):
                self._insist("download", lambda: self._download(file_id, file))
                if not (bad := unreadable(file)):
                    break
            yield file, bad

    def _download(self, file_id: str, file: IO[bytes]) -> None:
        file.seek(0)
        file.truncate()
        with self._client.files.with_streaming_response.content(file_id, timeout=FILE_SECONDS) as response:
            for piece in response.iter_bytes(PIECE):
                file.write(piece)

    def _listed(self) -> "dict[str, Batch]":
        batches: dict[str, Batch] = {}
        try:
            for batch in self._client.batches.list(limit=100):
                if _known(batch).created_at < time.time() - RETENTION_SECONDS:
                    break
                digest = (batch.metadata or {}).get(TAG)
                counts = batch.request_counts
                has_results = batch.output_file_id and (counts is None or counts.completed)
                if digest and (batch.status in RUNNING or has_results):
                    batches.setdefault(digest, batch)
        except AttributeError as error:  # the client accepts any text as a page
            raise ValueError("not a list of batches") from error
        return batches

    def _insist(self, what: str, action: Callable[[], T]) -> T:
        """Call `action`, retrying transient failures, and return its result.

        Raises:
            NotFoundError: if the server does not know the requested object.
            ServerError: if it rejects the request, was never reachable, or only failed for `patience` seconds.
        """
        import openai

        failing_since: float | None = None
        attempts = 0
        while True:
            try:
                result = action()
            except openai.APIStatusError as error:
                self.is_there = True
                failure = response_failure(error)
                if not failure.is_transient:
                    raise self._rejected(what, failure) from error
            except self._broken as error:
                failure = connection_failure(error)
                if isinstance(error.__cause__, self._unreached) and not self.is_there:
                    raise ServerError(
                        f"{self.endpoint.shown}: no server responds ({failure.reason}): start it or correct the URL"
                    ) from None
            except ValueError as error:
                failure = RequestFailure(f"invalid response: {error}", is_transient=True)
            else:
                self.is_there = True
                return result
            now = time.monotonic()
            failing_since = now if failing_since is None else failing_since
            if now - failing_since >= self.patience:
                raise ServerError(
                    f"{self.endpoint.shown}: every request failed for {now - failing_since:.0f} s, the last one "
                    f"with {failure.reason!r}; batches in progress continue, and the next run finds them"
                )
            attempts += 1
            time.sleep(failure.pause(attempts, self.backoff, LONGEST_BACKOFF))

    def _rejected(self, what: str, failure: RequestFailure) -> ServerError:
        message = f"{self.endpoint.shown}: cannot {what} a batch or its file"
        if failure.reason.startswith("404"):
            return NotFoundError(
                f"{message}: not found (response: {failure.reason}): the server has no Batch API, or the key belongs "
                "to another account or project than the batch"
            )
        return ServerError(f"{message}: {failure.refusal or 'rejected'} (response: {failure.reason})")


def _known(response: T) -> T:
    """Return the response if it has the expected form: the client accepts any JSON or text.

    Raises:
        ValueError: if it has not.
    """
    if not isinstance(getattr(response, "id", None), str):
        raise ValueError(repr(response)[:200])  # noqa: TRY004 (transient, like every invalid response)
    return response
