"""Serves the fake model over HTTP as an OpenAI-compatible server. Each call is a line of the log, before its answer."""

import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from skyassets.engines.fake.model import FakeModel, load


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    model: FakeModel
    name: str
    log: Path | None
    delay: float

    def do_GET(self) -> None:
        """List the one model, or report health."""
        self._send({"object": "list", "data": [{"id": self.name, "object": "model"}]})

    def do_POST(self) -> None:
        """Complete one conversation."""
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.log:
            with self.log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(request) + "\n")
        time.sleep(self.delay)
        text = self.model.answer(request["messages"], request.get("seed") or 0, request.get("temperature") or 0)
        words = len(text.split())
        prompt_words = sum(len(turn["content"].split()) for turn in request["messages"])
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        usage = {"prompt_tokens": prompt_words, "completion_tokens": words, "total_tokens": prompt_words + words}
        reply = {"id": "tiny", "object": "chat.completion", "created": 0, "model": request["model"]}
        self._send({**reply, "choices": [choice], "usage": usage})

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: the calls are in the log."""

    def _send(self, body: dict[str, object]) -> None:
        raw = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


def server(
    port: int, weights: Path | None, log: Path | None, delay: float = 0.0, name: str = "tiny"
) -> ThreadingHTTPServer:
    """The server, bound and not yet serving; port 0 takes a free one."""
    model = load(weights) if weights else FakeModel()
    handler = type("Handler", (_Handler,), {"model": model, "name": name, "log": log, "delay": delay})
    return ThreadingHTTPServer(("127.0.0.1", port), handler)
