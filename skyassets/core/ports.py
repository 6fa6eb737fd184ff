"""The ports: what the stages need of the outside, and the plain values that cross. Every engine keeps one of these."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Protocol


class Verdict(StrEnum):
    """What a grader says of a text."""

    CORRECT = "correct"
    WRONG = "wrong"
    UNJUDGED = "unjudged"
    """The grader could not tell (time limit, no reference, sandbox error). Never counted as wrong, never trained on."""


@dataclass(frozen=True)
class Judgement:
    """A verdict with its evidence. `reason` is one short phrase; for `unjudged` it says why nobody could tell."""

    verdict: Verdict
    reason: str
    answer: str | None = None
    """What was read out of the text and compared: the final answer, or the code."""
    backend: str = ""
    """What ran or compared it (`exact`, `math-verify 0.9.0`, `bubblewrap 0.8.0`)."""
    tests: tuple[str, ...] = ()
    """For code: what became of each test, in order (`passed`, `wrong answer`, `time limit`, ..., `not run`)."""


@dataclass(frozen=True)
class Model:
    """Which weights answer: an identity, never a place.

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
    """How a completion is drawn. All of it determines the output, so all of it is part of a row's id."""

    identity_name: ClassVar[str] = "Sampling"
    temperature: float
    max_tokens: int
    top_p: float = 1.0
    stop: tuple[str, ...] = ()


@dataclass(frozen=True)
class Message:
    """One turn of a conversation, in OpenAI's terms (`system`, `user`, `assistant`)."""

    identity_name: ClassVar[str] = "Message"
    role: str
    content: str


@dataclass(frozen=True)
class Request:
    """One completion wanted. Its `id` covers everything that determines the answer and is known before the call."""

    id: str
    model: Model
    messages: tuple[Message, ...]
    sampling: Sampling
    seed: int


@dataclass(frozen=True)
class Reply:
    """What came of one request: a text with its finish reason, or an error with no text."""

    id: str
    text: str
    finish_reason: str
    """`stop`, `length`, another word of the server's, or `error`."""
    prompt_tokens: int
    completion_tokens: int
    seconds: float
    served_by: str
    error: str | None = None
    at: str = ""
    """When it came (UTC, ISO 8601)."""
    dollars: float | None = 0.0
    """What it cost; None when nobody knows the price."""


class CompletionClient(Protocol):
    """Asks a model server. One bad request becomes a `Reply` with `error`; a dead or refusing server raises."""

    def ask(self, requests: Iterable[Request], keep: Callable[[Reply], None]) -> None:
        """Answer every request, in any order, handing each reply to `keep` as soon as it is there.

        Raises:
            ServerError: when nobody can be asked (unreachable, bad key, unknown model).
            BudgetError: when the next request could pass the budget; what came before has been kept.
        """
        ...

    @property
    def in_flight(self) -> int:
        """Requests under way at this moment."""
        ...


class ModelProvider(Protocol):
    """Brings a model within reach, for as long as the context lasts."""

    def serve(self, model: Model, weights: Path | None) -> AbstractContextManager[CompletionClient]:
        """Serve `model`; `weights` is its folder when we made it ourselves (a checkpoint).

        Raises:
            ServerError: when the server cannot be started or reached.
        """
        ...


@dataclass(frozen=True)
class Limits:
    """What one program may use; past any of them it is killed with all its children."""

    identity_name: ClassVar[str] = "Limits"
    seconds: float = 6.0
    """Wall clock of one run."""
    memory_mb: int = 512
    processes: int = 32
    output_kb: int = 1024


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
      that never holds the program; the functions named in `names` are reached there as if they were its own, their
      arguments and results crossing as plain data. The output is `passed` or `failed`, said by that second process.
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
class Run:
    """How a run ended."""

    kind: RunKind
    output: str = ""
    """What the program came to, as told in `Program`; meaningful only for a run that finished."""
    detail: str = ""
    """The last lines of a traceback, or what the sandbox said; for people, never for a verdict."""


UNSAFE = "(UNSAFE)"
"""How the name of a backend ends that isolates nothing; what it says can be forged, and is not kept."""


class Sandbox(Protocol):
    """Runs programs nobody trusts: no network, no secrets, no user files, hard limits. Fails closed."""

    @property
    def name(self) -> str:
        """The backend and its version, as recorded in every verdict."""
        ...

    def run(self, program: Program, limits: Limits) -> Run:
        """Run `program` once. A program that misbehaves is a `Run`; only a missing sandbox raises SandboxError."""
        ...


class Equals(Protocol):
    """Decides whether two mathematical answers are equal, in a process that can be killed."""

    @property
    def name(self) -> str:
        """The library and its version."""
        ...

    def equal(self, answer: str, gold: str) -> bool | str:
        """True or False; when nobody can tell, why: `time limit`, `memory limit` or `ungradable: ...`."""
        ...


@dataclass(frozen=True)
class Step:
    """One optimiser step of a training run."""

    step: int
    epoch: float
    loss: float
    learning_rate: float
    grad_norm: float
    tokens: int
    seconds: float
    mfu: float | None = None
    """Model FLOPs utilisation: the share of the devices' peak; None where that is not known."""
    memory_gb: float | None = None
    """The most that the first rank had held by then, of its GPU or else of main memory."""


@dataclass(frozen=True)
class Conversation:
    """One example for the trainer: its id and its turns; loss is taken on the assistant's turns only."""

    identity_name: ClassVar[str] = "Conversation"
    id: str
    messages: tuple[Message, ...]


@dataclass(frozen=True)
class TokenCount:
    """Tokens of one example as the trainer sees it: all of them, and those the loss is taken on."""

    total: int
    learned: int


@dataclass(frozen=True)
class TokenPiece:
    """A stretch of an example whose tokens are all learned, or all not."""

    text: str
    """What the tokens decode to, special ones included."""
    learned: bool
    tokens: int
    end: str = ""
    """The end-of-turn marker that the text ends with; empty for what is not learned."""
