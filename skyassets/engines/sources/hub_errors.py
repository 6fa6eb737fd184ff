"""Explains why the Hugging Face hub did not return a data set, and what to do: gated, missing, or unreachable."""

from collections.abc import Iterator
from pathlib import Path

from skyassets.core.sources import HubDataset


def refused(origin: HubDataset, error: Exception) -> str:
    """Return a sentence on why the data set `origin` is not available, and what to do about it."""
    why = _first(origin, error)
    if why is None and not Path(origin.repo).is_dir():
        # `datasets` drops the hub's own error, so ask the hub again for it.
        why = _asked_again(origin)
    return f"{_named(origin)} {why}" if why else _otherwise(origin, error)


def _reason(origin: HubDataset, error: BaseException) -> str | None:
    """Return what `error` alone says about `origin`; None if it is not from the hub."""
    from huggingface_hub import constants, errors

    page = f"{constants.ENDPOINT}/datasets/{origin.repo}"
    match error:
        case errors.GatedRepoError():
            return f"is gated: open {page}, accept its conditions, and {_token()}"
        case errors.RepositoryNotFoundError():
            return (
                f"is not at {constants.ENDPOINT}, or it is private; check the name in HubDataset(repo=...), or "
                f"{_token()}"
            )
        case errors.RevisionNotFoundError():
            return "has no such revision; name a commit, a tag or a branch in HubDataset(revision=...)"
        case errors.DisabledRepoError():
            return f"was taken down by the hub; {page} may say why"
        case errors.OfflineModeIsEnabled():
            return (
                "is not on this machine, and HF_HUB_OFFLINE forbids to ask the hub; unset it for one run, or name a "
                "folder with the data set in HubDataset(repo=...)"
            )
        case errors.HfHubHTTPError(response=response) if response is not None:
            return f"could not be asked for: {constants.ENDPOINT} answered {response.status_code}; try again later"
        case errors.HTTPError() | TimeoutError():
            return (
                f"is not on this machine, and {constants.ENDPOINT} cannot be reached ({type(error).__name__}); check "
                "the network and HF_ENDPOINT, or name a folder with the data set in HubDataset(repo=...)"
            )
        case _:
            return None


def _asked_again(origin: HubDataset) -> str | None:
    from huggingface_hub import HfApi, errors

    try:
        HfApi().auth_check(origin.repo, repo_type="dataset")
        HfApi().dataset_info(origin.repo, revision=origin.revision)
    except (OSError, ValueError, errors.HTTPError) as error:
        return _first(origin, error)
    return None


def _first(origin: HubDataset, error: Exception) -> str | None:
    return next((reason for one in _behind(error) if (reason := _reason(origin, one))), None)


def _behind(error: BaseException | None) -> Iterator[BaseException]:
    """Yield `error` and its causes, outermost first."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _token() -> str:
    from huggingface_hub import get_token

    if get_token():
        return "see that HF_TOKEN, or the login that was found, is of an account that may read it"
    return "set HF_TOKEN to a token of an account that may read it, or run `hf auth login`: no token was found"


def _named(origin: HubDataset) -> str:
    what = f"files {list(origin.files)}" if origin.files else f"split {origin.split}"
    return f"the data set {origin.repo} ({what}, revision {origin.revision})"


def _otherwise(origin: HubDataset, error: Exception) -> str:
    return (
        f"{_named(origin)} cannot be loaded: {error}; where a data set comes with a loading script, or its rows differ "
        "in their types, name its data files in HubDataset(files=...)"
    )
