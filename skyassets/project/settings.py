"""The deployment's settings: every SKYASSETS_ variable is read, checked and described here."""

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from skyassets.core.errors import SkyassetsError
from skyassets.core.money import Price
from skyassets.engines.sandbox.choice import SANDBOXES
from skyassets.engines.serving.vllm_options import DTYPES, VllmOptions, refused
from skyassets.project.deployment import ENGINES, OPENAI, ROLES, Deployment
from skyassets.stages.training.parallelism import ATTENTIONS, LOSSES, OFFLOADS, LayoutOverrides

TRAIN_AUTOMATICALLY = "SKYASSETS_TRAIN_AUTOMATICALLY"
NO_ROLES = ("HOUR", "MICRO")
"""Prefixes of _PRICE and _BATCH settings that are not roles; no contender may use them."""
_OF_ROLE = re.compile(r"SKYASSETS_([A-Z][A-Z0-9_]*?)_(?:URL|API_KEY|MODEL_NAME|PRICE|RPM|TPM|BATCH)")
ZERO_STAGES = ("0", "1", "2", "3")
TRACKERS = ("tensorboard", "wandb", "mlflow")
Wished = TypeVar("Wished")


def from_environment(environment: Mapping[str, str]) -> Deployment:
    """The deployment described by the environment's SKYASSETS_ variables.

    Raises:
        SkyassetsError: for an invalid value.
    """
    engine = environment.get("SKYASSETS_ENGINE", "auto")
    if engine not in ENGINES:
        raise SkyassetsError(f"SKYASSETS_ENGINE is {engine!r}; it must be one of {', '.join(ENGINES)}")
    sandbox = environment.get("SKYASSETS_SANDBOX", Deployment.sandbox)
    if sandbox not in SANDBOXES:
        raise SkyassetsError(f"SKYASSETS_SANDBOX is {sandbox!r}; it must be one of {', '.join(SANDBOXES)}")
    roles = _roles(environment)
    urls = {role: parts for role in roles if (parts := _urls(environment, role))}
    keys = {}
    for role in roles:
        # OpenAI's key is sent only to OpenAI, never to a configured server.
        is_openai = all(url.startswith(OPENAI) for url in urls.get(role, (OPENAI,)))
        openai = environment.get("OPENAI_API_KEY") if is_openai else None
        if own := _list(environment, f"SKYASSETS_{role.upper()}_API_KEY") or ((openai,) if openai else ()):
            if len(own) not in (1, len(urls.get(role, (OPENAI,)))):
                raise SkyassetsError(
                    f"SKYASSETS_{role.upper()}_API_KEY holds {len(own)} keys for {len(urls.get(role, ()))} URLs; give "
                    "one key for all of them, or one for each in the same order"
                )
            keys[role] = own
    return Deployment(
        data=Path(environment.get("SKYASSETS_DATA", "data")).absolute(),
        engine=engine,
        urls=urls,
        keys=keys,
        openai_key=environment.get("OPENAI_API_KEY", ""),
        names=_by_role(environment, "MODEL_NAME"),
        prices={role: _price(role, text) for role, text in _by_role(environment, "PRICE").items()},
        rpm={
            role: _whole(f"SKYASSETS_{role.upper()}_RPM", text) for role, text in _by_role(environment, "RPM").items()
        },
        tpm={
            role: _whole(f"SKYASSETS_{role.upper()}_TPM", text) for role, text in _by_role(environment, "TPM").items()
        },
        batches=frozenset(
            role
            for role, text in _by_role(environment, "BATCH").items()
            if _switch(f"SKYASSETS_{role.upper()}_BATCH", text, "ask through the server's Batch API")
        ),
        budget=_dollars(environment, "SKYASSETS_BUDGET"),
        hour_price=_dollars(environment, "SKYASSETS_HOUR_PRICE") or 0.0,
        concurrency=_number(environment, "SKYASSETS_CONCURRENCY", Deployment.concurrency),
        workers=_number(environment, "SKYASSETS_WORKERS", Deployment.workers),
        sandbox=sandbox,
        sandbox_image=environment.get("SKYASSETS_SANDBOX_IMAGE", Deployment.sandbox_image),
        vllm=_vllm(environment),
        overrides=overrides(environment),
        save_every=_wish(environment, "SKYASSETS_SAVE_EVERY", _whole),
        saves_kept=_number(environment, "SKYASSETS_SAVES_KEPT", Deployment.saves_kept),
        trackers=_among_all(environment, "SKYASSETS_TRACKERS", TRACKERS),
        train_automatically=_switch(
            TRAIN_AUTOMATICALLY, environment.get(TRAIN_AUTOMATICALLY, "0"), "train when automation finds new data"
        ),
    )


def _vllm(environment: Mapping[str, str]) -> VllmOptions:
    dtype, longest = environment.get("SKYASSETS_DTYPE"), environment.get("SKYASSETS_MAX_MODEL_LEN")
    if dtype is not None and dtype not in DTYPES:
        raise SkyassetsError(f"SKYASSETS_DTYPE is {dtype!r}; it must be one of {', '.join(DTYPES)}")
    return VllmOptions(
        replicas=_number(environment, "SKYASSETS_REPLICAS", VllmOptions.replicas),
        tensor_parallel=_number(environment, "SKYASSETS_TENSOR_PARALLEL", VllmOptions.tensor_parallel),
        dtype=dtype,
        max_model_len=None if longest is None else _whole("SKYASSETS_MAX_MODEL_LEN", longest),
        memory_share=_share(environment, "SKYASSETS_MEMORY_SHARE"),
        extra=_flags(environment, "SKYASSETS_VLLM_ARGS"),
    )


