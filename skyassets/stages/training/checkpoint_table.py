"""The result of a training run as a table: the manifest of the weights, the training curve, and run metadata."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from skyassets.core.identity import digest
from skyassets.core.ports import Step
from skyassets.core.tables.declarations import CHECKPOINT
from skyassets.core.tables.store import StageResult

RUN = "fact:run"
"""The row that names the weights' folder."""


def checkpoint_id(files: Iterable[tuple[str, str]]) -> str:
    """The id of the weights: a digest of their files' paths and digests."""
    return digest("checkpoint", sorted(files))


def checkpoint(
    base: str, files: Sequence[tuple[str, int, str]], curve: Sequence[Step], run_metadata: Mapping[str, object]
) -> StageResult:
    """The manifest (path, bytes, SHA-256 of each file), the curve, and the `run_metadata`, as one table."""
    ident = checkpoint_id((path, sha256) for path, _, sha256 in files)
    shared = {"checkpoint_id": ident, "base_model": base}
    rows: list[dict[str, object]] = [
        {"entry": f"file:{path}", "kind": "file", "path": path, "bytes": size, "sha256": sha256, **shared}
        for path, size, sha256 in files
    ]
    rows += [{"entry": f"step:{step.step:06d}", "kind": "step", **asdict(step), **shared} for step in curve]
    rows += [
        {"entry": f"fact:{name}", "kind": "fact", "fact": json.dumps(value, ensure_ascii=False), **shared}
        for name, value in run_metadata.items()
    ]
    seconds = sum(step.seconds for step in curve)
    tokens = sum(step.tokens for step in curve)
    metadata: dict[str, object] = {
        "checkpoint": ident,
        "optimiser steps": len(curve),
        "first loss": curve[0].loss,
        "last loss": curve[-1].loss,
        "trained tokens": tokens,
        "training seconds": round(seconds, 1),
    }
    metadata |= {"tokens a second": round(tokens / seconds, 1)} if seconds else {}
    return StageResult(CHECKPOINT.frame(rows), metadata)
