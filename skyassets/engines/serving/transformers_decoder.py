"""Decodes many conversations at once with transformers: rows join and leave the batch between any two tokens.

Each row has its own random generator, seeded by its request, so its text does not depend on the other rows (except
through rounding, as in any batching server). Imports torch: only `transformers_app` imports this module.
"""

import queue
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache, GenerationConfig
from transformers.cache_utils import DynamicLayer

RECENT_PROMPTS = 4
"""How many prefilled prompts are kept: the samples of one problem are requested together and share its prompt."""
LIKELY = 256
"""How many of the likeliest tokens are searched for the nucleus first: usually enough, and faster than sorting."""


class Completion(NamedTuple):
    """The result of a row."""

    text: str
    finish_reason: str
    tokens: int


@dataclass(eq=False)
class PendingCompletion:
    """A conversation to continue, and the caller that waits for it."""

    prompt: list[int]
    temperature: float
    top_p: float
    max_tokens: int
    stop: tuple[str, ...]
    dice: torch.Generator
    top_k: int = 0
    """0 for no limit."""
    min_p: float = 0.0
    """Least probability of a token, as a share of the likeliest one's."""
    repetition_penalty: float = 1.0
    tokens: list[int] = field(default_factory=list)
    done: "Future[Completion]" = field(default_factory=Future)


@dataclass(frozen=True)
class Batch:
    """Rows decoded together: their cache, and the scores of each one's next token. None of its tensors is changed."""

    rows: list[PendingCompletion]
    mask: torch.Tensor
    """Which columns of the cache belong to a row; shorter rows are padded on the left."""
    cache: DynamicCache
    logits: torch.Tensor

    def only(self, places: Sequence[int]) -> "Batch":
        """Return the rows at `places`, without the columns that none of them needs."""
        chosen = torch.tensor(places, device=self.mask.device)
        mask = self.mask[chosen]
        first = int(mask.any(0).int().argmax())
        layers = [(layer.keys[chosen, :, first:], layer.values[chosen, :, first:]) for layer in self.cache.layers]
        return Batch([self.rows[place] for place in places], mask[:, first:], _cache(layers), self.logits[chosen])


def joined(batches: Sequence[Batch]) -> Batch:
    """Return the rows of all batches as one, with the shorter caches padded on the left."""
    width = max(batch.mask.shape[1] for batch in batches)
    layers = [
        tuple(torch.cat([_widened(getattr(layer, part), width) for layer in same]) for part in ("keys", "values"))
        for same in zip(*(batch.cache.layers for batch in batches), strict=True)
    ]
    masks = [torch.nn.functional.pad(batch.mask, (width - batch.mask.shape[1], 0)) for batch in batches]
    rows = [row for batch in batches for row in batch.rows]
    return Batch(rows, torch.cat(masks), _cache(layers), torch.cat([batch.logits for batch in batches]))


def _widened(past: torch.Tensor, width: int) -> torch.Tensor:
    return torch.nn.functional.pad(past, (0, 0, width - past.shape[2], 0))


def _cache(layers: Sequence[tuple[torch.Tensor, ...]]) -> DynamicCache:
    """Return a cache of the keys and values of each layer, without copying them."""
    cache = DynamicCache()
    for keys, values in layers:
        layer = DynamicLayer()
        layer.lazy_initialization(keys, values)
        layer.keys, layer.values = keys, values
        cache.layers.append(layer)
    return cache


