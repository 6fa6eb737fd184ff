"""The model card, as README.md for the hub: base model, data, training, scores, and how to load the model."""

from skyassets.stages.markup.markdown import block, code, front_matter, plain, table
from skyassets.stages.publishing.card_content import CardContent, is_hub_name
from skyassets.stages.publishing.card_scores import measured_with, model_index, score_lines
from skyassets.stages.publishing.licences import accepted_in_words, on_hub, spelled


def model_card(content: CardContent) -> str:
    """The README.md of a folder of final weights."""
    base = content.training.base
    lines = [
        _front_matter(content),
        "",
        f"# {plain(content.recipe)}",
        "",
        plain(f"{content.description}."),
        "",
        f"A fine-tuned {code(base.name)}, revision {code(base.revision)}, made by skyassets with the recipe",
        f"{code(content.recipe)}.",
        "",
        "## Intended use and limits",
        "",
        "It is for research on how models learn to reason, on problems like those it was trained on and asked as they",
        "were. It can be wrong and sound sure, has had no training in safety beyond its base's, and should not decide",
        "anything that is not checked.",
        "",
        *_scores(content),
        "## Data",
        "",
        *_data(content),
        "",
        "## Training",
        "",
        *_training(content),
        "",
        *_lineage(content),
        "## Licences",
        "",
        *_licences(content),
        "",
        "## Loading it",
        "",
        *_loading(content),
        "",
    ]
    return "\n".join(lines)


def _front_matter(content: CardContent) -> str:
    licences = {spelled(content.base_licence), *(spelled(part.licence) for part in content.data)}
    base = content.training.base.name
    return front_matter(
        {
            "license": (on_hub(licences.pop()) if len(licences) == 1 else "") or "other",
            "library_name": "transformers",
            "pipeline_tag": "text-generation",
            # The hub accepts only hub names here; other base models are named in the text only.
            **({"base_model": base, "base_model_relation": "finetune"} if is_hub_name(base) else {}),
            "datasets": list(content.datasets),
            "tags": ["reasoning", "distillation", "sft", "skyassets"],
            "model-index": content.board
            and model_index(content.name or content.recipe, content.board, content.tested_on),
        }
    )


def _scores(content: CardContent) -> list[str]:
    lines = score_lines(content.board) if content.board else []
    if not lines:
        return []
    folder = content.report
    whole = [f"The whole report, with break-downs and plots: [{folder}]({folder})", ""] if folder else []
    return ["## Scores", "", *lines, "", *whole, *(measured_with(content.made_with) if content.made_with else ())]


def _data(content: CardContent) -> list[str]:
    origins = dict(content.origins)
    rows = [
        (*map(plain, (part.source, part.domain, spelled(part.licence))), part.examples, part.tokens)
        for part in content.data
    ]
    total = ("all", "", "", sum(part.examples for part in content.data), sum(part.tokens for part in content.data))
    used = dict.fromkeys(part.source for part in content.data)
    published = [f"- {plain(name)}: {plain(origins[name])}" for name in used if origins.get(name)]
    return [
        *table(("source", "domain", "licence", "examples", "tokens"), [*rows, total]),
        "",
        f"Tokens of one epoch, by the model's own tokenizer. Data version {code(content.data_version)}.",
        *(("", *published) if published else ()),
    ]


def _training(content: CardContent) -> list[str]:
    how, summary = content.training, content.summary
    what = (
        f"low-rank adapters of rank {how.lora.rank}, alpha {how.lora.alpha}, dropout {how.lora.dropout:g} on "
        f"{plain(how.lora.targets)}, merged into the weights"
        if how.lora
        else "all weights"
    )
    rows = (
        ("trained", what),
        ("epochs", how.epochs),
        ("learning rate", f"{how.learning_rate:g}, {plain(how.schedule)}, warm-up {how.warmup_ratio:g} of the steps"),
        ("weight decay", f"{how.weight_decay:g}"),
        ("batch", f"{how.global_batch:,} {'packs' if how.packing else 'examples'} a step"),
        ("longest example", f"{how.cutoff:,} tokens; nothing was cut"),
        ("precision", plain(how.precision)),
        ("seed", str(how.seed)),
        ("steps", summary.steps),
        ("tokens, all epochs", summary.tokens),
        ("last loss", f"{summary.last_loss:.4f} nats a learned token"),
    )
    return [
        *table(("", ""), rows),
        "",
        "The chat template and the tokenizer are the base's own, unchanged. The loss was taken on the assistant's",
        "turns only, including their end-of-turn token.",
    ]


def _lineage(content: CardContent) -> list[str]:
    rows = [(code(each.table), each.rows, code(each.data_version)) for each in content.lineage]
    note = ("Each table is made from the ones before it; a data version is the digest of its rows.", "")
    return ["## Lineage", "", *table(("table", "rows", "data version"), rows), "", *note] if rows else []


def _licences(content: CardContent) -> list[str]:
    data = plain("; ".join(sorted({spelled(part.licence) for part in content.data})))
    return [
        f"The base's licence: {plain(spelled(content.base_licence))}. The licences of the data: {data}.",
        "Who uses the weights has to keep all of them.",
        *(("", plain(accepted_in_words(content.accepted))) if content.accepted else ()),
    ]


def _loading(content: CardContent) -> list[str]:
    system = ['    {"role": "system", "content": SYSTEM},'] if content.system else []
    longest = content.training.cutoff
    # A hub name contains no quotes, so it needs no escaping.
    where = f'"{content.name}"' if content.name else "PATH"
    note = ["", "`SYSTEM` is the system prompt that it was trained with:", "", *block(content.system, "text")]
    return [
        "With transformers:" if content.name else "With transformers, `PATH` being this folder or its name on the hub:",
        "",
        "```python",
        "from transformers import pipeline",
        "",
        f'student = pipeline("text-generation", model={where}, dtype="auto", device_map="auto")',
        "conversation = [",
        *system,
        '    {"role": "user", "content": QUESTION},',
        "]",
        f"print(student(conversation, max_new_tokens={longest})[0]['generated_text'][-1]['content'])",
        "```",
        "",
        f"With vLLM: {code(f'vllm serve {content.name or where}')}, then OpenAI's chat API on port 8000.",
        *(note if content.system else ()),
    ]
