"""HumanEval: 164 functions to complete."""

from skyassets.core.sources import HubDataset, Source
from skyassets.stages.evaluation.benchmark import Benchmark

PROMPT = (
    "Complete the Python function below so that it does what its description says. Put the whole function, with the "
    "imports it needs, in one ```python block.\n\n```python\n{question}\n```"
)


def humaneval() -> Benchmark:
    """The question is a function header, so it needs its own prompt rather than the one for word problems."""
    source = Source(
        name="HumanEval",
        origin=HubDataset("openai/openai_humaneval", split="test", revision="7dce6050a7d6d172f3cc5c32aa97f52fa1a2e544"),
        licence="MIT",
        domain="code",
        question="prompt",
        layout="humaneval",
    )
    return Benchmark("HumanEval", source, prompt=PROMPT)
