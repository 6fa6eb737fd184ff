"""The folder through which a trainer and its training processes speak: the job, its examples, its curve, its end."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from skyassets.core.ports import Conversation, Model, Step, TrainPlan
from skyassets.engines import chat_tokens


@dataclass(frozen=True)
class TrainingJob:
    """A plan with what is only true here and now: where the base lies and how the work is spread."""

    plan: TrainPlan
    base: Path
    micro_batch: int
    """Examples a rank works on at once."""
    offload: bool
    """Keep optimiser state (and parameters, under ZeRO-3) in main memory instead of the GPU's."""
    recompute: bool
    """Compute activations twice instead of keeping them: less memory, a third more work."""


@dataclass(frozen=True)
class JobFolder:
    """The files of one job."""

    path: Path

    @property
    def model(self) -> Path:
        """Where the finished weights go."""
        return self.path / "model"

    @property
    def log(self) -> Path:
        """All that the training processes print."""
        return self.path / "log.txt"

    @property
    def failure(self) -> Path:
        """One sentence on why training stopped, when the training process knew."""
        return self.path / "failure.txt"

    @property
    def curve(self) -> Path:
        """One JSON line per optimiser step."""
        return self.path / "curve.jsonl"

    def write(self, job: TrainingJob, examples: Sequence[Conversation]) -> None:
        """Leave the job for the training processes."""
        self.path.mkdir(parents=True)
        text = json.dumps({**asdict(job), "base": str(job.base)}, indent=2)
        (self.path / "job.json").write_text(text, encoding="utf-8")
        (self.path / "examples.jsonl").write_text(chat_tokens.written(examples), encoding="utf-8")
        self.curve.touch()

    def read_job(self) -> TrainingJob:
        """The job as it was written."""
        row = json.loads((self.path / "job.json").read_text(encoding="utf-8"))
        plan = row["plan"] | {"base": Model(**row["plan"]["base"])}
        return TrainingJob(**row | {"plan": TrainPlan(**plan), "base": Path(row["base"])})

    def read_examples(self) -> list[Conversation]:
        """The examples as they were written."""
        with (self.path / "examples.jsonl").open(encoding="utf-8") as lines:
            return chat_tokens.read(lines)

    def read_curve(self) -> list[Step]:
        """The steps taken so far; a line still being written is left for the next time."""
        with self.curve.open(encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines if line.endswith("\n")]
        return [Step(**{field.name: row[field.name] for field in fields(Step)}) for row in rows]
