"""Where a recipe runs: folders, servers, workers. Nothing here changes a row, so nothing here is ever fingerprinted."""

import contextlib
import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from skyassets.core.errors import BudgetError, ServerError
from skyassets.core.money import FREE, Budget, Price
from skyassets.core.ports import Conversation, Limits, Model, ModelProvider, TokenPiece
from skyassets.core.prices import PRICES
from skyassets.core.training.model_shape import ModelShape
from skyassets.core.training.spec import Saving, Trainer
from skyassets.engines.fake import engine as tiny
from skyassets.engines.fake.engine import shown_words
from skyassets.engines.host.metering import Metered, unmetered
from skyassets.engines.math_verify.engine import MathVerify
from skyassets.engines.models.shape import base_shape
from skyassets.engines.models.weights import weights_folder
from skyassets.engines.openai_api.endpoint import Endpoint
from skyassets.engines.openai_api.remote_serving import RemoteServing
from skyassets.engines.openai_batch.serving import OpenAIBatch
from skyassets.engines.sandbox.choice import ChosenSandbox
from skyassets.engines.sandbox.container import IMAGE
from skyassets.engines.serving.transformers_server import TransformersServer
from skyassets.engines.serving.vllm_options import VllmOptions
from skyassets.engines.serving.vllm_server import VllmServer, vllm_problem
from skyassets.engines.tokenizing.process import shown_example, token_lengths
from skyassets.engines.training.trainer import DeepSpeedTrainer, Telling
from skyassets.stages.curation.examples import Count
from skyassets.stages.grading.config import Graders
from skyassets.stages.publishing.card_facts import licence_of
from skyassets.stages.training.parallelism import LayoutOverrides

