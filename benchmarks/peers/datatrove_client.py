"""datatrove 0.10.1 as a client, without its checkpoints: `python datatrove_client.py [--openai] URL IN_FLIGHT`."""

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.sched_setaffinity(0, {0})
from datatrove.data import Document  # noqa: E402
from datatrove.pipeline.inference.run_inference import InferenceConfig, InferenceRunner  # noqa: E402
from datatrove.pipeline.writers import JsonlWriter  # noqa: E402
from loguru import logger  # noqa: E402

logger.remove()


async def rollout(document: Document, generate: Any) -> str:
    return str((await generate({"messages": [{"role": "user", "content": document.text}], "max_tokens": 100})).text)


def main() -> None:
    url, in_flight = sys.argv[-2], int(sys.argv[-1])
    if "--openai" in sys.argv:
        url = url.replace("127.0.0.1", "127.0.0.2")  # not "localhost" to it
    prompts = [json.loads(line) for line in sys.stdin]
    with tempfile.TemporaryDirectory() as folder:
        config = InferenceConfig(
            server_type="endpoint",
            model_name_or_path="mock",
            endpoint_url=url if "--openai" in sys.argv else url.removesuffix("/v1"),
            api_key="none",
            max_concurrent_generations=in_flight,
            server_ready_delay_sec=0.05,
        )
        runner = InferenceRunner(rollout, config, JsonlWriter(folder, compression=None))
        documents = [Document(text=prompt, id=str(deployment)) for deployment, prompt in enumerate(prompts)]
        began, cpu = time.perf_counter(), time.process_time()
        runner.run(documents)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        rows = sum(len(path.read_text().splitlines()) for path in Path(folder).rglob("*.jsonl"))
    print(json.dumps({"seconds": seconds, "cpu": cpu, "rows": rows}))


if __name__ == "__main__":
    main()
