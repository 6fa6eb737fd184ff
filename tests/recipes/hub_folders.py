"""Small folders laid out like the recipe's data sets on the hub: file names, formats, front matter and columns."""

import base64
import csv
import json
import pickle
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
from pyarrow import ipc, parquet

Rows = Sequence[Mapping[str, object]]

STDIN = json.dumps({"inputs": ["2 3\n", "4 5\n"], "outputs": ["5\n", "9\n"]})
ADD = "a, b = map(int, input().split())\nprint(a + b)"
CALL = json.dumps({"fn_name": "double", "inputs": [[2], [5]], "outputs": [[4], [10]]})
DOUBLE = "class Solution:\n    def double(self, n):\n        return 2 * n"


def front_matter(folder: Path, configs: Mapping[str, Mapping[str, str]], licence: str = "apache-2.0") -> None:
    """The README of a data set that says which files are which split of which configuration."""
    lines = ["---", f"license: {licence}", "configs:"]
    for config, splits in configs.items():
        lines += [f"- config_name: {config}", "  data_files:"]
        for split, path in splits.items():
            lines += [f"  - split: {split}", f"    path: {path}"]
    (folder / "README.md").write_text("\n".join([*lines, "---", "# A data set", ""]))


def shards(folder: Path, name: str, rows: Rows, count: int = 1) -> None:
    """`rows` as Parquet shards."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    size = -(-len(rows) // count)
    for number in range(count):
        table = pa.Table.from_pylist([dict(row) for row in rows[number * size : (number + 1) * size]])
        parquet.write_table(table, folder / f"{name}-{number:05d}-of-{count:05d}.parquet")


def arrow(folder: Path, name: str, rows: Rows) -> None:
    """`rows` as the Arrow stream that `save_to_disk` writes."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pylist([dict(row) for row in rows])
    with (folder / name).open("wb") as file, ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table)


def lines(path: Path, rows: Rows) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def numina(folder: Path) -> None:
    front_matter(folder, {"default": {"train": "data/train-*", "test": "data/test-*"}})
    told = [
        ("math", "What is 1 + 1?", r"It is $\boxed{2}$."),
        ("amc_aime", "Which?", r"$\boxed{\textbf{(C)}\ 7}$"),
        ("olympiads", "Prove it.", "Here is a proof."),
        ("olympiads", "How many?", r"There are $\boxed{\frac{1}{2}}$."),
        ("cn_k12", "Not wanted", r"$\boxed{1}$"),
    ]
    rows = [
        {"source": source, "problem": problem, "solution": solution, "messages": [{"content": problem, "role": "user"}]}
        for source, problem, solution in told
    ]
    shards(folder, "data/train", rows, count=2)
    shards(folder, "data/test", rows[:1])


def apps(folder: Path) -> None:
    (folder / "apps.py").write_text("raise SystemExit('never run')")
    stated = {"id": 1, "difficulty": "interview", "url": "https://example.org", "starter_code": ""}
    rows = [
        {**stated, "question": "Add.", "solutions": json.dumps(["print('no')", ADD]), "input_output": STDIN},
        {**stated, "question": "Double.", "solutions": json.dumps([DOUBLE]), "input_output": CALL},
        {**stated, "question": "No tests.", "solutions": "[]", "input_output": ""},
        {**stated, "question": "No solutions.", "solutions": "", "input_output": STDIN},
    ]
    lines(folder / "test.jsonl", rows)
    lines(folder / "train.jsonl", rows[:1])


def taco(folder: Path) -> None:
    (folder / "TACO.py").write_text("raise SystemExit('never run')")
    stated = {"starter_code": "", "raw_tags": "[]", "name": None, "source": "codeforces", "time_limit": "2 seconds"}
    rows = [
        {
            **stated,
            "question": f"Add, {level}.",
            "solutions": json.dumps([ADD]),
            "input_output": STDIN,
            "difficulty": level,
        }
        for level in ("EASY", "MEDIUM")
    ]
    shards(folder, "ALL/train", rows, count=2)
    shards(folder, "ALL/test", rows[:1])
    arrow(folder, "test/data-00000-of-00001.arrow", rows)


