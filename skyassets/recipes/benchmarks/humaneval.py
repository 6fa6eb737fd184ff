"""HumanEval: 164 functions to be completed."""

from skyassets.core.sources import HubDataset, Source
from skyassets.stages.evaluation.benchmark import Benchmark

PROMPT = (
    "Complete the Python function below so that it does what its description says. Put the whole function, with the "
    "imports it needs, in one ```python block.\n\n```python\n{question}\n```"
)


def humaneval() -> Benchmark:
    """The question is the head of a function, which a prompt for problems in words would not ask to go on with."""
    source = Source(
        name="HumanEval",
        origin=HubDataset("openai/openai_humaneval", split="test", revision="7dce6050a7d6d172f3cc5c32aa97f52fa1a2e544"),
        licence="MIT",
        domain="code",
        question="prompt",
        layout="humaneval",
    )
    return Benchmark("HumanEval", source, prompt=PROMPT)
