"""Publishes to the Hugging Face hub: one commit per repository, with only the files that differ."""

import hashlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from skyassets.core.errors import PublishError
from skyassets.core.publication import RepoFile, RepoType, RepoUpload, UploadResult

WEIGHTS = ("*.safetensors", "*.safetensors.index.json", "pytorch_model*.bin", "pytorch_model*.bin.index.json")
"""Weights in a model's root. Those of an earlier push would be loaded instead of the new ones."""
LOGIN = "export HF_TOKEN with a token that may write (hf.co/settings/tokens), or run `hf auth login`"
SECONDS = 5.0
"""Longest wait for the hub's check of a token."""


def token() -> str:
    """Return the user's token, from HF_TOKEN or the login; empty if there is none."""
    with _hub_errors("the token"):
        from huggingface_hub import get_token

        return get_token() or ""


def push(upload: RepoUpload, is_public: bool) -> UploadResult:
    """Push `upload` to its repository, which is created if needed: private unless `is_public`.

    Unchanged files are not sent again: large ones are compared by the hub's SHA-256, small ones by their git digest.
    Weights of an earlier push that are not in this one are removed; all other files stay.

    Raises:
        PublishError: without a token, if the hub refuses or cannot be reached, or if the repository is public and
            `is_public` is false.
    """
    if not token():
        raise PublishError(f"publish: no token for the hub; {LOGIN}")
    with _hub_errors(upload.repo):
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

        api, kind = HfApi(), upload.repo_type.value
        api.create_repo(upload.repo, repo_type=kind, private=not is_public, exist_ok=True)
        info = api.repo_info(upload.repo, repo_type=kind)
        if not info.private and not is_public:
            raise PublishError(
                f"{upload.repo}: the repository is already public; add --public to publish there, or name another"
            )
        on_hub = _files(api, upload, info.sha)
        unchanged = {file.path for file in upload.files if _is_same(file, on_hub.get(file.path))}
        sent = [file for file in upload.files if file.path not in unchanged]
        ours = {file.path for file in upload.files}
        outdated = [path for path in on_hub if path not in ours and _is_weights(upload.repo_type, path)]
        url = f"{api.endpoint}/{'datasets/' if upload.repo_type is RepoType.DATA else ''}{upload.repo}"
        if sent or outdated:
            with warnings.catch_warnings():
                # huggingface_hub warns about tables in a model repository; these belong to the report.
                warnings.filterwarnings("ignore", message="It seems that you are about to commit a data file")
                url = api.create_commit(
                    upload.repo,
                    [
                        *(CommitOperationAdd(file.path, file.content) for file in sent),
                        *(CommitOperationDelete(path) for path in outdated),
                    ],
                    commit_message=upload.title,
                    repo_type=kind,
                    # Fails if another push came in between, because the comparison above is then outdated.
                    parent_commit=info.sha,
                ).commit_url
        return UploadResult(
            url=url,
            sent=tuple(file.path for file in sent),
            unchanged=tuple(sorted(unchanged)),
            removed=tuple(outdated),
            others=tuple(path for path in on_hub if path not in ours and path not in outdated and path[0] != "."),
            is_private=bool(info.private),
        )


def _files(api: Any, upload: RepoUpload, revision: str) -> dict[str, Any]:
    from huggingface_hub import hf_api

    tree = api.list_repo_tree(upload.repo, recursive=True, revision=revision, repo_type=upload.repo_type.value)
    return {entry.path: entry for entry in tree if isinstance(entry, hf_api.RepoFile)}


def _is_same(file: RepoFile, on_hub: Any) -> bool:
    if on_hub is None or on_hub.size != file.size:
        return False
    return bool(on_hub.lfs.sha256 == file.sha256 if on_hub.lfs else on_hub.blob_id == _blob_id(file))


def _blob_id(file: RepoFile) -> str:
    """Return the file's git blob id: the SHA-1 of `blob SIZE`, a zero byte and the bytes."""
    content = file.content.read_bytes() if isinstance(file.content, Path) else file.content
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _is_weights(repo_type: RepoType, path: str) -> bool:
    return repo_type is RepoType.MODEL and "/" not in path and any(fnmatch(path, pattern) for pattern in WEIGHTS)


@contextmanager
def _hub_errors(what: str) -> Iterator[None]:
    """Convert the hub library's exceptions to a PublishError about `what`."""
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, HTTPError, OfflineModeIsEnabled

    try:
        yield
    except OfflineModeIsEnabled as error:
        raise PublishError(f"{what}: HF_HUB_OFFLINE is set; unset it to publish") from error
    except HfHubHTTPError as error:
        raise PublishError(f"{what}: {_refusal(error)}") from error
    except HFValidationError as error:
        raise PublishError(f"{what}: not a valid repository name: {_first_line(error)}") from error
    except (HTTPError, OSError) as error:
        raise PublishError(f"{what}: the hub cannot be reached: {_first_line(error)}; try again") from error
    except (ValueError, RuntimeError) as error:
        # The library's own message, for an invalid card header or a failed upload.
        raise PublishError(f"{what}: {_first_line(error)}") from error


def _refusal(error: Any) -> str:
    status = error.response.status_code if error.response is not None else 0
    if status == 401:
        return f"the hub rejects the token; {LOGIN}"
    if status in (403, 404):
        return f"the token does not allow writing there ({status}): {_first_line(error)}; {LOGIN}"
    if status == 412:
        return "the repository was changed at the same time; publish again"
    return f"the hub answered {status}: {_first_line(error)}"


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__).rstrip(".")


def check_token() -> tuple[bool | None, str]:
    """Return whether the hub accepts the token (None if it cannot be asked), and a message."""
    if not (hub_token := token()):
        return False, f"no token; {LOGIN}"
    import httpx2
    from huggingface_hub import constants
    from huggingface_hub.utils import build_hf_headers, get_session

    try:
        headers = build_hf_headers(token=hub_token)
        reply = get_session().get(f"{constants.ENDPOINT}/api/whoami-v2", headers=headers, timeout=SECONDS)
    except (httpx2.HTTPError, OSError) as error:
        # Offline, by setting or because of the network.
        return None, f"found, but the hub cannot be reached to check it ({type(error).__name__})"
    if reply.status_code in (401, 403):
        return False, f"the hub rejects the token; {LOGIN}"
    try:
        return True, f"valid, of the user {reply.json()['name']}"
    except (ValueError, LookupError, TypeError):
        return None, f"found, but the hub did not check it (HTTP {reply.status_code})"
