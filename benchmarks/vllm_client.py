"""Tokens a second out of one real vLLM server: asked by vLLM's own benchmark client, and by ours, in turn.

    .venv/bin/python benchmarks/vllm_client.py [--prompts 256] [--tokens 64] [--in-flight 64] [--rounds 5]

The server is the pipeline's own, with the embedded model. Both clients send the same prompts in the same order, as many
in flight, greedy, with the same token limit; the tokens each got are printed, so that equal work can be seen. vLLM's
client runs in a process of its own, whose start is not counted; it streams, which it cannot be told not to, and ours
does not, as in the pipeline. The first round of each warms up and is not counted.

The bar: ours reaches at least 0.95 of vLLM's own (the median of the rounds' ratios).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from skyassets.core.ports import Message, Reply, Request, Sampling
from skyassets.engines.models.weights import weights_folder
from skyassets.engines.openai_api.completions import OpenAIClientPool
from skyassets.engines.serving.vllm_server import VllmServer
from skyassets.recipes.embedded import SMOLLM2

BAR = 0.95
SUBJECTS = (
    "the sea",
    "a lighthouse",
    "two brothers",
    "the first train",
    "a lost letter",
    "bread",
    "winter",
    "a bridge",
)
# `vllm bench serve` does this and no more; the command itself cannot be used, as the CPU wheel's `vllm` does not start.
BENCH_SERVE = (
    "from vllm.benchmarks.serve import add_cli_args, main; "
    "from vllm.utils.argparse_utils import FlexibleArgumentParser; "
    "parser = FlexibleArgumentParser(); add_cli_args(parser); main(parser.parse_args())"
)


@dataclass(frozen=True)
class Result:
    answered: int
    tokens: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.tokens / self.seconds

    def __str__(self) -> str:
        return f"{self.rate:7.1f} tokens/s ({self.answered} answers, {self.tokens} tokens, {self.seconds:.2f} s)"


def theirs(url: str, weights: Path, prompts: list[str], tokens: int, in_flight: int, folder: Path) -> Result:
    """What vLLM's benchmark client gets."""
    data = folder / "prompts.jsonl"
    data.write_text("".join(json.dumps({"prompt": prompt, "output_tokens": tokens}) + "\n" for prompt in prompts))
    flags = {
        "--backend": "openai-chat",
        "--base-url": url,
        "--endpoint": "/v1/chat/completions",
        "--model": weights,
        "--served-model-name": SMOLLM2.name,
        "--dataset-name": "custom",
        "--dataset-path": data,
        "--custom-output-len": -1,
        "--num-prompts": len(prompts),
        "--max-concurrency": in_flight,
        "--temperature": 0,
        "--top-p": 1,
        "--result-dir": folder,
        "--result-filename": "result.json",
    }
    words = [str(word) for pair in flags.items() for word in pair]
    switches = ["--skip-chat-template", "--disable-shuffle", "--disable-tqdm", "--save-result"]
    done = subprocess.run(
        [sys.executable, "-c", BENCH_SERVE, *words, *switches],
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"vLLM's benchmark client failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    result = json.loads((folder / "result.json").read_text())
    return Result(result["completed"], result["total_output_tokens"], result["duration"])


def ours(client: OpenAIClientPool, prompts: list[str], tokens: int) -> Result:
    """What the pipeline's client gets."""
    requests = [
        Request(str(number), SMOLLM2, (Message("user", prompt),), Sampling(0.0, tokens), 0)
        for number, prompt in enumerate(prompts)
    ]
    replies: list[Reply] = []
    began = time.perf_counter()
    client.ask(requests, replies.append)
    seconds = time.perf_counter() - began
    errors = {reply.error for reply in replies if reply.error}
    assert not errors, errors
    return Result(len(replies), sum(reply.completion_tokens for reply in replies), seconds)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--prompts", type=int, default=256)
    options.add_argument("--tokens", type=int, default=64)
    options.add_argument("--in-flight", type=int, default=64)
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args()
    prompts = [f"Write story number {n} about {SUBJECTS[n % len(SUBJECTS)]}." for n in range(given.prompts)]
    weights = weights_folder(SMOLLM2, Path("data/models").absolute())
    server = VllmServer(lambda _: weights, concurrency=given.in_flight)
    ratios = []
    with tempfile.TemporaryDirectory() as folder, server.serve(SMOLLM2, None) as client:
        assert isinstance(client, OpenAIClientPool)
        url = client.endpoints[0].base_url.removesuffix("/v1")
        for number in range(given.rounds + 1):
            measured = {
                "vLLM": lambda: theirs(url, weights, prompts, given.tokens, given.in_flight, Path(folder)),
                "ours": lambda: ours(client, prompts, given.tokens),
            }
            # The second one finds the machine in another state, so the order alternates too.
            order = sorted(measured, reverse=number % 2 == 0)
            results = {name: measured[name]() for name in order}
            kind = "warm-up" if number == 0 else f"round {number}"
            for name in measured:
                print(f"{kind}, {name}: {results[name]}", flush=True)
            if number:
                ratios.append(results["ours"].rate / results["vLLM"].rate)
    ratio = median(ratios)
    print(f"ratio: {ratio:.3f} (median of {', '.join(f'{each:.3f}' for each in ratios)}); the bar is {BAR}")
    sys.exit(ratio < BAR)


if __name__ == "__main__":
    main()
