"""The deployment's settings: every SKYASSETS_ variable is read, checked and described here."""

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from skyassets.core.errors import SkyassetsError
from skyassets.core.money import Price
from skyassets.engines.host.devices import cores
from skyassets.engines.openai_api.shown_url import shown_url
from skyassets.engines.sandbox.choice import SANDBOXES
from skyassets.engines.serving.vllm_options import DTYPES, VllmOptions, refused
from skyassets.project.deployment import ENGINES, NO_KEY, OPENAI, ROLES, Deployment
from skyassets.project.provider_keys import checked_key, provider_key
from skyassets.project.setting_names import OF_A_ROLE, check_names
from skyassets.recipes.recipe import Recipe
from skyassets.stages.training.parallelism import ATTENTIONS, LOSSES, OFFLOADS, LayoutOverrides

TRAIN_AUTOMATICALLY = "SKYASSETS_TRAIN_AUTOMATICALLY"
NO_ROLES = ("HOUR", "MICRO")
"""Prefixes of _PRICE and _BATCH settings that are not roles; no contender may use them."""
_OF_ROLE = re.compile(rf"SKYASSETS_([A-Z][A-Z0-9_]*?)_(?:{'|'.join(OF_A_ROLE)})")
DIGITS = 18
"""Most digits of a number: no setting needs more, and Python converts only so many."""
ZERO_STAGES = ("0", "1", "2", "3")
TRACKERS = ("tensorboard", "wandb", "mlflow")
Value = TypeVar("Value")


