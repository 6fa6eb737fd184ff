"""Small folders laid out like the recipe's data sets on the hub: file names, formats, front matter and columns."""

import base64
import csv
import json
import pickle
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
from pyarrow import ipc, parquet

from skyassets.core.sources import HubDataset, Source

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
    problems = [
        ("math", "What is 1 + 1?", r"It is $\boxed{2}$."),
        ("amc_aime", "Which?", r"$\boxed{\textbf{(C)}\ 7}$"),
        ("olympiads", "Prove it.", "Here is a proof."),
        ("olympiads", "How many?", r"There are $\boxed{\frac{1}{2}}$."),
        ("cn_k12", "Not wanted", r"$\boxed{1}$"),
    ]
    rows = [
        {"source": source, "problem": problem, "solution": solution, "messages": [{"content": problem, "role": "user"}]}
        for source, problem, solution in problems
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


def aime_2025(folder: Path) -> None:
    lines(folder / "test.jsonl", [{"problem": "Find b.", "answer": "70", "id": "0"}])


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
    """The image columns of the multimodal set hold no real images, so decoding one fails."""
    sets = {one: f"OE_{one}_maths_en_COMP" for one in ("TO", "MM")}
    front_matter(folder, {name: {"train": f"OlympiadBench/{name}/{name}.parquet"} for name in sets.values()})
    row = {
        "id": 1606, "question": "Find all.", "solution": ["..."], "context": None, "modality": "Text-only",
        "difficulty": "Competition", "is_multiple_answer": False, "unit": None, "answer_type": "Numerical",
        "error": None, "question_type": "Open-ended", "subfield": "Algebra", "subject": "Math", "language": "English",
        "final_answer": [r"$\frac{1}{3}$"],
    }  # fmt: skip
    image = {"bytes": b"no image", "path": "1.jpg"}
    with_images = [
        {**row, "question": "See the figure.", "image_1": image, "image_2": None},
        {**row, "question": "See <image_1>.", "image_1": None, "image_2": None},
        {**row, "question": "See none.", "image_1": None, "image_2": None},
    ]
    plain = [{**row, **{f"image_{number}": None for number in range(1, 6)}}]
    for one, rows in (("TO", plain), ("MM", with_images)):
        (folder / "OlympiadBench" / sets[one]).mkdir(parents=True)
        _with_images(rows, folder / "OlympiadBench" / sets[one] / f"{sets[one]}.parquet")


def _with_images(rows: Rows, path: Path) -> None:
    """Parquet whose metadata says which columns are images, as the hub's does."""
    table = pa.Table.from_pylist([dict(row) for row in rows])
    stored = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    images = [name for name in table.column_names if name.startswith("image_")]
    for name in images:
        at = table.column_names.index(name)
        table = table.set_column(at, name, pa.array(table[name].to_pylist(), stored))
    features = {name: {"dtype": "string", "_type": "Value"} for name in table.column_names}
    features |= {name: {"_type": "Image"} for name in images} | {"id": {"dtype": "int64", "_type": "Value"}}
    features |= {"is_multiple_answer": {"dtype": "bool", "_type": "Value"}}
    listed = {"feature": {"dtype": "string", "_type": "Value"}, "_type": "List"}
    features |= {"solution": listed, "final_answer": listed}
    parquet.write_table(
        table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})}), path
    )


