"""The model's card: what was trained, on what, how, how well it does and how it is loaded, as the hub's README.md."""

from collections.abc import Sequence

from skyassets.stages.card import HUB_LICENCES
from skyassets.stages.card_facts import CardFacts, Score, is_hub_name
from skyassets.stages.markdown import block, code, plain, table, yaml_text

UNKNOWN = "not known"
ROLES = ("base", "student")


def model_card(facts: CardFacts) -> str:
    """The README.md of a folder of finished weights."""
    base = facts.training.base
    lines = [
        *_head(facts),
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
        *_scores(facts.scores),
        "## Data",
        "",
        *_data(facts),
        "",
        "## Training",
        "",
        *_training(facts),
        "",
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


def _head(facts: CardFacts) -> list[str]:
    licences = _all_licences(facts)
    base = facts.training.base.name
    return [
        "---",
        f"license: {yaml_text(licences[0] if len(licences) == 1 and licences[0] in HUB_LICENCES else 'other')}",
        "library_name: transformers",
        "pipeline_tag: text-generation",
        # The hub takes nothing else for a model's name; weights out of a package are told in the text alone.
        *((f"base_model: {yaml_text(base)}", "base_model_relation: finetune") if is_hub_name(base) else ()),
        *(("datasets:", *(f"- {yaml_text(name)}" for name in facts.datasets)) if facts.datasets else ()),
        "tags:",
        *("- reasoning", "- distillation", "- sft", "- skyassets"),
        "---",
    ]


def _all_licences(facts: CardFacts) -> list[str]:
    """Every licence that has a part in the weights, as the hub spells them; `not known` is one of them."""
    named = [facts.base_licence, *(share.licence for share in facts.data)]
    return sorted({" ".join(name.split()).lower() or UNKNOWN for name in named})


def _scores(found: Sequence[Score]) -> list[str]:
    if not found:
        return []
    by_place = {(each.benchmark, each.metric, each.role): each for each in found}
    rows = [
        (plain(benchmark), plain(metric), *(_reached(by_place.get((benchmark, metric, role))) for role in ROLES))
        for benchmark, metric in dict.fromkeys((each.benchmark, each.metric) for each in found)
    ]
    return [
        "## Scores",
        "",
        "Percent with 95% intervals. Strict accuracy counts an answer only in the asked-for form; lenient accuracy",
        "counts the last stated answer, whatever its form.",
        "",
        *table(("benchmark", "metric", *ROLES), rows),
        "",
    ]


def _reached(score: Score | None) -> str:
    if score is None:
        return ""
    return f"{100 * score.value:.1f} ({100 * score.low:.1f} to {100 * score.high:.1f}), n = {score.n:,}"


def _data(facts: CardFacts) -> list[str]:
    origins = dict(facts.origins)
    rows = [
        (*map(plain, (share.source, share.domain, share.licence or UNKNOWN)), share.examples, share.tokens)
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


def _licences(facts: CardFacts) -> list[str]:
    data = sorted({plain(share.licence or UNKNOWN) for share in facts.data})
    return [
        f"The base's licence: {plain(facts.base_licence or UNKNOWN)}. The licences of the data: {'; '.join(data)}.",
        "Who uses the weights has to keep all of them.",
    ]


def _loading(facts: CardFacts) -> list[str]:
    system = ['    {"role": "system", "content": SYSTEM},'] if facts.system else []
    longest = facts.training.cutoff
    told = ["", "`SYSTEM` is the system prompt that it was trained with:", "", *block(facts.system, "text")]
    return [
        "With transformers, `PATH` being this folder or its name on the hub:",
        "",
        "```python",
        "from transformers import pipeline",
        "",
        'student = pipeline("text-generation", model=PATH, dtype="auto", device_map="auto")',
        "conversation = [",
        *system,
        '    {"role": "user", "content": QUESTION},',
        "]",
        f"print(student(conversation, max_new_tokens={longest})[0]['generated_text'][-1]['content'])",
        "```",
        "",
        "With vLLM: `vllm serve PATH`, then OpenAI's chat API on port 8000.",
        *(told if facts.system else ()),
    ]
