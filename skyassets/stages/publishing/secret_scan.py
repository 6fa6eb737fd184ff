"""Scans files before publishing for secrets, and for names of this machine, its folders and its user."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

MOST = 3
"""How many findings are reported per file."""
# Each pattern begins with a literal, so that the search can skip ahead; the preceding character is checked after a
# match. A single combined pattern takes fifty times as long.
SECRETS = (
    r"hf_[A-Za-z0-9]{30,}", r"sk-[A-Za-z0-9_-]{20,}", r"gh[pousr]_[A-Za-z0-9]{30,}", r"github_pat_\w{40,}",
    r"glpat-[\w-]{20,}", r"AKIA[0-9A-Z]{16}\b", r"AIza[0-9A-Za-z_-]{35}", r"xox[abprs]-[0-9A-Za-z-]{20,}",
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
)  # fmt: skip
"""Key formats of well-known providers."""
FOLDERS = (
    r"/(?:home|Users|root|mnt|media|tmp|var|opt|srv|scratch|data|workspace|work|gpfs|lustre|nfs)/[\w.@+-]+",
    r":\\{1,2}Users\\{1,2}[\w.-]+",
)
"""Absolute paths."""
HOSTS = (
    r"10\.\d{1,3}\.\d{1,3}\.\d{1,3}\b", r"192\.168\.\d{1,3}\.\d{1,3}\b",
    r"172\.(?:1[6-9]|2\d|3[01])\.\d{1,3}\.\d{1,3}\b",
    r"169\.254\.\d{1,3}\.\d{1,3}\b", r"127\.0\.0\.1\b", r"localhost:\d+",
)  # fmt: skip
"""Private and local addresses."""


@dataclass(frozen=True)
class PrivateStrings:
    """Strings that must not be published, each with a description."""

    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Keys and tokens in use on this machine; not allowed in any text."""
    folders: Mapping[str, str] = field(default_factory=dict)
    """Paths of this machine; not allowed in any text."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Names of the user and the machine; not allowed in our own text, allowed as ordinary words in a model's."""


def leaks(text: str, private: PrivateStrings, is_ours: bool) -> list[str]:
    """Descriptions of what in `text` must not be published, without repeating a secret; empty if there is nothing.

    A model's text (not `is_ours`) is only scanned for secrets and for folders of this machine, because problems and
    answers may legitimately mention paths and addresses.
    """
    findings = [what for secret, what in private.secrets.items() if secret in text]
    findings += [f"something like a key, {match[:6]}..." for match in _alone(SECRETS, text, r"\w")]
    findings += [f"{what}, {path}" for path, what in private.folders.items() if path in text]
    if is_ours:
        # After a host name, a dot or a tilde it is not an absolute path.
        findings += [f"the path {match}" for match in _alone(FOLDERS[:1], text, r"[\w:/.~-]")]
        findings += [f"the path ...{match}" for match in _alone(FOLDERS[1:], text, r"\W")]
        findings += [f"the address {match}" for match in _alone(HOSTS, text, r"[\w.]")]
        findings += [
            f"{what}, {name}"
            for name, what in private.names.items()
            if any(_alone([rf"{re.escape(name)}(?![\w-])"], text, r"[\w-]"))
        ]
    return list(dict.fromkeys(findings))[:MOST]


def _alone(patterns: Sequence[str], text: str, not_behind: str) -> Iterator[str]:
    """The matches of the patterns that are not preceded by a character matching `not_behind`."""
    for pattern in patterns:
        for match in re.finditer(pattern, text):
            if not re.fullmatch(not_behind, text[max(match.start() - 1, 0) : match.start()]):
                yield match[0]