def still_2(folder: Path) -> None:
    front_matter(folder, {"default": {"train": "data/train-*"}})
    domains = ("math", "physics", "chemistry", "biology", "code", "puzzle")
    text = "<|begin_of_thought|>\n\nHm.\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\nSo.\n\n<|end_of_solution|>"
    shards(folder, "data/train", [{"question": f"A {one}?", "combined_text": text, "domain": one} for one in domains])


def math_500(folder: Path) -> None:
    row = {"problem": "1 + 1?", "solution": r"$\boxed{2}$", "answer": "2", "subject": "Algebra", "level": 1}
    lines(folder / "test.jsonl", [{**row, "unique_id": "test/algebra/1.json"}])


def aime(folder: Path) -> None:
    front_matter(folder, {"default": {"train": "data/train-*"}})
    row = {"id": 60, "problem": "m + n?", "solution": "...", "answer": "025", "url": "https://example.org"}
    shards(folder, "data/train", [{**row, "year": "2024"}])


def gsm8k(folder: Path) -> None:
    front_matter(folder, {"main": {"test": "main/test-*"}, "socratic": {"test": "socratic/test-*"}}, "mit")
    answer = "He has 2 * 900 = <<2*900=1800>>1800.\n#### 1,800"
    for config in ("main", "socratic"):
        shards(folder, f"{config}/test", [{"question": f"How many, {config}?", "answer": answer}])


def amc(folder: Path) -> None:
    shards(folder, "test", [{"id": 0, "answer": "27.0", "question": "How far?", "url": "https://example.org"}])


def olympiad(folder: Path) -> None:
    config = "OE_TO_maths_en_COMP"
    front_matter(folder, {config: {"train": f"OlympiadBench/{config}/{config}.parquet"}})
    row = {"id": 1606, "question": "Find all.", "solution": ["..."], "context": None, "is_multiple_answer": False}
    shards(folder, "made", [{**row, "final_answer": [r"$\frac{1}{3}$"], "unit": None, "error": None}])
    (folder / "OlympiadBench" / config).mkdir(parents=True)
    (folder / "made-00000-of-00001.parquet").rename(folder / "OlympiadBench" / config / f"{config}.parquet")


def gpqa(folder: Path) -> None:
    front_matter(folder, {f"gpqa_{one}": {"train": f"gpqa_{one}.csv"} for one in ("main", "diamond")}, "cc-by-4.0")
    columns = ["Question", "Correct Answer", "Incorrect Answer 1", "High-level domain"]
    for one in ("main", "diamond"):
        with (folder / f"gpqa_{one}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([columns, [f"Which,\n{one}?", "10^-4 eV", "10^-9 eV", "Physics"]])


def livecodebench(folder: Path) -> None:
    (folder / "code_generation_lite.py").write_text("raise SystemExit('never run')")
    stated = {"platform": "atcoder", "contest_date": "2023-08-21T00:00:00", "difficulty": "easy", "starter_code": ""}
    public = [{"input": "2 3\n", "output": "5\n", "testtype": "stdin"}]
    private = [{"input": "4 5\n", "output": "9\n", "testtype": "stdin"}]
    packed = base64.b64encode(zlib.compress(pickle.dumps(json.dumps(private)))).decode()
    for name in ("test", "test2"):
        row = {
            **stated, "question_title": "Add", "question_content": f"Add, {name}.", "question_id": name,
            "public_test_cases": json.dumps(public), "private_test_cases": packed, "metadata": "{}",
        }  # fmt: skip
        lines(folder / f"{name}.jsonl", [row])


FOLDERS = {
    "AI-MO/NuminaMath-CoT": numina,
    "codeparrot/apps": apps,
    "BAAI/TACO": taco,
    "RUC-AIBOX/long_form_thought_data_5k": still_2,
    "HuggingFaceH4/MATH-500": math_500,
    "HuggingFaceH4/aime_2024": aime,
    "openai/gsm8k": gsm8k,
    "math-ai/amc23": amc,
    "Hothan/OlympiadBench": olympiad,
    "Idavidrein/gpqa": gpqa,
    "livecodebench/code_generation_lite": livecodebench,
}
