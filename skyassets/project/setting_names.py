"""The names of all settings, and what a name is that no setting has: a typing error must not leave a setting unset."""

import difflib
import re
from collections.abc import Iterable

from skyassets import __version__
from skyassets.core.errors import SkyassetsError
from skyassets.project.deployment import ROLES
from skyassets.recipes.recipe import Recipe

PREFIX = "SKYASSETS_"
NAMES = (
    "RECIPE", "DATA", "BUDGET", "HOUR_PRICE", "CONCURRENCY", "WORKERS", "SANDBOX", "SANDBOX_IMAGE",
    "ENGINE", "REPLICAS", "TENSOR_PARALLEL", "DTYPE", "MAX_MODEL_LEN", "MEMORY_SHARE", "VLLM_ARGS",
    "RANKS", "MICRO_BATCH", "ZERO", "OFFLOAD", "RECOMPUTE", "ATTENTION", "LOSS", "SEQUENCE_PARALLEL",
    "SAVE_EVERY", "SAVES_KEPT", "TRACKERS", "TRAIN_AUTOMATICALLY", "TORCH_INDEX",
)  # fmt: skip
"""Every setting that belongs to no role, without the prefix. TORCH_INDEX is read by `deploy/setup.sh`."""
OF_A_ROLE = ("URL", "API_KEY", "MODEL_NAME", "PRICE", "RPM", "TPM", "BATCH")
"""Every setting of a role, without the prefix and the role."""
_OF_A_ROLE = re.compile(rf"{PREFIX}(\w+?)_(?:{'|'.join(OF_A_ROLE)})", re.ASCII)


def check_names(environment: Iterable[str], recipe: Recipe) -> None:
    """Check that each variable of ours is a setting, for a role that `recipe` may have.

    Raises:
        SkyassetsError: naming each variable that is none, the setting that was probably meant, and all settings.
    """
    roles = tuple(dict.fromkeys((*ROLES, *(contender.role for contender in recipe.contenders))))
    known = known_names(roles)
    unknown = sorted(name for name in environment if name.startswith(PREFIX) and name not in known)
    if not unknown:
        return
    faults = " ".join(_fault(name, known, recipe.name) for name in unknown)
    raise SkyassetsError(
        f"{faults} Correct or unset {'it' if len(unknown) == 1 else 'them'}. The settings are {PREFIX}... "
        f"{', '.join(NAMES)}; and for the roles {', '.join(roles)}: {PREFIX}<ROLE>_... {', '.join(OF_A_ROLE)}"
    )


def known_names(roles: Iterable[str]) -> frozenset[str]:
    """The full names of all settings for these roles."""
    by_role = (f"{role.upper()}_{name}" for role in roles for name in OF_A_ROLE)
    return frozenset(f"{PREFIX}{name}" for name in (*NAMES, *by_role))


def _fault(name: str, known: Iterable[str], recipe: str) -> str:
    # The common prefix would make every name similar.
    similar = difflib.get_close_matches(
        name.removeprefix(PREFIX).upper(), [each.removeprefix(PREFIX) for each in sorted(known)], n=1, cutoff=0.7
    )
    hint = f"; did you mean {PREFIX}{similar[0]}?" if similar else "."
    if match := _OF_A_ROLE.fullmatch(name):
        return f"{name} is for the role {match[1].lower()}, which the recipe {recipe} does not have{hint}"
    return f"{name} is no setting of skyassets {__version__}{hint}"