ROLES = ("teacher", "rewriter", "rater", "judge", "base", "student")
HOSTED = ("rewriter", "rater", "judge")
"""The roles in which a model without an owner in its name (`gpt-4o-mini`) is OpenAI's; a contender's is too."""
ENGINES = ("auto", "vllm", "transformers")
OPENAI = "https://api.openai.com/v1"
DATE = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Deployment:
    """A machine's answers to "where": read from the environment once, by `definitions`."""

    data: Path
    engine: str = "auto"
    urls: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Role to the URLs of servers that are already running; several share the work."""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    """Role to its API key, or to one for each URL; never shown, stored or fingerprinted."""
    openai_key: str = field(default="", repr=False)
    """The key for OpenAI, and for nobody else, in a role that has none of its own."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Role to what its servers call the model, where that is not the model's own name."""
    prices: Mapping[str, Price] = field(default_factory=dict)
    """Role to the price of its tokens, where it is said and not looked up."""
    rpm: Mapping[str, int] = field(default_factory=dict)
    tpm: Mapping[str, int] = field(default_factory=dict)
    """Role to the requests and tokens a minute that each of its servers takes."""
    batches: frozenset[str] = frozenset()
    """Roles that ask through their server's Batch API: at half the price, and within a day."""
    budget: float | None = None
    """Dollars that one run may spend."""
    hour_price: float = 0.0
    """Dollars that an hour of one of our own GPUs costs; without one, an hour of the machine."""
    concurrency: int = 64
    workers: int = 2
    sandbox: str = "auto"
    """What holds the models' programs; `auto` is the strongest that works, `none` holds nothing."""
    sandbox_image: str = IMAGE
    """The image of a container sandbox."""
    vllm: VllmOptions = field(default_factory=VllmOptions)
    overrides: LayoutOverrides = field(default_factory=LayoutOverrides)
    """How a training is spread over the machine, as far as the plan is not to choose."""
    save_every: int | None = None
    """Optimiser steps between two saves of a training; the plan chooses without it."""
    saves_kept: int = Saving.keep
    trackers: tuple[str, ...] = ()
    """Integrations of transformers' trainer that follow a training."""
    train_automatically: bool = False
    """Whether automation, once it is switched on, may start a training too."""

    def serving(
        self,
        role: str,
        model: Model,
        said: Callable[[str], None],
        run_budget: Budget | None = None,
        metered: Metered = unmetered,
    ) -> ModelProvider:
        """Serves `model` in its role, paid out of `run_budget`; `metered` measures our own servers.

        Raises:
            ServerError: when nothing here can serve it.
            BudgetError: when it is paid for and nobody knows its price.
        """
        run_budget = run_budget or Budget(self.budget)
        if urls := self.urls.get(role):
            return self._batched(role, self._endpoint(role, model, urls, run_budget, said), said)
        if model.name in (tiny.NAME, student_name(tiny.NAME)):
            return tiny.TinyServing(self.data / "logs" / "tiny-server.jsonl", self.concurrency, run_budget)
        if is_hosted(role, model):
            if role in self.keys or self.openai_key:
                return self._batched(role, self._endpoint(role, model, (OPENAI,), run_budget, said), said)
            raise ServerError(
                f"{role}: {model.name} is a hosted model and there is no key; export OPENAI_API_KEY, or "
                f"SKYASSETS_{role.upper()}_URL for another OpenAI-compatible server"
            )
        if role in self.batches:
            raise ServerError(
                f"{role}: SKYASSETS_{role.upper()}_BATCH asks for batches, and {model.name} is served from here; name "
                f"its server in SKYASSETS_{role.upper()}_URL (one with a Batch API), or unset the former"
            )
        logs = self.data / "logs"
        if self.engine == "transformers" or (self.engine == "auto" and vllm_problem() is not None):
            return TransformersServer(
                self.weights, logs=logs, concurrency=self.concurrency, said=said, metered=metered, run_budget=run_budget
            )
        return VllmServer(
            self.weights,
            logs=logs,
            concurrency=self.concurrency,
            options=self.vllm,
            said=said,
            metered=metered,
            run_budget=run_budget,
        )

    def _endpoint(
        self, role: str, model: Model, urls: tuple[str, ...], run_budget: Budget, said: Callable[[str], None]
    ) -> RemoteServing:
        no_key = self.openai_key if urls == (OPENAI,) and self.openai_key else "none"
        keys = self.keys.get(role, (no_key,))
        keys = keys if len(keys) == len(urls) else keys * len(urls)
        endpoints = tuple(
            Endpoint(
                url,
                self.called(role, model, url),
                key,
                self.concurrency,
                served_by=urlsplit(url).hostname or url,
                rpm=self.rpm.get(role),
                tpm=self.tpm.get(role),
            )
            for url, key in zip(urls, keys, strict=True)
        )
        return RemoteServing(endpoints, price=self.price(role, model), run_budget=run_budget, said=said)

    def called(self, role: str, model: Model, url: str) -> str:
        """What the server at `url` calls `model`. OpenAI is asked for the dated snapshot, so that it stays the same."""
        if role in self.names:
            return self.names[role]
        return (
            f"{model.name}-{model.revision}"
            if url.startswith(OPENAI) and DATE.fullmatch(model.revision)
            else model.name
        )

    def _batched(self, role: str, endpoint: RemoteServing, said: Callable[[str], None]) -> ModelProvider:
        """The endpoint, or its Batch API in a role that is to use it."""
        if role not in self.batches:
            return endpoint
        if len(endpoint.endpoints) > 1:
            raise ServerError(
                f"{role}: batches go to one server, and SKYASSETS_{role.upper()}_URL names {len(endpoint.endpoints)}: "
                f"name one, or unset SKYASSETS_{role.upper()}_BATCH"
            )
        return OpenAIBatch(endpoint.endpoints[0], self.data / "batches", endpoint.price, endpoint.run_budget, said)

    def price(self, role: str, model: Model) -> Price:
        """What `model`'s tokens cost in its role: nothing on machines of one's own.

        Raises:
            BudgetError: when somebody else's server is asked and nobody knows its price.
        """
        if price := self.prices.get(role):
            return price
        urls = self.urls.get(role, (OPENAI,) if is_hosted(role, model) else ())
        if all(is_private(url) for url in urls):
            return FREE
        if price := PRICES.get(self.names.get(role, model.name)):
            return price
        raise BudgetError(
            f"{role}: nobody knows what {self.names.get(role, model.name)} costs at {', '.join(urls)}; export "
            f"SKYASSETS_{role.upper()}_PRICE=INPUT,OUTPUT in dollars a million tokens (0,0 if it is free)"
        )

    def weights(self, model: Model) -> Path:
        """The folder of a model's weights."""
        return weights_folder(model, self.data / "models")

    def trainer(self, base: Model, telling: Telling | None = None) -> Trainer:
        """What fine-tunes `base` here; its processes tell of themselves through `telling`."""
        if base.name == tiny.NAME:
            return tiny.TinyTrainer()
        return DeepSpeedTrainer(cache=self.data / "models", trackers=self.trackers, telling=telling)

    def shape(self, base: Model) -> ModelShape:
        """What `base` is made of, by its config alone."""
        return tiny.SHAPE if base.name == tiny.NAME else base_shape(base, self.data / "models")

    def pieces(self, base: Model, example: Conversation) -> list[TokenPiece]:
        """What the trainer sees of an example, cut where its loss mask changes."""
        return shown_words(example) if base.name == tiny.NAME else shown_example(self.weights(base), example)

    def licence(self, base: Model) -> str:
        """The licence that the base names in its own card; empty where it names none."""
        card = self.weights(base) / "README.md" if base.name != tiny.NAME else Path()
        return licence_of(card.read_text(encoding="utf-8")) if card.is_file() else ""

    def count(self, base: Model) -> Count:
        """Counts tokens as `base` does."""
        if base.name == tiny.NAME:
            return tiny.count_words
        return lambda conversations: token_lengths(self.weights(base), conversations) if conversations else []

    @contextlib.contextmanager
    def graders(self, limits: Limits) -> Iterator[Graders]:
        """The graders with their sandbox, and their workers for as long as the context lasts."""
        with MathVerify(workers=self.workers) as equals, ChosenSandbox(self.sandbox, self.sandbox_image) as sandbox:
            yield Graders(sandbox=sandbox, equals=equals, limits=limits)


def is_hosted(role: str, model: Model) -> bool:
    """Whether `model` is OpenAI's, where nobody says who serves it. No role of a recipe's own is a contender's."""
    return "/" not in model.name and model.name != tiny.NAME and (role in HOSTED or role not in ROLES)


def is_private(url: str) -> bool:
    """Whether `url` is a machine of one's own: this one, an address no one else routes, or a name without a dot."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".lan"))


def student_name(base: str) -> str:
    """What the fine-tuned `base` is called, by its server and in its rows."""
    return f"{base}-student"
