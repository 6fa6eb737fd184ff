"""The model card, as README.md for the hub: base model, data, training, scores, and how to load the model."""

from skyassets.stages.markup.markdown import block, code, front_matter, plain, table
from skyassets.stages.publishing.card_facts import CardFacts, is_hub_name
from skyassets.stages.publishing.card_scores import measured_with, model_index, score_lines
from skyassets.stages.publishing.licences import accepted_in_words, on_hub, spelled


def model_card(facts: CardFacts) -> str:
    """The README.md of a folder of final weights."""
    base = facts.training.base
    lines = [
        _front_matter(facts),
        "",
        f"# {plain(facts.recipe)}",
        "",
        plain(f"{facts.description}."),
        "",
        f"A fine-tuned {code(base.name)}, revision {code(base.revision)}, made by skyassets with the recipe",
        f"{code(facts.recipe)}.",
        "",
        "## Intended use and limits",
        "",
        "It is for research on how models learn to reason, on problems like those it was trained on and asked as they",
        "were. It can be wrong and sound sure, has had no training in safety beyond its base's, and should not decide",
        "anything that nobody checks.",
        "",
        *_scores(facts),
        "## Data",
        "",
        *_data(facts),
        "",
        "## Training",
        "",
        *_training(facts),
        "",
        *_lineage(facts),
        "## Licences",
        "",
        *_licences(facts),
        "",
        "## Loading it",
        "",
        *_loading(facts),
        "",
    ]
    return "\n".join(lines)


def _front_matter(facts: CardFacts) -> str:
    licences = {spelled(facts.base_licence), *(spelled(share.licence) for share in facts.data)}
    base = facts.training.base.name
    return front_matter(
        {
            "license": (on_hub(licences.pop()) if len(licences) == 1 else "") or "other",
            "library_name": "transformers",
            "pipeline_tag": "text-generation",
            # The hub accepts only hub names here; other base models are named in the text only.
            **({"base_model": base, "base_model_relation": "finetune"} if is_hub_name(base) else {}),
            "datasets": list(facts.datasets),
            "tags": ["reasoning", "distillation", "sft", "skyassets"],
            "model-index": facts.board and model_index(facts.name or facts.recipe, facts.board, facts.tested_on),
        }
    )


def _scores(facts: CardFacts) -> list[str]:
    lines = score_lines(facts.board) if facts.board else []
    if not lines:
        return []
    whole = (
        [f"The whole report, with break-downs and plots: [{facts.report}]({facts.report})", ""] if facts.report else []
    )
    return ["## Scores", "", *lines, "", *whole, *(measured_with(facts.made_with) if facts.made_with else ())]


def _data(facts: CardFacts) -> list[str]:
    origins = dict(facts.origins)
    rows = [
        (*map(plain, (share.source, share.domain, spelled(share.licence))), share.examples, share.tokens)
        for share in facts.data
    ]
    total = ("all", "", "", sum(share.examples for share in facts.data), sum(share.tokens for share in facts.data))
    used = dict.fromkeys(share.source for share in facts.data)
    published = [f"- {plain(name)}: {plain(origins[name])}" for name in used if origins.get(name)]
    return [
        *table(("source", "domain", "licence", "examples", "tokens"), [*rows, total]),
        "",
        f"Tokens of one epoch, by the model's own tokenizer. Data version {code(facts.data_version)}.",
        *(("", *published) if published else ()),
    ]


def _training(facts: CardFacts) -> list[str]:
    how, course = facts.training, facts.course
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
        ("steps", course.steps),
        ("tokens, all epochs", course.tokens),
        ("last loss", f"{course.last_loss:.4f} nats a learned token"),
    )
    return [
        *table(("", ""), rows),
        "",
        "The chat template and the tokenizer are the base's own, unchanged. The loss was taken on the assistant's",
        "turns only, their end of turn included.",
    ]


def _lineage(facts: CardFacts) -> list[str]:
    rows = [(code(each.table), each.rows, code(each.data_version)) for each in facts.lineage]
    told = ("Each table is made from the ones before it; a data version is the digest of its rows.", "")
    return ["## Lineage", "", *table(("table", "rows", "data version"), rows), "", *told] if rows else []


def _licences(facts: CardFacts) -> list[str]:
    data = plain("; ".join(sorted({spelled(share.licence) for share in facts.data})))
    return [
        f"The base's licence: {plain(spelled(facts.base_licence))}. The licences of the data: {data}.",
        "Who uses the weights has to keep all of them.",
        *(("", plain(accepted_in_words(facts.accepted))) if facts.accepted else ()),
    ]


def _loading(facts: CardFacts) -> list[str]:
    system = ['    {"role": "system", "content": SYSTEM},'] if facts.system else []
    longest = facts.training.cutoff
    # A hub name contains no quotes, so it needs no escaping.
    where = f'"{facts.name}"' if facts.name else "PATH"
    told = ["", "`SYSTEM` is the system prompt that it was trained with:", "", *block(facts.system, "text")]
    return [
        "With transformers:" if facts.name else "With transformers, `PATH` being this folder or its name on the hub:",
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
        f"With vLLM: {code(f'vllm serve {facts.name or where}')}, then OpenAI's chat API on port 8000.",
        *(told if facts.system else ()),
    ]
