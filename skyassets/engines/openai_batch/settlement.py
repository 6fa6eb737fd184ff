"""What becomes of each row of a run: the budget reserved for it, its reply, and what that cost."""

from collections.abc import Callable, Container, Mapping
from dataclasses import replace

from skyassets.core.ports import Reply, Request
from skyassets.core.text import now
from skyassets.engines.chat_format.dialect import Dialect
from skyassets.engines.openai_batch.jsonl import Answer, failed, reply_from
from skyassets.engines.openai_batch.settings import BatchSettings
from skyassets.engines.openai_batch.spool import SpooledRequest


class Settlement:
    """Reserves budget for rows, passes on their replies, and settles what they cost."""

    def __init__(self, settings: BatchSettings, keep: Callable[[Reply], None]) -> None:
        self._budget, self._price, self._keep = settings.run_budget, settings.price, keep
        self._served_by = f"{settings.endpoint.served_by} (batch)"
        self._reserved: dict[str, float] = {}
        """Dollars reserved for each row."""

    def reserve(self, rows: Mapping[str, SpooledRequest]) -> list[str]:
        """Reserve budget for rows, one by one; return the ids of those that exceed it."""
        ids = sorted(rows.keys() - self._reserved.keys())
        for number, row in enumerate(ids):
            if not self._budget.reserve(rows[row].worst):
                return ids[number:]
            self._reserved[row] = rows[row].worst
        return []

    def release(self, except_for: Container[str]) -> None:
        """Release the reserved budget, except for the rows of batches in progress: they may still cost."""
        for row in [row for row in self._reserved if row not in except_for]:
            self._settle(row, 0.0)

    def reply(self, row: SpooledRequest, answer: Answer, seconds: float, is_paid: bool, dialect: Dialect) -> bool:
        """Pass on a row's reply; return whether it has one. `is_paid`: an earlier run collected and paid for it."""
        reply = reply_from(row.request, answer, seconds, self._served_by)
        reply = replace(reply, text=dialect.cut(reply.text, row.request), sent=dialect.changes(row.request))
        # Without token counts the worst case is assumed, as for a live call.
        dollars = self._price.dollars(reply.prompt_tokens, reply.completion_tokens, batched=True)
        spent = row.worst if reply.dollars is None else dollars
        self._settle(row.request.id, 0.0 if is_paid else spent)
        self._keep(replace(reply, at=now(), dollars=spent))
        return reply.error is None

    def fail(self, request: Request, reason: str) -> None:
        """Pass on the reply of a row that has no result and cost nothing."""
        self._settle(request.id, 0.0)
        self._keep(replace(failed(request, reason, 0.0, self._served_by), at=now()))

    def _settle(self, row: str, spent: float) -> None:
        self._budget.settle(self._reserved.pop(row, 0.0), spent)
