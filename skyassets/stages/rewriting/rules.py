"""The rules that put a trace into the structure, in its own words."""

from skyassets.stages.extraction.final_answer import lenient_answer, strict_answer
from skyassets.stages.extraction.thoughts import Parts
from skyassets.stages.extraction.trace_format import Structured
from skyassets.stages.grading.extract_code import lenient_code, strict_code


def structured(parts: Parts, domain: str, statement: str) -> Structured | str:
    """The thought, and a solution with the trace's own answer or code in the requested form; or why there is none.

    Of a trace that marks no thought, all is the thought, and the solution is `statement` with its answer, or its code.
    Of a trace that marks one, thought and solution stay apart, and the thought may be empty. Its solution stays as it
    is if it has the requested form; otherwise `statement` is added to it.
    """
    if parts.thought is not None and not parts.solution:
        return "the trace ends with its thought: it holds no solution"
    made = _with_code(parts) if domain == "code" else _with_answer(parts, domain, statement)
    if isinstance(made, Structured) and parts.thought is None and not made.thought:
        return "the trace holds no reasoning beside its answer"
    return made


def _with_answer(parts: Parts, domain: str, statement: str) -> Structured | str:
    """The parts with a solution that boxes its answer; or why there is none."""
    if parts.thought is not None and strict_answer(parts.solution) is not None:
        return Structured(parts.thought, parts.solution)
    answer = lenient_answer(parts.solution, domain)
    if answer is None:
        return "the trace states no answer"
    stated = statement.replace("{answer}", answer)
    if parts.thought is None:
        return Structured(parts.solution.strip(), stated)
    return Structured(parts.thought, f"{parts.solution}\n\n{stated}")


def _with_code(parts: Parts) -> Structured | str:
    """The parts with a solution that holds exactly one block of code; or why there is none."""
    if parts.thought is not None and strict_code(parts.solution) is not None:
        return Structured(parts.thought, parts.solution)
    code = lenient_code(parts.solution)
    if code is None:
        return "the trace holds no code"
    thought = [_without_code(parts.solution)] if parts.thought is None else [parts.thought]
    if parts.thought:
        thought.append(_without_code(parts.solution))
    return Structured("\n\n".join(filter(None, thought)), f"```python\n{code.strip()}\n```")


def _without_code(text: str) -> str:
    """The text outside its code blocks."""
    outside = text.split("```")[::2]
    return "\n".join(part.strip() for part in outside if part.strip())
