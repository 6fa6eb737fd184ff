"""An OpenAI-compatible server that needs only transformers, for machines where vLLM cannot run. A program of its own.

    python -m skyassets.engines.serving.transformers_app --model FOLDER --name NAME --port PORT [--most-rows 32]

Why not `transformers serve`: as of 5.19 it seeds torch when a request arrives, not when it is decoded, so seeds have
no effect with two requests in flight; it ignores the temperature unless the model's own `generation_config.json`
enables sampling; and it serves one request at a time, or, with continuous batching, uses the first one's parameters
for all.
"""

import argparse
import asyncio
import random
import threading
import time
from pathlib import Path
from typing import Any

import torch
import uvicorn
from jinja2 import TemplateError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from transformers import AutoTokenizer

from skyassets.engines.serving.transformers_decoder import Decoder, PendingCompletion

TAKEN = frozenset((
    "model", "messages", "temperature", "top_p", "max_tokens", "max_completion_tokens", "seed", "stop", "top_k",
    "min_p", "repetition_penalty", "chat_template_kwargs",
))  # fmt: skip


class App:
    """The HTTP endpoints. A decoder in another thread does the work."""

    def __init__(self, decoder: Decoder, name: str, folder: Path) -> None:
        self.decoder = decoder
        self.name = name
        self.tokenizer = AutoTokenizer.from_pretrained(folder)  # not the decoder's own, which is in use in its thread
        self.routes = [
            Route("/health", self.models),
            Route("/v1/models", self.models),
            Route("/v1/chat/completions", self.complete, methods=["POST"]),
        ]

    async def models(self, _: Request) -> JSONResponse:
        """List the one model. It is loaded before the first request is accepted."""
        return JSONResponse({"object": "list", "data": [{"id": self.name, "object": "model"}]})

    async def complete(self, request: Request) -> JSONResponse:
        """Complete one chat."""
        try:
            body = await request.json()
            if body["model"] != self.name:
                return _error(404, f"The model {body['model']!r} does not exist: this is {self.name!r}")
            row = self._row(body)
        except (ValueError, TypeError, KeyError, TemplateError) as error:
            return _error(400, f"{type(error).__name__}: {error}")
        self.decoder.submit(row)
        done = await asyncio.wrap_future(row.done)
        message = {"role": "assistant", "content": done.text}
        usage = {"prompt_tokens": len(row.prompt), "completion_tokens": done.tokens}
        return JSONResponse(
            {
                "object": "chat.completion",
                "created": int(time.time()),
                "model": self.name,
                "choices": [{"index": 0, "message": message, "finish_reason": done.finish_reason}],
                "usage": usage | {"total_tokens": sum(usage.values())},
            }
        )

    def _row(self, body: dict[str, Any]) -> PendingCompletion:
        """Convert a request's body to a row."""
        if unknown := set(body) - TAKEN:
            raise ValueError(f"unsupported parameters: {', '.join(sorted(unknown))}")
        prompt = self.tokenizer.apply_chat_template(
            body["messages"], add_generation_prompt=True, return_dict=False, **body.get("chat_template_kwargs", {})
        )
        room = self.decoder.window - len(prompt)
        limit = body.get("max_tokens") or body.get("max_completion_tokens") or room
        if limit > room:
            raise ValueError(
                f"{len(prompt)} tokens of prompt and {limit} of completion are more than this model's "
                f"maximum context length of {self.decoder.window} tokens"
            )
        seed, stop = body.get("seed"), body.get("stop") or []
        dice = torch.Generator(self.decoder.device)
        dice.manual_seed(random.getrandbits(63) if seed is None else int(seed) % 2**63)
        return PendingCompletion(
            prompt=prompt,
            temperature=float(body.get("temperature", 1.0)),
            top_p=float(body.get("top_p", 1.0)),
            max_tokens=limit,
            stop=(stop,) if isinstance(stop, str) else tuple(stop),
            dice=dice,
            top_k=int(body.get("top_k", 0)),
            min_p=float(body.get("min_p", 0.0)),
            repetition_penalty=float(body.get("repetition_penalty", 1.0)),
        )


def _error(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error": {"message": message, "code": status}}, status)


def main() -> None:
    """Load the model and serve it: HTTP in a thread, decoding in the main thread, where a failure ends the program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--most-rows", type=int, default=32)
    options = parser.parse_args()
    decoder = Decoder(options.model, options.most_rows)
    app = Starlette(routes=App(decoder, options.name, options.model).routes)
    settings = {"host": "127.0.0.1", "port": options.port, "log_level": "warning"}
    threading.Thread(target=uvicorn.run, args=(app,), kwargs=settings, daemon=True).start()
    decoder.run()


if __name__ == "__main__":
    main()