def gpqa(folder: Path) -> None:
    front_matter(folder, {f"gpqa_{one}": {"train": f"gpqa_{one}.csv"} for one in ("main", "diamond")}, "cc-by-4.0")
    wrong = [f"Incorrect Answer {number}" for number in (1, 2, 3)]
    columns = ["Question", "Correct Answer", *wrong, "Explanation", "High-level domain", "Subdomain", "Record ID"]
    rest = ["So.", "Physics", "Optics", "rec1"]
    for one in ("main", "diamond"):
        rows = [
            [f"Which,\n{one}?", "10^-4 eV\n", "10^-9 eV", "10^-8 eV", "10^-11 eV", *rest],
            [f"Which twice, {one}?", "1 eV", "2 eV", "2 eV", "3 eV", *rest],
        ]
        with (folder / f"gpqa_{one}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([columns, *rows])


def mmlu(folder: Path) -> None:
    configs = ("all", "anatomy")
    front_matter(folder, {config: {"test": f"{config}/test-*", "dev": f"{config}/dev-*"} for config in configs}, "mit")
    rows = [
        {"question": "Which bone?", "subject": "anatomy", "choices": ["rib", "heart", "lung", "skin"], "answer": 0},
        {"question": "What?", "subject": "logic", "choices": ["one", "two", "three", "All of the above"], "answer": 3},
        {"question": "Which?", "subject": "logic", "choices": ["one", "one", "three", "four"], "answer": 2},
    ]
    for config, of in zip(configs, (rows, rows[:1]), strict=True):
        shards(folder, f"{config}/test", of)
        shards(folder, f"{config}/dev", of[:1])


def mmlu_pro(folder: Path) -> None:
    front_matter(folder, {"default": {"test": "data/test-*", "validation": "data/validation-*"}}, "mit")
    names = [f"{number} moles" for number in range(10)]
    row = {"question_id": 70, "answer_index": 9, "cot_content": "", "category": "chemistry", "src": "ori"}
    rows = [{**row, "question": "How many?", "options": names, "answer": "J"}]
    shards(folder, "data/test", rows)
    shards(folder, "data/validation", rows)


def humaneval(folder: Path) -> None:
    front_matter(folder, {"openai_humaneval": {"test": "openai_humaneval/test-*"}}, "mit")
    row = {
        "task_id": "HumanEval/0",
        "prompt": 'from typing import List\n\n\ndef total(given: List[int]) -> int:\n    """The sum."""\n',
        "canonical_solution": "    return sum(given)\n",
        "test": "def check(candidate):\n    assert candidate([1, 2]) == 3\n    assert candidate([]) == 0\n",
        "entry_point": "total",
    }
    shards(folder, "openai_humaneval/test", [row])


def mbpp(folder: Path) -> None:
    splits = {split: f"full/{split}-*" for split in ("train", "test")}
    front_matter(folder, {"full": splits, "sanitized": {"test": "sanitized/test-*"}}, "cc-by-4.0")
    row = {
        "task_id": 11, "text": "Write a function to double a number.", "code": "def twice(n):\r\n  return 2 * n",
        "test_list": ["assert twice(2) == 4", "assert twice(0) == 0"], "test_setup_code": "",
        "challenge_test_list": [],
    }  # fmt: skip
    shards(folder, "full/test", [row])
    shards(folder, "full/train", [{**row, "text": "Not wanted."}])
    shards(folder, "sanitized/test", [{**row, "text": "Not wanted either."}])


def livecodebench(folder: Path) -> None:
    (folder / "code_generation_lite.py").write_text("raise SystemExit('never run')")
    stated = {"platform": "atcoder", "contest_id": "1", "starter_code": ""}
    public = [{"input": "2 3\n", "output": "5\n", "testtype": "stdin"}]
    private = [{"input": "4 5\n", "output": "9\n", "testtype": "stdin"}]
    packed = base64.b64encode(zlib.compress(pickle.dumps(json.dumps(private)))).decode()
    graded = ("easy", "medium", "hard", "easy", "medium", "hard")
    for number, grade in enumerate(graded, start=1):
        name = "test" if number == 1 else f"test{number}"
        row = {
            **stated, "question_title": "Add", "question_content": f"Add, {name}.", "question_id": name,
            "difficulty": grade, "contest_date": f"2024-{number:02d}-21T00:00:00",
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
    "math-ai/aime25": aime_2025,
    "cais/mmlu": mmlu,
    "TIGER-Lab/MMLU-Pro": mmlu_pro,
    "openai/openai_humaneval": humaneval,
    "google-research-datasets/mbpp": mbpp,
    "openai/gsm8k": gsm8k,
    "math-ai/amc23": amc,
    "Hothan/OlympiadBench": olympiad,
    "Idavidrein/gpqa": gpqa,
    "livecodebench/code_generation_lite": livecodebench,
}


def local(source: Source, folder: Path) -> Source:
    """The source with its data set in `folder`."""
    assert isinstance(source.origin, HubDataset)
    home = folder / source.origin.repo.replace("/", "-") / source.origin.repo.rpartition("/")[2]
    home.mkdir(parents=True)
    FOLDERS[source.origin.repo](home)
    return replace(source, origin=replace(source.origin, repo=str(home)))
