"""Validates parts of a recipe: its benchmarks, windows of dates, evaluated models, and the prompts of its student."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date

from skyassets.core.ports import Sampling
from skyassets.core.sources import Source
from skyassets.stages.curation.student_form import StudentForm
from skyassets.stages.evaluation.benchmark import Benchmark
from skyassets.stages.evaluation.config import Contender, Evaluation
from skyassets.stages.evaluation.metrics import headlines
from skyassets.stages.sampling.prompts import Prompts

Requirement = tuple[bool, str, object, str]
"""Whether it is met, the field, its value, and the expected value."""

WITH_QUESTION = "a text that contains {question}"
RESERVED = ("base", "student", "hour", "micro")
"""Names a contender may not have: roles of every recipe, and prefixes of settings such as SKYASSETS_HOUR_PRICE."""
SENT = frozenset(("model", "messages", "seed", "n", "stream", "max_completion_tokens", *Sampling.__dataclass_fields__))
"""What `Sampling.extra` may not name: it is sent anyway, or would change how many answers a call returns."""
_SECRET = re.compile(r"api[-_]?key|secret|password|authorization|^(?:access_)?token$", re.IGNORECASE)
_ROLE = re.compile("[a-z][a-z0-9_]*")


def sampled(name: str, sampling: Sampling) -> Requirement:
    """The sampling parameters are possible."""
    is_possible = (
        (sampling.temperature is None or sampling.temperature >= 0)
        and sampling.max_tokens > 0
        and 0 < sampling.top_p <= 1
        and not SENT.intersection(sampling.extra)
        and not any(map(_SECRET.search, sampling.extra))
    )
    wanted = (
        "a temperature of 0 or more, or None; max_tokens of 1 or more; a top_p above 0 and up to 1; extra without "
        "what is sent anyway and without secrets, which would be stored with each row"
    )
    return is_possible, name, sampling, wanted


def of_benchmarks(benchmarks: Sequence[Benchmark], evaluation: Evaluation) -> Iterator[Requirement]:
    """Each benchmark has valid settings and a unique name."""
    names = [one.name for one in benchmarks]
    yield bool(names), "benchmarks", names, "at least one benchmark"
    yield len(set(names)) == len(names), "benchmarks", names, "benchmarks with different names"
    for one in benchmarks:
        where = f"benchmark {one.name!r}."
        samples = evaluation.samples if one.samples is None else one.samples
        fits = all(1 <= k <= samples for k in one.k)
        yield bool(one.name.strip()), "a benchmark's name", one.name, "a text"
        yield not one.prompt or "{question}" in one.prompt, f"{where}prompt", one.prompt, WITH_QUESTION
        yield samples >= 1, f"{where}samples", samples, "1 or more"
        yield fits, f"{where}k", one.k, f"numbers from 1 to the number of samples, {samples}"
        known = headlines(one, samples)
        yield one.metric in known, f"{where}metric", one.metric, f"one of {', '.join(known)}"
        if one.sampling is not None:
            yield sampled(f"{where}sampling", one.sampling)
        sampling = one.sampling or evaluation.sampling
        varied = samples == 1 or sampling.varies
        whose = where if one.sampling or one.samples else "evaluation."
        wanted = f"above 0: at 0 the {samples} samples of an item would all be the same"
        yield varied, f"{whose}sampling.temperature", sampling.temperature, wanted


def of_windows(sources: Sequence[Source]) -> Iterator[Requirement]:
    """Each window has valid first and last days, in this order."""
    for source in sources:
        if (window := source.window) is not None:
            days = [_day(end) if end else None for end in (window.since, window.until)]
            is_day = all(not end or day for end, day in zip((window.since, window.until), days, strict=True))
            is_valid = is_day and (None in days or sorted(map(str, days)) == list(map(str, days)))
            name = f"source {source.name!r}.window"
            yield is_valid, name, str(window), "ISO dates (2024-08-01), the earlier one first"


def of_contenders(contenders: Sequence[Contender]) -> Iterator[Requirement]:
    """Each contender has a unique role that is valid in a setting's name."""
    roles = [one.role for one in contenders]
    valid = f"lower-case letters, digits and _, but none of {', '.join(RESERVED)}"
    for role in roles:
        is_valid = _ROLE.fullmatch(role) is not None and role not in RESERVED
        yield is_valid, "a contender's role", role, valid
    yield len(set(roles)) == len(roles), "contenders", roles, "contenders with different roles"


def of_form(
    form: StudentForm, prompts: Mapping[str, Prompts], benchmarks: Sequence[Benchmark]
) -> Iterator[Requirement]:
    """No prompt that the student gets asks for other marks of a thought than those that it learns."""
    asked = {f"{name}.{each.name}": getattr(one, each.name) for name, one in prompts.items() for each in fields(one)}
    asked |= {f"benchmark {one.name!r}.prompt": one.prompt for one in benchmarks}
    wanted = f"{form.opens}, which the student learns by curation.form ({form.marks.value}), or none"
    for name, prompt in asked.items():
        other = form.other_mark(prompt)
        yield other is None, f"the mark of a thought that {name} asks for", other, wanted


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