def deployment_of(recipe: Recipe, environment: Mapping[str, str]) -> Deployment:
    """The deployment of `recipe`, after checking that every SKYASSETS_ variable is a setting.

    Raises:
        SkyassetsError: for a variable that is no setting, or an invalid value.
    """
    check_names(environment, recipe)
    return from_environment(environment)


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
        places = urls.get(role, (OPENAI,))
        variable = f"SKYASSETS_{role.upper()}_API_KEY"
        own = _list({variable: checked_key(variable, environment)}, variable)
        if own and len(own) not in (1, len(places)):
            raise SkyassetsError(
                f"SKYASSETS_{role.upper()}_API_KEY lists {len(own)} keys for {len(urls.get(role, ()))} URLs; list "
                "one key for all of them, or one for each in the same order"
            )
        own = own or tuple(provider_key(url, environment) or NO_KEY for url in places)
        if set(own) != {NO_KEY}:
            keys[role] = own
    batched = _by_role(environment, "BATCH", partial(_switch, meaning="use the server's Batch API"))
    return Deployment(
        data=Path(environment.get("SKYASSETS_DATA", "data")).absolute(),
        engine=engine,
        urls=urls,
        keys=keys,
        openai_key=checked_key("OPENAI_API_KEY", environment),
        names=_by_role(environment, "MODEL_NAME", lambda name, text: text),
        prices=_by_role(environment, "PRICE", _price),
        rpm=_by_role(environment, "RPM", _whole),
        tpm=_by_role(environment, "TPM", _whole),
        batches=frozenset(role for role, is_on in batched.items() if is_on),
        budget=_dollars(environment, "SKYASSETS_BUDGET"),
        hour_price=_dollars(environment, "SKYASSETS_HOUR_PRICE") or 0.0,
        concurrency=_number(environment, "SKYASSETS_CONCURRENCY", Deployment.concurrency),
        workers=_number(environment, "SKYASSETS_WORKERS", len(cores())),
        sandbox=sandbox,
        sandbox_image=environment.get("SKYASSETS_SANDBOX_IMAGE", Deployment.sandbox_image),
        vllm=_vllm(environment),
        overrides=overrides(environment),
        save_every=_override(environment, "SKYASSETS_SAVE_EVERY", _whole),
        saves_kept=_number(environment, "SKYASSETS_SAVES_KEPT", Deployment.saves_kept),
        trackers=_among_all(environment, "SKYASSETS_TRACKERS", TRACKERS),
        train_automatically=_switch(
            TRAIN_AUTOMATICALLY, environment.get(TRAIN_AUTOMATICALLY, "0"), "automation may start a training"
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
        ranks=_override(environment, "SKYASSETS_RANKS", _whole),
        micro_batch=_override(environment, "SKYASSETS_MICRO_BATCH", _whole),
        zero_stage=_override(environment, "SKYASSETS_ZERO", lambda name, text: int(_among(name, text, ZERO_STAGES))),
        offload=_override(environment, "SKYASSETS_OFFLOAD", partial(_among, possible=OFFLOADS)),
        recompute=_override(
            environment, "SKYASSETS_RECOMPUTE", lambda name, text: _among(name, text, ("0", "1")) == "1"
        ),
        attention=_override(environment, "SKYASSETS_ATTENTION", partial(_among, possible=ATTENTIONS)),
        loss=_override(environment, "SKYASSETS_LOSS", partial(_among, possible=LOSSES)),
        sequence_parallel=_number(environment, "SKYASSETS_SEQUENCE_PARALLEL", LayoutOverrides.sequence_parallel),
    )


def _override(environment: Mapping[str, str], name: str, read: Callable[[str, str], Value]) -> Value | None:
    """The value of `name`; None if it is not set or `auto`, which leaves the choice to the plan."""
    text = environment.get(name, "auto")
    return None if text in ("", "auto") else read(name, text)


def _among(name: str, text: str, possible: Sequence[str]) -> str:
    if text not in possible:
        raise SkyassetsError(f"{name} is {text!r}; it must be auto or one of {', '.join(possible)}")
    return text


def _among_all(environment: Mapping[str, str], name: str, possible: Sequence[str]) -> tuple[str, ...]:
    values = _list(environment, name)
    if wrong := [each for each in values if each not in possible]:
        raise SkyassetsError(f"{name} lists {', '.join(wrong)}; it may list {', '.join(possible)}, separated by commas")
    return values


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
        raise SkyassetsError(f"{name} cannot be split into shell words ({error}): check its quotes") from error
    if reason := refused(words):
        raise SkyassetsError(f"{name}: {reason}")
    return words


def _by_role(environment: Mapping[str, str], suffix: str, read: Callable[[str, str], Value]) -> dict[str, Value]:
    """Role to the value of its setting with this suffix, for the roles that have one."""
    names = {role: f"SKYASSETS_{role.upper()}_{suffix}" for role in _roles(environment)}
    return {role: read(name, environment[name]) for role, name in names.items() if environment.get(name)}


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
                f"{name} contains a user name or password (before the @), which errors and logs would show: "
                f"remove it; a key belongs in SKYASSETS_{role.upper()}_API_KEY"
            )
        if not is_whole:
            # A comma in a query makes a part of its key look like a URL of its own.
            shown = "a text" if "?" in environment[name].partition(url)[0] else repr(shown_url(url))
            raise SkyassetsError(
                f"{name} contains {shown}, which is not the URL of a server, such as http://gpu-box:8000/v1"
            )
    return urls


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    return _whole(name, environment.get(name, str(default)))


def _whole(name: str, text: str) -> int:
    if not text.isdecimal() or len(text) > DIGITS or int(text) < 1:
        raise SkyassetsError(f"{name} is {text!r}; it must be a whole number of at least 1 and at most {DIGITS} digits")
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


def _price(name: str, text: str) -> Price:
    try:
        sums = [float(part) for part in text.split(",")]
    except ValueError:
        sums = []
    if len(sums) != 2 or not all(0 <= each < float("inf") for each in sums):
        raise SkyassetsError(
            f"{name} is {text!r}; it must be two numbers, the dollars per million prompt tokens and per million "
            "completion tokens, such as 0.15,0.60 (0,0 for a server of your own)"
        )
    return Price(sums[0], sums[1], as_of="", source=name)
