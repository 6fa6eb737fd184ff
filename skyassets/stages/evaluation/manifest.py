"""The reproducibility manifest of a report: flat, dotted names with plain values, so that two can be laid side by side.

What was true when the answers were made belongs to the answers; the report adds what it was made from itself. It holds
no folder, no machine's or user's name, and no secret.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from skyassets.core.identity import digest
from skyassets.core.ports import Model, Sampling
from skyassets.stages.evaluation.benchmark import Benchmark
from skyassets.stages.evaluation.config import Evaluation, asking_of, epoch_seed

Scalar = str | int | float | bool | None
Facts = dict[str, Scalar]

UNKNOWN = "not known"
"""What stands where nobody can tell: of a server elsewhere, or of rows older than the notes."""
OWN = "a server of one's own"
"""What stands for a server by an address that means something to its owner alone."""
SERVED = ("dtype", "weights dtype", "chat template", "tokenizer", "gpu", "cpu")
"""What is told of every server, if only that it is not known."""
FIRST = "first"
"""What the epoch without a name is called."""
MADE_WITH = "made with"
"""The fact of `benchmark_answers` that is this manifest, as far as it is about the answers."""


@dataclass(frozen=True)
class Server:
    """One server that answered in a role: what its rows call it, and what was noted of it (nothing, if elsewhere)."""

    served_by: str
    noted: Mapping[str, str]


def asked(evaluation: Evaluation, benchmarks: Iterable[Benchmark], epoch: str) -> Facts:
    """How the benchmarks were asked; the same for everyone who is measured."""
    facts: Facts = {
        "epoch": epoch or FIRST,
        "evaluation.seed": evaluation.seed,
        "evaluation.seed of the epoch": epoch_seed(evaluation.seed, epoch),
    }
    for benchmark in benchmarks:
        asking = asking_of(benchmark, evaluation, Model("", ""), epoch)
        facts |= {
            f"benchmark.{benchmark.name}.samples": asking.samples,
            f"benchmark.{benchmark.name}.sampling": spelled(asking.sampling),
            f"benchmark.{benchmark.name}.prompt": digest(asking.prompts),
        }
    return facts


def answered(role: str, model: Model, servers: Iterable[Server]) -> Facts:
    """Who answered in `role`, and with what. Where several servers did, all they were is told, in order."""
    told = list(servers)
    names = dict.fromkeys((*SERVED, *sorted({name for server in told for name in server.noted})))
    facts: Facts = {
        f"{role}.model": title(model.name),
        f"{role}.revision": model.revision,
        f"{role}.engine": _joined(engine(server.served_by) for server in told),
    }
    return facts | {f"{role}.{name}": _joined(server.noted.get(name, UNKNOWN) for server in told) for name in names}


def under(prefix: str, facts: Mapping[str, Scalar]) -> Facts:
    """`facts` with `prefix.` before their names."""
    return {f"{prefix}.{name}": value for name, value in facts.items()}


def title(name: str) -> str:
    """A model's name without the folders it may lie in: hub ids are kept, paths lose what is before their end."""
    return name.rstrip("/").rpartition("/")[2] if name.startswith((".", "/", "~")) else name


def engine(served_by: str) -> str:
    """Who served, as others may read it: an engine with its version or a provider's host, never a private machine.

    A provider's host has a public suffix; names without a dot, numbers, and the suffixes of private networks have an
    owner whom they mean something to.
    """
    if " " in served_by or not served_by:
        return served_by or UNKNOWN
    host = (urlsplit(f"//{served_by}").hostname or served_by) if "://" not in served_by else served_by
    is_private = (
        "." not in host
        or re.fullmatch(r"[\d.]+|.*:.*", host) is not None
        or host.endswith((".local", ".internal", ".lan", ".home", ".corp", ".localdomain"))
    )
    return OWN if is_private else host


def spelled(sampling: Sampling) -> str:
    """The sampling in one line."""
    stops = f", stop {list(sampling.stop)}" if sampling.stop else ""
    return f"temperature {sampling.temperature:g}, top_p {sampling.top_p:g}, max_tokens {sampling.max_tokens}{stops}"


def _joined(values: Iterable[str]) -> str:
    return " | ".join(sorted(set(values))) or UNKNOWN
