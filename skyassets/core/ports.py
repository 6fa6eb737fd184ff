"""The interfaces (ports) that stages use to reach the outside, and the values they exchange. Engines implement them."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Protocol


class Verdict(StrEnum):
    """A grader's verdict on a text."""

    CORRECT = "correct"
    WRONG = "wrong"
    UNJUDGED = "unjudged"
    """The grader could not tell (time limit, no reference, sandbox error). Never counted as wrong, never trained on."""


@dataclass(frozen=True)
class Judgement:
    """A verdict with its evidence. `reason` is one short phrase; for `unjudged` it says why no verdict was possible."""

    verdict: Verdict
    reason: str
    answer: str | None = None
    """What was extracted from the text and compared: the final answer, or the code."""
    backend: str = ""
    """What ran or compared it (`exact`, `math-verify 0.9.0`, `bubblewrap 0.8.0`)."""
    tests: tuple[str, ...] = ()
    """For code: the outcome of each test, in order (`passed`, `wrong answer`, `time limit`, ..., `not run`)."""


@dataclass(frozen=True)
class Model:
    """The identity of a model's weights, independent of where they are served.

    `name` is a hub id (`Qwen/QwQ-32B-Preview`), a provider's model name (`gpt-4o-mini`), a local folder's title or
    `package:NAME/FILE.gguf` for weights that a Python package carries. `revision` pins it: a hub commit, a package
    version, or the digest of a checkpoint's files.
    """

    identity_name: ClassVar[str] = "Model"
    name: str
    revision: str

    def __str__(self) -> str:
        return f"{self.name}@{self.revision}"


@dataclass(frozen=True)
class Sampling:
    """How a completion is sampled. Every field affects the output, so every field is part of a row's id."""

    identity_name: ClassVar[str] = "Sampling"
    identity_added: ClassVar[tuple[str, ...]] = (
        "top_k", "min_p", "repetition_penalty", "reasoning_effort", "chat_template_kwargs", "extra",
    )  # fmt: skip
    temperature: float | None
    """None: not sent, so that the server's default applies. Some reasoning models refuse every value."""
    max_tokens: int
    top_p: float = 1.0
    stop: tuple[str, ...] = ()
    top_k: int | None = None
    min_p: float | None = None
    repetition_penalty: float | None = None
    reasoning_effort: str | None = None
    """`low`, `medium`, `high`, or another word that the model knows."""
    chat_template_kwargs: Mapping[str, object] = field(default_factory=dict, hash=False)
    """Arguments of the chat template, such as `{"enable_thinking": False}`, where the server passes them on."""
    extra: Mapping[str, object] = field(default_factory=dict, hash=False)
    """Further parameters of a provider, sent as they are."""

    @property
    def varies(self) -> bool:
        """Whether two samples of one prompt may differ."""
        return self.temperature is None or self.temperature > 0


@dataclass(frozen=True)
class Message:
    """One turn of a conversation, with OpenAI's roles (`system`, `user`, `assistant`)."""

    identity_name: ClassVar[str] = "Message"
    role: str
    content: str


@dataclass(frozen=True)
class Request:
    """One requested completion. Its `id` covers everything known before the call that determines the answer."""

    id: str
    model: Model
    messages: tuple[Message, ...]
    sampling: Sampling
    seed: int


@dataclass(frozen=True)
class Reply:
    """The result of one request: a text with its finish reason, or an error without a text."""

    id: str
    text: str
    finish_reason: str
    """`stop`, `length`, another word of `core.finish_reasons`, or the server's own."""
    prompt_tokens: int
    completion_tokens: int
    seconds: float
    served_by: str
    error: str | None = None
    at: str = ""
    """When it arrived (UTC, ISO 8601)."""
    dollars: float | None = 0.0
    """What it cost; None if the price is unknown."""
    sent: str = ""
    """What was sent differently from what the request says, as JSON; empty if nothing was."""
    is_final: bool = False
    """For an error: whether the call was paid for and would fail again, so that no later run makes it."""


class CompletionClient(Protocol):
    """Sends requests to a model server. A failed request gives a `Reply` with `error`; an unavailable server raises."""

    def ask(self, requests: Iterable[Request], keep: Callable[[Reply], None]) -> None:
        """Answer every request, in any order, passing each reply to `keep` as soon as it arrives.

        Raises:
            ServerError: when no server can be reached (unreachable, bad key, unknown model).
            BudgetError: when the next request could exceed the budget; earlier replies have been kept.
        """
        ...

    @property
    def in_flight(self) -> int:
        """Requests currently in flight."""
        ...


