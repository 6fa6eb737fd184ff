"""Serves and trains the fake model, through the same ports as the real engines."""

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from skyassets.core.identity import digest
from skyassets.core.money import Budget
from skyassets.core.ports import CompletionClient, Conversation, Model, Step, TokenCount, TokenPiece
from skyassets.core.training.model_shape import ModelShape
from skyassets.core.training.spec import TrainPlan
from skyassets.core.training.unfit import Unfit
from skyassets.engines.fake.model import FakeModel
from skyassets.engines.fake.server import server
from skyassets.engines.openai_api.completions import OpenAIClientPool
from skyassets.engines.openai_api.endpoint import Endpoint

NAME = "tiny"
SHAPE = ModelShape(1, 1, 1, 1, 1, 1, 1, is_tied=True, parameters=2)
"""Two parameters."""
SPECIAL = ("<|im_start|>", "<|im_end|>", "</s>")
"""The words that would open or end a turn."""


@dataclass(frozen=True)
class FakeProvider:
    """Implements the `ModelProvider` port with an HTTP server in this process; `log` gets a line per call."""

    log: Path
    concurrency: int = 8
    run_budget: Budget = field(default_factory=Budget)

    @contextlib.contextmanager
    def serve(self, model: Model, weights: Path | None) -> Iterator[CompletionClient]:
        """Serve the fake model, trained or not, on a free port of this machine."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        web = server(0, weights, self.log, name=model.name)
        thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            endpoint = Endpoint(
                f"http://127.0.0.1:{web.server_address[1]}/v1",
                model.name,
                concurrency=self.concurrency,
                served_by="tiny 1",
            )
            yield OpenAIClientPool((endpoint,), run_budget=self.run_budget)
        finally:
            web.shutdown()
            web.server_close()
            thread.join()


@dataclass(frozen=True)
class FakeTrainer:
    """Implements the `Trainer` port: a falling loss, and a model that improves with every example."""

    def train(
        self, plan: TrainPlan, examples: Sequence[Conversation], folder: Path, log: Callable[[str], None]
    ) -> list[Step]:
        """Take the plan's steps and save the model in `folder`."""
        model = FakeModel(seen=digest([one.messages for one in examples]))
        curve = []
        for number in range(1, plan.steps + 1):
            started = time.perf_counter()
            loss = 2.0 * math.exp(-number * plan.training.learning_rate * 200)
            model = model.trained(loss)
            rate = plan.training.learning_rate * (1 + math.cos(math.pi * number / plan.steps)) / 2
            curve.append(
                Step(
                    step=number,
                    epoch=number * plan.training.epochs / plan.steps,
                    loss=loss,
                    learning_rate=rate,
                    grad_norm=loss / 2,
                    tokens=plan.tokens // plan.steps,
                    seconds=time.perf_counter() - started,
                )
            )
            log(f"step {number}/{plan.steps}, loss {loss:.3f}")
        model.save(folder)
        return curve


def count_words(conversations: Sequence[Conversation]) -> list[TokenCount | Unfit]:
    """Return the fake model's token counts, or the special token in a conversation: its tokens are words."""
    counts: list[TokenCount | Unfit] = []
    for conversation in conversations:
        pieces = word_pieces(conversation)
        if unfit := _special_token(conversation):
            counts.append(unfit)
        else:
            counts.append(TokenCount(sum(p.tokens for p in pieces), sum(p.tokens for p in pieces if p.learned)))
    return counts


def _special_token(conversation: Conversation) -> Unfit | None:
    for message in conversation.messages:
        if token := next((each for each in SPECIAL if each in message.content), None):
            part = "answer" if message.role == "assistant" else "question"
            return Unfit(f"the {part} contains {token!r}, a special token of the student's tokenizer")
    return None


def word_pieces(conversation: Conversation) -> list[TokenPiece]:
    """Return the turns as pieces; the fake model has no template, so only newlines separate them."""
    pieces = []
    for learned, turns in groupby(conversation.messages, lambda turn: turn.role == "assistant"):
        text = "\n".join(turn.content for turn in turns)
        pieces.append(TokenPiece(text + ("" if learned else "\n"), learned, len(text.split())))
    return pieces
