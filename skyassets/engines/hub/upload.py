"""Publishes to the Hugging Face hub: one commit per repository, with only the files that differ."""

import hashlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from skyassets.core.errors import PublishError
from skyassets.core.publication import Item, Kind, Parcel, Pushed

WEIGHTS = ("*.safetensors", "*.safetensors.index.json", "pytorch_model*.bin", "pytorch_model*.bin.index.json")
"""Weights in a model's root. Those of an earlier push would be loaded instead of the new ones."""
LOGIN = "export HF_TOKEN with a token that may write (hf.co/settings/tokens), or run `hf auth login`"


def token() -> str:
    """Return the user's token, from HF_TOKEN or the login; empty if there is none."""
    with _told("the token"):
        from huggingface_hub import get_token

        return get_token() or ""


def push(parcel: Parcel, is_public: bool) -> Pushed:
    """Push `parcel` to its repository, which is created if needed: private unless `is_public`.

    Unchanged files are not sent again: large ones are compared by the hub's SHA-256, small ones by their git digest.
    Weights of an earlier push that are not in this one are removed; all other files stay.

    Raises:
        PublishError: without a token, if the hub refuses or cannot be reached, or if the repository is public and
            `is_public` is false.
    """
    if not token():
        raise PublishError(f"publish: there is no token for the hub; {LOGIN}")
    with _told(parcel.repo):
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

        api, kind = HfApi(), parcel.kind.value
        api.create_repo(parcel.repo, repo_type=kind, private=not is_public, exist_ok=True)
        info = api.repo_info(parcel.repo, repo_type=kind)
        if not info.private and not is_public:
            raise PublishError(
                f"{parcel.repo}: the repository is public already; say --public if all may see this, or name another"
            )
        found = _files(api, parcel, info.sha)
        there = {item.path for item in parcel.items if _is_same(item, found.get(item.path))}
        sent = [item for item in parcel.items if item.path not in there]
        ours = {item.path for item in parcel.items}
        outdated = [path for path in found if path not in ours and _is_weights(parcel.kind, path)]
        url = f"{api.endpoint}/{'datasets/' if parcel.kind is Kind.DATA else ''}{parcel.repo}"
        if sent or outdated:
            with warnings.catch_warnings():
                # huggingface_hub warns about tables in a model repository; these belong to the report.
                warnings.filterwarnings("ignore", message="It seems that you are about to commit a data file")
                url = api.create_commit(
                    parcel.repo,
                    [
                        *(CommitOperationAdd(item.path, item.content) for item in sent),
                        *(CommitOperationDelete(path) for path in outdated),
                    ],
                    commit_message=parcel.title,
                    repo_type=kind,
                    # Fails if another push came in between, because the comparison above is then outdated.
                    parent_commit=info.sha,
                ).commit_url
        return Pushed(
            url=url,
            sent=tuple(item.path for item in sent),
            unchanged=tuple(sorted(there)),
            removed=tuple(outdated),
            others=tuple(path for path in found if path not in ours and path not in outdated and path[0] != "."),
            is_private=bool(info.private),
        )


def _files(api: Any, parcel: Parcel, revision: str) -> dict[str, Any]:
    from huggingface_hub.hf_api import RepoFile

    tree = api.list_repo_tree(parcel.repo, recursive=True, revision=revision, repo_type=parcel.kind.value)
    return {entry.path: entry for entry in tree if isinstance(entry, RepoFile)}


def _is_same(item: Item, there: Any) -> bool:
    if there is None or there.size != item.size:
        return False
    return bool(there.lfs.sha256 == item.sha256 if there.lfs else there.blob_id == _blob_id(item))


def _blob_id(item: Item) -> str:
    """Return the file's git blob id: the SHA-1 of `blob SIZE`, a zero byte and the bytes."""
    content = item.content.read_bytes() if isinstance(item.content, Path) else item.content
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _is_weights(kind: Kind, path: str) -> bool:
    return kind is Kind.MODEL and "/" not in path and any(fnmatch(path, pattern) for pattern in WEIGHTS)


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Convert the hub library's exceptions to a PublishError about `what`."""
    try:
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError, HTTPError, OfflineModeIsEnabled
    except ImportError as error:
        raise PublishError(f"{what}: huggingface_hub is not installed; pip install huggingface_hub") from error
    try:
        yield
    except OfflineModeIsEnabled as error:
        raise PublishError(f"{what}: HF_HUB_OFFLINE is set; unset it to publish") from error
    except HfHubHTTPError as error:
        raise PublishError(f"{what}: {_refusal(error)}") from error
    except HFValidationError as error:
        raise PublishError(f"{what}: no name of a repository of the hub: {_first_line(error)}") from error
    except (HTTPError, OSError) as error:
        raise PublishError(
            f"{what}: the hub cannot be reached, or broke off: {_first_line(error)}; try again"
        ) from error
    except (ValueError, RuntimeError) as error:
        # The library's own message, for an invalid card header or a failed upload.
        raise PublishError(f"{what}: {_first_line(error)}") from error


def _refusal(error: Any) -> str:
    status = error.response.status_code if error.response is not None else 0
    if status == 401:
        return f"the hub does not know the token; {LOGIN}"
    if status in (403, 404):
        return f"the token may not write there ({status}): {_first_line(error)}; {LOGIN}"
    if status == 412:
        return "the repository changed while it was compared; publish again"
    return f"the hub answered {status}: {_first_line(error)}"


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__).rstrip(".")


SECONDS = 5.0


def hub_user() -> tuple[bool | None, str]:
    """Return whether the hub knows the token (None if it cannot be asked), and a message."""
    known = token()
    if not known:
        return False, f"no token; {LOGIN}"
    import httpx2
    from huggingface_hub import constants
    from huggingface_hub.utils import build_hf_headers, get_session

    try:
        headers = build_hf_headers(token=known)
        reply = get_session().get(f"{constants.ENDPOINT}/api/whoami-v2", headers=headers, timeout=SECONDS)
    except (httpx2.HTTPError, OSError) as error:
        # Offline, by setting or because of the network.
        return None, f"there is a token; the hub cannot be asked whose it is ({type(error).__name__})"
    if reply.status_code in (401, 403):
        return False, f"the hub does not know the token; {LOGIN}"
    try:
        return True, f"the hub knows the token: {reply.json()['name']}"
    except (ValueError, LookupError, TypeError):
        return None, f"there is a token; the hub does not say whose it is (HTTP {reply.status_code})"
