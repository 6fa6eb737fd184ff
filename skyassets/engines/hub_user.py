"""Whose the hub's token is, as far as the hub says; the token itself is shown to nobody."""

from skyassets.engines.hub import LOGIN, token

SECONDS = 5.0


def hub_user() -> tuple[bool | None, str]:
    """Whether there is a token that the hub knows, and what to say of it; None where the hub cannot be asked."""
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
        # Offline, by its switch or by the network.
        return None, f"there is a token; the hub cannot be asked whose it is ({type(error).__name__})"
    if reply.status_code in (401, 403):
        return False, f"the hub does not know the token; {LOGIN}"
    try:
        return True, f"the hub knows the token: {reply.json()['name']}"
    except (ValueError, LookupError, TypeError):
        return None, f"there is a token; the hub does not say whose it is (HTTP {reply.status_code})"