class ModelProvider(Protocol):
    """Makes a model available for as long as the context lasts."""

    def serve(self, model: Model, weights: Path | None) -> AbstractContextManager[CompletionClient]:
        """Serve `model`; `weights` is its folder if it was trained here (a checkpoint).

        Raises:
            ServerError: when the server cannot be started or reached.
        """
        ...


@dataclass(frozen=True)
class Limits:
    """Resource limits of one program; if it exceeds any, it is killed with all its children."""

    identity_name: ClassVar[str] = "Limits"
    identity_added: ClassVar[tuple[str, ...]] = ("libraries",)
    seconds: float = 6.0
    """Wall-clock time of one run."""
    memory_mb: int = 512
    processes: int = 32
    output_kb: int = 1024
    libraries: tuple[str, ...] = ()
    """Libraries besides the standard one that programs and their tests may import, such as `numpy`."""


class RunKind(StrEnum):
    """How one run of a program ended."""

    FINISHED = "finished"
    DOES_NOT_COMPILE = "does not compile"
    RUNTIME_ERROR = "runtime error"
    TIME_LIMIT = "time limit"
    MEMORY_LIMIT = "memory limit"
    OUTPUT_LIMIT = "output limit"
    SANDBOX_ERROR = "sandbox error"


@dataclass(frozen=True)
class Program:
    """A model's program and one test for it.

    - `check` given: Python source of tests, as HumanEval and MBPP have them. They run in a second confined process
      that never contains the program. It can call the functions listed in `names`; their
      arguments and results are passed as plain data. The output is `passed` or `failed`, set by that second process.
    - else `call` given: the function it names (`f`, or `Solution.f`) is called once with `arguments`, the JSON text
      of the positional arguments; the JSON text of what it returns is the output.
    - else the program runs as a script with `stdin`; its standard output is the output.
    """

    source: str
    stdin: str = ""
    call: str = ""
    arguments: str = "[]"
    check: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProgramRun:
    """The result of a run."""

    kind: RunKind
    output: str = ""
    """The program's output, as described in `Program`; valid only for a run that finished."""
    detail: str = ""
    """The last lines of a traceback, or the sandbox's message; for people, never used for a verdict."""


UNSAFE = "(UNSAFE)"
"""Suffix of the name of a backend without isolation. Its results can be forged, so they are not kept."""


class Sandbox(Protocol):
    """Runs untrusted programs: no network, no secrets, no user files, hard limits. Fails closed."""

    @property
    def name(self) -> str:
        """The backend and its version, as recorded in every verdict."""
        ...

    def run(self, program: Program, limits: Limits) -> ProgramRun:
        """Run `program` once. A misbehaving program gives a result; only a missing sandbox raises SandboxError."""
        ...


class AnswerComparator(Protocol):
    """Decides whether two mathematical answers are equal, in a process that can be killed."""

    @property
    def name(self) -> str:
        """The library and its version."""
        ...

    def equal(self, answer: str, gold: str) -> bool | str:
        """True or False; if that cannot be decided, the reason: `time limit`, `memory limit` or `ungradable: ...`."""
        ...


@dataclass(frozen=True)
class Step:
    """One optimizer step of a training run."""

    step: int
    epoch: float
    loss: float
    learning_rate: float
    grad_norm: float
    tokens: int
    seconds: float
    mfu: float | None = None
    """Model FLOPs utilisation: the achieved share of the devices' peak; None if unknown."""
    memory_gb: float | None = None
    """Peak memory of the first rank so far: its GPU's, or main memory without a GPU."""


@dataclass(frozen=True)
class Conversation:
    """One training example: its id and its turns. The loss is computed on the assistant's turns only."""

    identity_name: ClassVar[str] = "Conversation"
    id: str
    messages: tuple[Message, ...]


@dataclass(frozen=True)
class TokenCount:
    """Tokens of one example as the trainer sees it: all of them, and those that count in the loss."""

    total: int
    learned: int


@dataclass(frozen=True)
class TokenPiece:
    """A span of an example whose tokens all count in the loss, or all do not."""

    text: str
    """The decoded text of the tokens, including special tokens."""
    learned: bool
    tokens: int
    end: str = ""
    """The end-of-turn marker that the text ends with; empty for a span outside the loss."""
