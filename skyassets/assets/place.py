"""Where a recipe runs: folders, servers, workers. Nothing here changes a row, so nothing here is ever fingerprinted."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from skyassets.core.errors import ServerError, SkyassetsError
from skyassets.core.ports import Limits, Model, Serving, Trainer
from skyassets.engines import tiny
from skyassets.engines.bubblewrap import Bubblewrap
from skyassets.engines.chat_tokens import token_lengths
from skyassets.engines.deepspeed_trainer import DeepSpeedTrainer
from skyassets.engines.endpoint import Endpoint
from skyassets.engines.math_verify import MathVerify
from skyassets.engines.transformers_server import TransformersServer
from skyassets.engines.vllm_server import VllmServer, vllm_problem
from skyassets.engines.weights import weights_folder
from skyassets.stages.curate import Count
from skyassets.stages.grade import Graders

ROLES = ("teacher", "rewriter", "base", "student")
ENGINES = ("auto", "vllm", "transformers")
OPENAI = "https://api.openai.com/v1"


@dataclass(frozen=True)
class Place:
    """A machine's answers to "where": read from the environment once, by `definitions`."""

    data: Path
    engine: str = "auto"
    urls: Mapping[str, str] = field(default_factory=dict)
    """Role to the URL of a server that is already running."""
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Role to its API key; never shown, stored or fingerprinted."""
    concurrency: int = 64
    workers: int = 2
    ranks: int = 1
    tensor_parallel: int = 1
    micro_batch: int = 4
    """Examples a training process works on at once; 1 for long ones."""

    def serving(self, role: str, model: Model, said: Callable[[str], None]) -> Serving:
        """How `model` is brought within reach in its role.

        Raises:
            ServerError: when nothing here can serve it.
        """
        if url := self.urls.get(role):
            return Endpoint(url, api_key=self.keys.get(role, "none"), concurrency=self.concurrency)
        if model.name in (tiny.NAME, student_name(tiny.NAME)):
            return tiny.TinyServing(self.data / "logs" / "tiny-server.jsonl", self.concurrency)
        if "/" not in model.name and role == "rewriter":
            if key := self.keys.get(role):
                return Endpoint(OPENAI, api_key=key, concurrency=self.concurrency)
            raise ServerError(
                f"{role}: {model.name} is a hosted model and there is no key; export OPENAI_API_KEY, or "
                f"SKYASSETS_{role.upper()}_URL for another OpenAI-compatible server"
            )
        logs = self.data / "logs"
        if self.engine == "transformers" or (self.engine == "auto" and vllm_problem() is not None):
            return TransformersServer(self.weights, logs=logs, concurrency=self.concurrency, said=said)
        return VllmServer(
            self.weights, logs=logs, concurrency=self.concurrency, tensor_parallel=self.tensor_parallel, said=said
        )

    def weights(self, model: Model) -> Path:
        """The folder of a model's weights."""
        return weights_folder(model, self.data / "models")

    def trainer(self, base: Model) -> Trainer:
        """What fine-tunes `base` here."""
        if base.name == tiny.NAME:
            return tiny.TinyTrainer()
        return DeepSpeedTrainer(cache=self.data / "models", ranks=self.ranks, micro_batch=self.micro_batch)

    def count(self, base: Model) -> Count:
        """Counts tokens as `base` does."""
        if base.name == tiny.NAME:
            return tiny.count_words
        return lambda conversations: token_lengths(self.weights(base), conversations) if conversations else []

    @contextlib.contextmanager
    def graders(self, limits: Limits) -> Iterator[Graders]:
        """The graders with their sandbox, and their workers for as long as the context lasts."""
        with MathVerify(workers=self.workers) as equals:
            yield Graders(sandbox=Bubblewrap(), equals=equals, limits=limits)


def student_name(base: str) -> str:
    """What the fine-tuned `base` is called, by its server and in its rows."""
    return f"{base}-student"


def from_environment(environment: Mapping[str, str]) -> Place:
    """The place that the environment's SKYASSETS_ variables describe.

    Raises:
        SkyassetsError: for a value that is none.
    """
    engine = environment.get("SKYASSETS_ENGINE", "auto")
    if engine not in ENGINES:
        raise SkyassetsError(f"SKYASSETS_ENGINE is {engine!r}; it must be one of {', '.join(ENGINES)}")
    urls = {role: url for role in ROLES if (url := environment.get(f"SKYASSETS_{role.upper()}_URL"))}
    keys = {}
    for role in ROLES:
        # OpenAI's key goes to OpenAI alone, never to a server that somebody named.
        openai = environment.get("OPENAI_API_KEY") if urls.get(role, OPENAI).startswith(OPENAI) else None
        if key := environment.get(f"SKYASSETS_{role.upper()}_API_KEY") or openai:
            keys[role] = key
    return Place(
        data=Path(environment.get("SKYASSETS_DATA", "data")).absolute(),
        engine=engine,
        urls=urls,
        keys=keys,
        concurrency=_number(environment, "SKYASSETS_CONCURRENCY", Place.concurrency),
        workers=_number(environment, "SKYASSETS_WORKERS", Place.workers),
        ranks=_number(environment, "SKYASSETS_RANKS", Place.ranks),
        tensor_parallel=_number(environment, "SKYASSETS_TENSOR_PARALLEL", Place.tensor_parallel),
        micro_batch=_number(environment, "SKYASSETS_MICRO_BATCH", Place.micro_batch),
    )


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, str(default))
    if not text.isdecimal() or int(text) < 1:
        raise SkyassetsError(f"{name} is {text!r}; it must be a whole number of at least 1")
    return int(text)