def overrides(environment: Mapping[str, str]) -> LayoutOverrides:
    """The settings of the training's parallelism; the plan chooses what is not set."""
    return LayoutOverrides(
        ranks=_wish(environment, "SKYASSETS_RANKS", _whole),
        micro_batch=_wish(environment, "SKYASSETS_MICRO_BATCH", _whole),
        zero_stage=_wish(environment, "SKYASSETS_ZERO", lambda name, text: int(_among(name, text, ZERO_STAGES))),
        offload=_wish(environment, "SKYASSETS_OFFLOAD", lambda name, text: _among(name, text, OFFLOADS)),
        recompute=_wish(environment, "SKYASSETS_RECOMPUTE", lambda name, text: _among(name, text, ("0", "1")) == "1"),
        attention=_wish(environment, "SKYASSETS_ATTENTION", lambda name, text: _among(name, text, ATTENTIONS)),
        loss=_wish(environment, "SKYASSETS_LOSS", lambda name, text: _among(name, text, LOSSES)),
        sequence_parallel=_number(environment, "SKYASSETS_SEQUENCE_PARALLEL", LayoutOverrides.sequence_parallel),
    )


def _wish(environment: Mapping[str, str], name: str, read: Callable[[str, str], Wished]) -> Wished | None:
    """The value of `name`; None if it is not set or `auto`, which leaves the choice to the plan."""
    text = environment.get(name, "auto")
    return None if text in ("", "auto") else read(name, text)


def _among(name: str, text: str, possible: Sequence[str]) -> str:
    if text not in possible:
        raise SkyassetsError(f"{name} is {text!r}; it must be auto or one of {', '.join(possible)}")
    return text


def _among_all(environment: Mapping[str, str], name: str, possible: Sequence[str]) -> tuple[str, ...]:
    found = _list(environment, name)
    if wrong := [each for each in found if each not in possible]:
        raise SkyassetsError(f"{name} names {', '.join(wrong)}; it may name {', '.join(possible)}, with commas")
    return found


def _share(environment: Mapping[str, str], name: str) -> float | None:
    text = environment.get(name)
    if text is None:
        return None
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise SkyassetsError(f"{name} is {text!r}; it must be a share above 0 and at most 1, such as 0.9")
    return share


def _flags(environment: Mapping[str, str], name: str) -> tuple[str, ...]:
    text = environment.get(name, "")
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise SkyassetsError(f"{name} is not words as a shell reads them ({error}): see to its quotes") from error
    if reason := refused(words):
        raise SkyassetsError(f"{name}: {reason}")
    return words


def _by_role(environment: Mapping[str, str], name: str) -> dict[str, str]:
    found = {role: environment.get(f"SKYASSETS_{role.upper()}_{name}") for role in _roles(environment)}
    return {role: text for role, text in found.items() if text}


def _roles(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The roles of every recipe, and those of contenders, which are only known from their settings."""
    named = [match[1] for name in sorted(environment) if (match := _OF_ROLE.fullmatch(name))]
    return tuple(dict.fromkeys((*ROLES, *(role.lower() for role in named if role not in NO_ROLES))))


def _list(environment: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in environment.get(name, "").split(",") if part.strip())


def _urls(environment: Mapping[str, str], role: str) -> tuple[str, ...]:
    name = f"SKYASSETS_{role.upper()}_URL"
    urls = _list(environment, name)
    for url in urls:
        try:
            parts = urlsplit(url)
            has_password = parts.username is not None or parts.password is not None
            is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            has_password = is_whole = False
        # A password may contain a comma, or the text may not be a URL at all, so no part of it is shown.
        if has_password or (not is_whole and "@" in environment[name]):
            raise SkyassetsError(
                f"{name} holds a user name or password (what is before an @), which errors and logs would show: "
                f"take it out; a key belongs in SKYASSETS_{role.upper()}_API_KEY"
            )
        if not is_whole:
            raise SkyassetsError(
                f"{name} holds {url!r}, which is no URL of a server; it must be such as http://gpu-box:8000/v1"
            )
    return urls


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    return _whole(name, environment.get(name, str(default)))


def _whole(name: str, text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise SkyassetsError(f"{name} is {text!r}; it must be a whole number of at least 1")
    return int(text)


def _switch(name: str, text: str, meaning: str) -> bool:
    if text not in ("0", "1"):
        raise SkyassetsError(f"{name} is {text!r}; it must be 1 ({meaning}) or 0")
    return text == "1"


def _dollars(environment: Mapping[str, str], name: str) -> float | None:
    text = environment.get(name)
    return None if text is None else dollars_in(name, text)


def dollars_in(name: str, text: str) -> float:
    """The amount in `text`.

    Raises:
        SkyassetsError: when it is not an amount; the message names the setting.
    """
    try:
        dollars = float(text.removeprefix("$"))
    except ValueError:
        dollars = -1.0
    if not 0 <= dollars < float("inf"):
        raise SkyassetsError(f"{name} is {text!r}; it must be an amount of dollars, such as 5 or 0.50")
    return dollars


def _price(role: str, text: str) -> Price:
    name = f"SKYASSETS_{role.upper()}_PRICE"
    try:
        sums = [float(part) for part in text.split(",")]
    except ValueError:
        sums = []
    if len(sums) != 2 or not all(0 <= each < float("inf") for each in sums):
        raise SkyassetsError(
            f"{name} is {text!r}; it must be two numbers, dollars a million prompt tokens and dollars a million "
            "completion tokens, such as 0.15,0.60 (0,0 for a server of your own)"
        )
    return Price(sums[0], sums[1], as_of="", source=name)
