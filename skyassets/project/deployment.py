"""Where a recipe runs: folders, servers, workers. Nothing here changes a row, so it is never part of a fingerprint."""

import contextlib
import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from skyassets.core.errors import BudgetError, ServerError
from skyassets.core.money import FREE, Budget, Price
from skyassets.core.ports import Conversation, Limits, Model, ModelProvider, TokenCount, TokenPiece
from skyassets.core.prices import PRICES
from skyassets.core.training.model_shape import ModelShape
from skyassets.core.training.spec import Saving, Trainer
from skyassets.core.training.unfit import Unfit
from skyassets.engines.fake import engine as fake
from skyassets.engines.fake.engine import word_pieces
from skyassets.engines.host.devices import gpus
from skyassets.engines.host.metering import Metered, unmetered
from skyassets.engines.math_verify.engine import MathVerify
from skyassets.engines.models.shape import base_shape
from skyassets.engines.models.weights import is_on_hub, weights_folder
from skyassets.engines.openai_api.endpoint import Endpoint
from skyassets.engines.openai_api.remote_serving import RemoteServing
from skyassets.engines.openai_api.shown_url import shown_url
from skyassets.engines.openai_batch.serving import OpenAIBatch
from skyassets.engines.sandbox.choice import ChosenSandbox
from skyassets.engines.sandbox.container import IMAGE
from skyassets.engines.serving.transformers_server import TransformersServer
from skyassets.engines.serving.vllm_options import VllmOptions
from skyassets.engines.serving.vllm_server import VllmServer, vllm_problem
from skyassets.engines.tokenizing.process import token_lengths, token_pieces
from skyassets.engines.training.trainer import DeepSpeedTrainer, ProgressChannel
from skyassets.stages.curation.examples import STRUCTURE_TOKENS, Count
from skyassets.stages.grading.config import Graders
from skyassets.stages.publishing.card_content import licence_of
from skyassets.stages.training.parallelism import LayoutOverrides

