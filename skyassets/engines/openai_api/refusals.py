"""Notices that a server refuses every request for one reason, so that a run does not try all its rows first."""

import re

SAME = 10
"""Equal refusals, without any success, after which the run stops."""
_VARYING = re.compile(r"\b(?=\w*\d)[\w-]+\b|'[^']*'|\"[^\"]*\"")
"""What differs between equal refusals: numbers, ids of requests, quoted values."""
_OF_ONE_ROW = re.compile(
    r"context (?:length|window|size)|too (?:long|large|many)|maximum|content|filter|safety|flagged", re.I
)
"""A refusal of one row's text, which says nothing about the others."""


class RefusalWatch:
    """Counts refusals until the first success."""

    def __init__(self) -> None:
        self._kind = ""
        self._count = 0
        self._has_succeeded = False

    def record_success(self) -> None:
        """Record a completion."""
        self._has_succeeded = True

    def record(self, reason: str) -> bool:
        """Record a refusal; return whether it is the last of too many equal ones."""
        if self._has_succeeded or _OF_ONE_ROW.search(reason):
            return False
        kind = _VARYING.sub("", reason)
        self._count = self._count + 1 if kind == self._kind else 1
        self._kind = kind
        return self._count >= SAME
