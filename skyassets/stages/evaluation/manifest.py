"""The reproducibility manifest of a report: flat, dotted names with scalar values, so that two are easy to compare.

The answers record how they were made; the report adds its own inputs. The manifest holds no folder, no machine or user
name, and no secret.
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
ReportManifest = dict[str, Scalar]

UNKNOWN = "not known"
"""The value of an unknown entry: of a remote server, or of rows made before it was recorded."""
OWN = "a server of one's own"
"""Replaces the address of a private server."""
SERVED = ("dtype", "weights dtype", "chat template", "tokenizer", "gpu", "cpu")
"""Entries that every server has, if only as `UNKNOWN`."""
FIRST = "first"
"""The name shown for the unnamed epoch."""
MADE_WITH = "made with"
"""The metadata key of `benchmark_answers` that holds the answers' part of this manifest."""

_URL = re.compile(r"https?://[^\s'\"<>,;]*[^\s'\"<>,;:.)]")
_PATH = re.compile(r"(?<![\w:/.~-])(?:/[\w.@+-]+){2,}")


@dataclass(frozen=True)
class Server:
    """A server that answered for a role: its name in the rows, and its metadata (empty for a remote server)."""

    served_by: str
    metadata: Mapping[str, str]


def sampling_entries(evaluation: Evaluation, benchmarks: Iterable[Benchmark], epoch: str) -> ReportManifest:
    """How the benchmarks were sampled; the same for every evaluated model."""
    entries: ReportManifest = {
        "epoch": epoch or FIRST,
        "evaluation.seed": evaluation.seed,
        "evaluation.seed of the epoch": epoch_seed(evaluation.seed, epoch),
    }
    for benchmark in benchmarks:
        asking = asking_of(benchmark, evaluation, Model("", ""), epoch)
        entries |= {
            f"benchmark.{benchmark.name}.samples": asking.samples,
            f"benchmark.{benchmark.name}.sampling": _in_one_line(asking.sampling),
            f"benchmark.{benchmark.name}.prompt": digest(asking.prompts),
        }
    return entries


def model_entries(role: str, model: Model, servers: Iterable[Server]) -> ReportManifest:
    """Which model and engine answered for `role`. The values of several servers are joined in sorted order."""
    used = list(servers)
    names = dict.fromkeys((*SERVED, *sorted({name for server in used for name in server.metadata})))
    entries: ReportManifest = {
        f"{role}.model": title(model.name),
        f"{role}.revision": model.revision,
        f"{role}.engine": _joined(engine(server.served_by) for server in used),
    }
    return entries | {f"{role}.{name}": _joined(each.metadata.get(name, UNKNOWN) for each in used) for name in names}


def with_prefix(prefix: str, entries: Mapping[str, Scalar]) -> ReportManifest:
    """`entries` with `prefix.` added to each name."""
    return {f"{prefix}.{name}": value for name, value in entries.items()}


def title(name: str) -> str:
    """A model's name without local folders: hub ids are kept, paths are reduced to their last part."""
    return name.rstrip("/").rpartition("/")[2] if name.startswith((".", "/", "~")) else name


def engine(served_by: str) -> str:
    """A publishable name of the server: an engine with its version or a provider's host, never a private machine.

    Hosts without a dot, IP addresses, and hosts with the suffix of a private network count as private.
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


def publishable(reason: str) -> str:
    """An error message without the addresses of private servers and without absolute paths."""
    return _PATH.sub("a file", _URL.sub(lambda url: engine(urlsplit(url[0]).netloc), reason))


def _in_one_line(sampling: Sampling) -> str:
    """The sampling settings in one line."""
    temperature = "not sent" if sampling.temperature is None else f"{sampling.temperature:g}"
    chosen = {name: getattr(sampling, name) for name in ("stop", *sampling.identity_added)}
    others = [f", {name} {list(value) if name == 'stop' else value}" for name, value in chosen.items() if value]
    return f"temperature {temperature}, top_p {sampling.top_p:g}, max_tokens {sampling.max_tokens}{''.join(others)}"


def _joined(values: Iterable[str]) -> str:
    return " | ".join(sorted(set(values))) or UNKNOWN