ROLES = ("teacher", "rewriter", "rater", "judge", "base", "student")
LOCAL = ("base", "student")
"""Roles whose weights are used here. In any other role a name without an owner (`gpt-4o-mini`) is OpenAI's model."""
NO_KEY = "none"
ENGINES = ("auto", "vllm", "transformers")
OPENAI = "https://api.openai.com/v1"
DATE = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Deployment:
    """The settings of one machine, read from the environment once by `definitions`."""

    data: Path
    engine: str = "auto"
    urls: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    """Role to the URLs of running servers; several share the load. They may hold keys: show `shown_url` of them."""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    """Role to its API key, or one key per URL; never shown, stored or fingerprinted."""
    openai_key: str = field(default="", repr=False)
    """The OpenAI API key, sent only to OpenAI, for contenders without a setting of their own."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Role to the name its servers use for the model, if it differs from the model's own name."""
    prices: Mapping[str, Price] = field(default_factory=dict)
    """Role to the price of its tokens, where it is set rather than looked up."""
    rpm: Mapping[str, int] = field(default_factory=dict)
    tpm: Mapping[str, int] = field(default_factory=dict)
    """Role to the requests and tokens per minute that each of its servers accepts."""
    batches: frozenset[str] = frozenset()
    """Roles that use their server's Batch API: half the price, results within a day."""
    budget: float | None = None
    """Dollars that one run may spend."""
    hour_price: float = 0.0
    """Cost in dollars of one hour of our own GPU; without a GPU, of one hour of the machine."""
    concurrency: int = 64
    workers: int = 2
    sandbox: str = "auto"
    """The sandbox for the models' programs: `auto` picks the strongest that works, `none` isolates nothing."""
    sandbox_image: str = IMAGE
    """The image of a container sandbox."""
    vllm: VllmOptions = field(default_factory=VllmOptions)
    overrides: LayoutOverrides = field(default_factory=LayoutOverrides)
    """The training's parallelism, where it is not left to the plan."""
    save_every: int | None = None
    """Optimizer steps between two checkpoints of a training; None lets the plan choose."""
    saves_kept: int = Saving.keep
    trackers: tuple[str, ...] = ()
    """Tracking integrations of transformers' `Trainer` (`report_to`)."""
    train_automatically: bool = False
    """Whether automation, once switched on, may also start a training."""

    def serving(
        self,
        role: str,
        model: Model,
        log: Callable[[str], None],
        run_budget: Budget | None = None,
        metered: Metered = unmetered,
        *,
        stays: bool = False,
    ) -> ModelProvider:
        """Serves `model` in its role, charged to `run_budget`; `metered` measures our own servers.

        With `stays`, our own server stays idle for a later role of the same model. Not on a GPU, whose memory the
        training needs.

        Raises:
            ServerError: when no server for it is configured.
            BudgetError: when it is a paid model with an unknown price.
        """
        run_budget = run_budget or Budget(self.budget)
        if urls := self.urls.get(role):
            return self._batched(role, self._endpoint(role, model, urls, run_budget, log), log)
        if model.name in (fake.NAME, student_name(fake.NAME)):
            return fake.FakeProvider(self.data / "logs" / "tiny-server.jsonl", self.concurrency, run_budget)
        if is_hosted(role, model):
            if role in self.keys or self.openai_key:
                return self._batched(role, self._endpoint(role, model, (OPENAI,), run_budget, log), log)
            raise ServerError(
                f"{role}: {model.name} is a hosted model and no key is set; export OPENAI_API_KEY, or "
                f"SKYASSETS_{role.upper()}_URL for another OpenAI-compatible server"
            )
        if role in self.batches:
            raise ServerError(
                f"{role}: SKYASSETS_{role.upper()}_BATCH needs a server with a Batch API, but {model.name} is served "
                f"locally; set SKYASSETS_{role.upper()}_URL, or unset SKYASSETS_{role.upper()}_BATCH"
            )
        logs, stays = self.data / "logs", stays and not gpus()
        if self.engine == "transformers" or (self.engine == "auto" and vllm_problem() is not None):
            return TransformersServer(
                self.weights,
                logs=logs,
                concurrency=self.concurrency,
                log=log,
                metered=metered,
                run_budget=run_budget,
                stays=stays,
            )
        return VllmServer(
            self.weights,
            logs=logs,
            concurrency=self.concurrency,
            options=self.vllm,
            log=log,
            metered=metered,
            run_budget=run_budget,
            stays=stays,
        )

    def _endpoint(
        self, role: str, model: Model, urls: tuple[str, ...], run_budget: Budget, log: Callable[[str], None]
    ) -> RemoteServing:
        no_key = self.openai_key if urls == (OPENAI,) and self.openai_key else NO_KEY
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
        return RemoteServing(endpoints, price=self.price(role, model), run_budget=run_budget, log=log)

    def called(self, role: str, model: Model, url: str) -> str:
        """The name that the server at `url` uses for `model`; for OpenAI the dated snapshot, which never changes."""
        if role in self.names:
            return self.names[role]
        return (
            f"{model.name}-{model.revision}"
            if url.startswith(OPENAI) and DATE.fullmatch(model.revision)
            else model.name
        )

    def _batched(self, role: str, endpoint: RemoteServing, log: Callable[[str], None]) -> ModelProvider:
        """The endpoint, or its Batch API if the role uses it."""
        if role not in self.batches:
            return endpoint
        if len(endpoint.endpoints) > 1:
            raise ServerError(
                f"{role}: a batch uses one server, but SKYASSETS_{role.upper()}_URL lists {len(endpoint.endpoints)}; "
                f"list one, or unset SKYASSETS_{role.upper()}_BATCH"
            )
        return OpenAIBatch(endpoint.endpoints[0], self.data / "batches", endpoint.price, endpoint.run_budget, log)

    def price(self, role: str, model: Model) -> Price:
        """The price of `model`'s tokens in its role: nothing on our own machines.

        Raises:
            BudgetError: when an external server is used and its price is unknown.
        """
        if price := self.prices.get(role):
            return price
        urls = self.urls.get(role, (OPENAI,) if is_hosted(role, model) else ())
        if all(is_private(url) for url in urls):
            return FREE
        if price := PRICES.get(self.names.get(role, model.name)):
            return price
        places = ", ".join(map(shown_url, urls))
        raise BudgetError(
            f"{role}: the price of {self.names.get(role, model.name)} at {places} is unknown; export "
            f"SKYASSETS_{role.upper()}_PRICE=INPUT,OUTPUT in dollars per million tokens (0,0 if it is free)"
        )

    def weights(self, model: Model) -> Path:
        """The folder of a model's weights."""
        return weights_folder(model, self.data / "models")

    def trainer(self, base: Model, progress_channel: ProgressChannel | None = None) -> Trainer:
        """The trainer for `base`; its processes report through `progress_channel`."""
        if base.name == fake.NAME:
            return fake.FakeTrainer()
        return DeepSpeedTrainer(cache=self.data / "models", trackers=self.trackers, progress_channel=progress_channel)

    def shape(self, base: Model) -> ModelShape:
        """The dimensions of `base`, from its config alone."""
        return fake.SHAPE if base.name == fake.NAME else base_shape(base, self.data / "models")

    def pieces(self, base: Model, example: Conversation) -> list[TokenPiece]:
        """An example as the trainer sees it, split where the loss mask changes."""
        return word_pieces(example) if base.name == fake.NAME else token_pieces(self.weights(base), example)

    def licence(self, base: Model) -> str:
        """The licence stated in the base model's card; empty if there is none."""
        card = self.weights(base) / "README.md" if base.name != fake.NAME else Path()
        return licence_of(card.read_text(encoding="utf-8")) if card.is_file() else ""

    def count(self, base: Model, log: Callable[[str], None] = lambda line: None) -> Count:
        """A token counter with the tokenizer of `base`; `log` gets what is to be known about its template."""
        if base.name == fake.NAME:
            return fake.count_words

        def count(conversations: Sequence[Conversation]) -> list[TokenCount | Unfit]:
            return token_lengths(self.weights(base), conversations, STRUCTURE_TOKENS, log) if conversations else []

        return count

    @contextlib.contextmanager
    def graders(self, limits: Limits) -> Iterator[Graders]:
        """The graders with their sandbox and workers, for as long as the context lasts."""
        with MathVerify(workers=self.workers) as equals, ChosenSandbox(self.sandbox, self.sandbox_image) as sandbox:
            yield Graders(sandbox=sandbox, equals=equals, limits=limits)


def is_hosted(role: str, model: Model) -> bool:
    """Whether `model` is served by OpenAI when no server is configured."""
    return "/" not in model.name and model.name != fake.NAME and role not in LOCAL and is_on_hub(model)


def is_private(url: str) -> bool:
    """Whether `url` is our own machine: this host, a private address, or a name without a dot."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".lan"))


def student_name(base: str) -> str:
    """The name of the fine-tuned `base` at its server and in its rows."""
    return f"{base}-student"