class Decoder:
    """A loaded model, and a queue of rows."""

    def __init__(self, folder: Path, most_rows: int) -> None:
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=_precision(self.device))
        self.model = model.to(self.device).eval()
        self._attention = model.config._attn_implementation
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.most_rows = most_rows
        self.ends = _end_tokens(self.model.generation_config, self.tokenizer)
        self.window = int(getattr(self.model.config, "max_position_embeddings", 2**31))
        self._waiting: queue.SimpleQueue[PendingCompletion] = queue.SimpleQueue()
        self._prefilled: dict[tuple[int, ...], Batch] = {}
        """Batches of one row by prompt, the most recent one last."""

    def submit(self, row: PendingCompletion) -> None:
        """Add `row` to the batch as soon as there is room."""
        self._waiting.put(row)

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def run(self) -> None:
        """Decode forever. A failure ends the program, so that no caller waits forever."""
        batch: Batch | None = None
        while True:
            arrived = self._arrived(batch)
            if arrived:
                newcomers = self._read(arrived)
                batch = newcomers if batch is None else joined([batch, newcomers])
            if batch is not None:
                batch = self._advance(batch)

    def _arrived(self, batch: Batch | None) -> list[PendingCompletion]:
        """Return the rows to start now; wait for one if the batch is empty."""
        rows = [self._waiting.get()] if batch is None else []
        room = self.most_rows - (len(batch.rows) if batch else 0)
        while len(rows) < room and not self._waiting.empty():
            rows.append(self._waiting.get())
        return [row for row in rows if row.done.set_running_or_notify_cancel()]

    def _read(self, rows: list[PendingCompletion]) -> Batch:
        """Return `rows` with their prompts prefilled."""
        row_of = {tuple(row.prompt): row for row in rows}
        new = [prompt for prompt in row_of if prompt not in self._prefilled]
        if new:
            batch = self._prefill([row_of[prompt] for prompt in new])
            self._prefilled |= {prompt: batch.only([place]) for place, prompt in enumerate(new)}
        batch = joined([self._prefilled[tuple(row.prompt)] for row in rows])
        recent = {prompt: self._prefilled.pop(prompt) for prompt in row_of}
        self._prefilled = dict([*self._prefilled.items(), *recent.items()][-RECENT_PROMPTS:])
        return replace(batch, rows=rows)

    def _prefill(self, rows: list[PendingCompletion]) -> Batch:
        """Prefill the prompts of `rows`, all at once."""
        width = max(len(row.prompt) for row in rows)
        padding = [width - len(row.prompt) for row in rows]
        tokens = [[0] * pad + row.prompt for pad, row in zip(padding, rows, strict=True)]
        mask = [[0] * pad + [1] * len(row.prompt) for pad, row in zip(padding, rows, strict=True)]
        return self._forward(rows, self._tensor(tokens), self._tensor(mask), DynamicCache())

    def _advance(self, batch: Batch) -> Batch | None:
        """Draw one token for each row, remove the finished ones, and compute the scores of the next tokens."""
        for row, logits in zip(batch.rows, batch.logits, strict=True):
            row.tokens.append(_drawn(logits, row))
        unfinished = [place for place, row in enumerate(batch.rows) if not self._finished(row)]
        if not unfinished:
            return None
        if len(unfinished) < len(batch.rows):
            batch = batch.only(unfinished)
        tokens = self._tensor([[row.tokens[-1]] for row in batch.rows])
        mask = torch.nn.functional.pad(batch.mask, (0, 1), value=1)
        return self._forward(batch.rows, tokens, mask, batch.cache)

    def _forward(
        self, rows: list[PendingCompletion], tokens: torch.Tensor, mask: torch.Tensor, cache: DynamicCache
    ) -> Batch:
        positions = (mask.cumsum(1) - 1).clamp(min=0)[:, -tokens.shape[1] :]
        if self.device.type == "cpu":
            # Torch's flash attention for CPUs makes a step that adds one token to each row 1.6 times as slow.
            self.model.set_attn_implementation("eager" if tokens.shape[1] == 1 else self._attention)
        output = self.model(
            input_ids=tokens,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        return Batch(rows, mask, cache, output.logits[:, -1])

    def _finished(self, row: PendingCompletion) -> bool:
        """Whether `row` has finished; if so, pass its result to the caller."""
        text = None
        if row.tokens[-1] in self.ends:
            text = self._text(row.tokens[:-1])
        elif row.stop and self._may_hold_stop(row):
            whole = self._text(row.tokens)
            cuts = [whole.index(word) for word in row.stop if word in whole]
            text = whole[: min(cuts)] if cuts else None
        if text is not None:
            row.done.set_result(Completion(text, "stop", len(row.tokens)))
        elif len(row.tokens) >= row.max_tokens:
            row.done.set_result(Completion(self._text(row.tokens), "length", len(row.tokens)))
        return row.done.done()

    def _may_hold_stop(self, row: PendingCompletion) -> bool:
        """Whether the last few tokens contain a stop word. Cheap, because each token is at least one character."""
        tail = self._text(row.tokens[-max(map(len, row.stop)) - 8 :])
        return any(word in tail for word in row.stop)

    def _text(self, tokens: list[int]) -> str:
        return str(self.tokenizer.decode(tokens, skip_special_tokens=True))

    def _tensor(self, values: list[list[int]]) -> torch.Tensor:
        return torch.tensor(values, device=self.device)


def _precision(device: torch.device) -> Any:
    """Return the dtype: "auto" where the processor computes in half precision, else float32, which is faster there."""
    abilities = torch.cpu.get_capabilities()
    is_native = device.type == "cuda" or abilities.get("avx512_bf16") or abilities.get("amx_bf16")
    return "auto" if is_native else torch.float32


def _end_tokens(generation: GenerationConfig, tokenizer: Any) -> set[int]:
    """Return the end tokens of the model and the tokenizer; none of the model's other defaults is used."""
    ends = generation.eos_token_id
    listed = ends if isinstance(ends, list) else [ends]
    return {int(token) for token in (*listed, tokenizer.eos_token_id) if token is not None}


def _drawn(logits: torch.Tensor, row: PendingCompletion) -> int:
    """Draw the next token of `row` with its sampling parameters."""
    if row.repetition_penalty != 1:
        logits = _penalised(logits, row)
    if row.temperature == 0:
        return int(logits.argmax())
    chances = torch.softmax(logits.float() / row.temperature, -1)
    if row.top_k or row.min_p:
        floor = row.min_p * chances.max()
        if row.top_k:
            floor = torch.maximum(floor, chances.topk(min(row.top_k, len(chances))).values[-1])
        chances = chances.where(chances >= floor, 0)
        chances /= chances.sum()
    if row.top_p >= 1:
        return int(torch.multinomial(chances, 1, generator=row.dice))
    likely, tokens = chances.topk(min(LIKELY, len(chances)))
    if likely.sum() < row.top_p:
        likely, tokens = chances.sort(descending=True)
    likely[likely.cumsum(0) - likely >= row.top_p] = 0
    return int(tokens[torch.multinomial(likely, 1, generator=row.dice)])


def _penalised(logits: torch.Tensor, row: PendingCompletion) -> torch.Tensor:
    """Return scores in which all earlier tokens are less likely (Keskar et al., 2019, arXiv 1909.05858)."""
    seen = torch.tensor(sorted({*row.prompt, *row.tokens}), device=logits.device)
    scores = logits[seen]
    scores = torch.where(scores > 0, scores / row.repetition_penalty, scores * row.repetition_penalty)
    return logits.index_copy(0, seen, scores)
