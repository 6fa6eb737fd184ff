"""What must not leave this machine within a file: secrets, and names of the machine, its folders and its user."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

MOST = 3
"""Finds of a file that are told."""
# Each begins with letters as they are, to which a search jumps; what may not stand before is looked at after it. As one
# pattern they take fifty times as long.
SECRETS = (
    r"hf_[A-Za-z0-9]{30,}", r"sk-[A-Za-z0-9_-]{20,}", r"gh[pousr]_[A-Za-z0-9]{30,}", r"github_pat_\w{40,}",
    r"glpat-[\w-]{20,}", r"AKIA[0-9A-Z]{16}\b", r"AIza[0-9A-Za-z_-]{35}", r"xox[abprs]-[0-9A-Za-z-]{20,}",
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
)  # fmt: skip
"""Keys by the form that their makers gave them."""
FOLDERS = (
    r"/(?:home|Users|root|mnt|media|tmp|var|opt|srv|scratch|data|workspace|work|gpfs|lustre|nfs)/[\w.@+-]+",
    r":\\{1,2}Users\\{1,2}[\w.-]+",
)
"""A path from the root of a machine."""
HOSTS = (
    r"10\.\d{1,3}\.\d{1,3}\.\d{1,3}\b", r"192\.168\.\d{1,3}\.\d{1,3}\b",
    r"172\.(?:1[6-9]|2\d|3[01])\.\d{1,3}\.\d{1,3}\b",
    r"169\.254\.\d{1,3}\.\d{1,3}\b", r"127\.0\.0\.1\b", r"localhost:\d+",
)  # fmt: skip
"""Addresses that mean nothing elsewhere."""


@dataclass(frozen=True)
class Private:
    """What names this machine: each text with what it is."""

    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Keys and tokens that are in use here, which no text may hold."""
    folders: Mapping[str, str] = field(default_factory=dict)
    """Paths of this machine, which no text may hold."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Of the user and the machine, which our own words may not hold; in a model's they are words like others."""


def leaks(text: str, private: Private, is_ours: bool) -> list[str]:
    """What `text` holds that must stay here, in words that do not repeat a secret; empty when it may go.

    A model's text (not `is_ours`) is looked at for secrets and for folders of this very machine alone: problems and
    answers speak of paths and addresses too.
    """
    found = [what for secret, what in private.secrets.items() if secret in text]
    found += [f"something like a key, {one[:6]}..." for one in _alone(SECRETS, text, r"\w")]
    found += [f"{what}, {path}" for path, what in private.folders.items() if path in text]
    if is_ours:
        # Behind a host's name, a dot or a tilde, it is no path from the root.
        found += [f"the path {one}" for one in _alone(FOLDERS[:1], text, r"[\w:/.~-]")]
        found += [f"the path ...{one}" for one in _alone(FOLDERS[1:], text, r"\W")]
        found += [f"the address {one}" for one in _alone(HOSTS, text, r"[\w.]")]
        found += [
            f"{what}, {name}"
            for name, what in private.names.items()
            if any(_alone([rf"{re.escape(name)}(?![\w-])"], text, r"[\w-]"))
        ]
    return list(dict.fromkeys(found))[:MOST]


def _alone(patterns: Sequence[str], text: str, not_behind: str) -> Iterator[str]:
    """What the patterns find, unless a letter like `not_behind` stands before it."""
    for pattern in patterns:
        for one in re.finditer(pattern, text):
            if not re.fullmatch(not_behind, text[max(one.start() - 1, 0) : one.start()]):
                yield one[0]
