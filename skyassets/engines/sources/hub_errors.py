"""Explains why the Hugging Face hub did not return a data set, and what to do: gated, missing, or unreachable."""

from pathlib import Path

from skyassets.core.sources import HubDataset


def explain(origin: HubDataset, error: Exception) -> str:
    """Return a sentence on why the data set `origin` is not available, and what to do about it."""
    reason = _hub_reason(origin, error)
    if reason is None and not Path(origin.repo).is_dir():
        # `datasets` drops the hub's own error, so request it from the hub again.
        reason = _ask_hub(origin)
    what = f"files {list(origin.files)}" if origin.files else f"split {origin.split}"
    name = f"the data set {origin.repo} ({what}, revision {origin.revision})"
    if reason:
        return f"{name} {reason}"
    return (
        f"{name} cannot be loaded: {error}; if it has a loading script, or its rows differ in their types, name its "
        "data files in HubDataset(files=...)"
    )


def _reason(origin: HubDataset, error: BaseException) -> str | None:
    """Return what `error` alone says about `origin`; None if it is not from the hub."""
    from huggingface_hub import constants, errors

    page = f"{constants.ENDPOINT}/datasets/{origin.repo}"
    match error:
        case errors.GatedRepoError():
            return f"is gated: open {page}, accept its conditions, and {_token()}"
        case errors.RepositoryNotFoundError():
            return f"is not at {constants.ENDPOINT}, or is private; check HubDataset(repo=...), or {_token()}"
        case errors.RevisionNotFoundError():
            return "has no such revision; name a commit, a tag or a branch in HubDataset(revision=...)"
        case errors.DisabledRepoError():
            return f"was disabled by the hub; see {page}"
        case errors.OfflineModeIsEnabled():
            return (
                "is not on this machine, and HF_HUB_OFFLINE is set; unset it for one run, or name a local folder in "
                "HubDataset(repo=...)"
            )
        case errors.HfHubHTTPError(response=response) if response is not None:
            return f"could not be downloaded: {constants.ENDPOINT} answered {response.status_code}; try again later"
        case errors.HTTPError() | TimeoutError():
            return (
                f"is not on this machine, and {constants.ENDPOINT} cannot be reached ({type(error).__name__}); check "
                "the network and HF_ENDPOINT, or name a local folder in HubDataset(repo=...)"
            )
        case _:
            return None


def _ask_hub(origin: HubDataset) -> str | None:
    from huggingface_hub import HfApi, errors

    try:
        HfApi().auth_check(origin.repo, repo_type="dataset")
        HfApi().dataset_info(origin.repo, revision=origin.revision)
    except (OSError, ValueError, errors.HTTPError) as error:
        return _hub_reason(origin, error)
    return None


def _hub_reason(origin: HubDataset, error: BaseException | None) -> str | None:
    """Return what the hub says about `origin` in `error` or its causes, outermost first; None if nothing."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if reason := _reason(origin, error):
            return reason
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return None


def _token() -> str:
    from huggingface_hub import get_token

    if get_token():
        return "use a token (HF_TOKEN or the login) of an account with access"
    return "set HF_TOKEN to a token of an account with access, or run `hf auth login`: no token was found"
