"""A chat server that misbehaves on request: `python faulty_server.py [OPTIONS]`; prints its port.

`--no-models` has no model list, `--key KEY` wants a key, `--port N` is for one that comes back, `--most N` turns away
what is more than N in flight, `--limit N` tells of a limit of N requests a minute in its headers, and keeps to it.

The last message is the script: `NAME: WORD WORD ...`. The first call by that NAME plays the first word, the second call
the second, and every call after the last word gets a good answer; a last word that ends in `...` is played for ever.
Standard library only, a thread for each connection. `GET /seen` tells calls, bodies, and the most calls in flight.
"""

import argparse
import email.utils
import json
import os
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
ERRORS = {
    "400": "This model's maximum context length is 1024 tokens",
    "401": "Incorrect API key provided",
    "402": "Insufficient balance",
    "403": "Country not supported",
    "404": "The model does not exist",
    "422": "temperature: must be below 2",
    "429": "Rate limit reached",
    "500": "Internal error",
    "503": "Overloaded",
}


class Log:
    """What the server saw."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.calls: dict[str, int] = {}
        self.bodies: dict[str, Any] = {}
        self.at: dict[str, list[float]] = {}
        self.in_flight = 0
        self.most_in_flight = 0
        self.turned_away = 0
        self.recent: list[float] = []

    def is_within(self, limit: int) -> bool:
        """Whether one more request keeps to `limit` a minute, counted over the last six seconds."""
        with self.lock:
            now = time.monotonic()
            self.recent = [at for at in self.recent if now - at < 6.0]
            self.recent.append(now)
            return len(self.recent) <= limit / 10 * 1.5

    def begin(self, name: str, body: Any) -> int:
        with self.lock:
            self.calls[name] = self.calls.get(name, 0) + 1
            self.bodies[name] = body
            self.at.setdefault(name, []).append(time.monotonic())
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            return self.calls[name]

    def end(self) -> None:
        with self.lock:
            self.in_flight -= 1

    def counts(self) -> dict[str, Any]:
        with self.lock:
            return {
                "calls": self.calls,
                "bodies": self.bodies,
                "at": self.at,
                "most_in_flight": self.most_in_flight,
                "turned_away": self.turned_away,
            }


def word_for(script: str, call: int) -> tuple[str, str]:
    """The name, and the word to be played at its nth call."""
    name, _, words = script.partition(":")
    played = words.split()
    if call <= len(played):
        return name, played[call - 1].removesuffix("...")
    if played and played[-1].endswith("..."):
        return name, played[-1].removesuffix("...")
    return name, "ok"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    log: Log
    has_models: bool
    key: str
    most: int
    limit: int

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        if self.path == "/seen":
            self.answer(200, self.log.counts())
        elif not self.has_models:
            self.answer(404, {"detail": "Not Found"})
        elif self.key and self.headers["Authorization"] != f"Bearer {self.key}":
            self.fail("401")
        else:
            self.answer(200, {"object": "list", "data": [{"id": "alpha"}, {"id": "beta"}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        script = body["messages"][-1]["content"]
        name = script.partition(":")[0]
        call = self.log.begin(name, body)
        try:
            if self.log.in_flight > self.most or (self.limit and not self.log.is_within(self.limit)):
                self.log.turned_away += 1
                self.fail("429")
            else:
                self.play(word_for(script, call)[1], name)
        finally:
            self.log.end()

    def play(self, word: str, name: str) -> None:
        word, _, detail = word.partition("=")
        if word in ERRORS:
            self.fail(word, detail)
        elif word == "die":
            os._exit(1)
        elif word == "hang":
            time.sleep(float(detail or 3600))
            self.drop()
        elif word == "slow":
            time.sleep(float(detail))
            self.complete(name)
        elif word == "trickle":
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            for _ in range(int(float(detail or 60) / 0.1)):
                self.wfile.write(b"\n")
                self.wfile.flush()
                time.sleep(0.1)
        elif word == "usage":
            usage = {"prompt_tokens": json.loads(detail), "completion_tokens": json.loads(detail)}
            self.complete(name, usage=usage)
        elif word == "empty-with-usage":
            self.complete(name, message={"role": "assistant", "content": None})
        elif word == "echo":
            self.answer(int(detail), {"error": {"message": f"you sent {self.headers['Authorization']}"}})
        elif word == "half-a-character":
            self.answer(400, b'{"error": {"message": "half \\ud83d"}}')
        elif word == "half-a-reason":
            self.complete(name, finish_reason="\ud83d")
        elif word == "deep":
            self.answer(200, b"[" * 100_000)
        elif word == "reset":
            self.drop()
        elif word == "reset-in-body":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"choices": [')
            self.wfile.flush()
            self.drop()
        elif word == "noise":
            self.wfile.write(b"!! this is not HTTP !!\r\n\r\n")
            self.close_connection = True
        elif word == "cut-json":
            self.answer(200, b'{"choices": [{"message": {"content": "half an an')
        elif word == "not-json":
            self.answer(200, b"<html>a proxy's greeting</html>")
        elif word == "no-choices":
            self.answer(200, {"choices": [], "usage": USAGE})
        elif word == "a-list":
            self.answer(200, ["what", "is", "this"])
        elif word == "error-in-200":
            self.answer(200, {"error": {"message": "provider fell over"}})
        elif word == "no-content":
            self.complete(name, message={"role": "assistant", "content": None})
        elif word == "no-usage":
            self.complete(name, usage=None)
        elif word == "reasoning":
            self.complete(name, message={"role": "assistant", "reasoning_content": "hm", "content": "42"})
        elif word == "only-reasoning":
            message = {"role": "assistant", "reasoning_content": "hm", "content": None}
            self.complete(name, message=message, finish_reason="length")
        elif word == "length":
            self.complete(name, finish_reason="length")
        elif word == "filtered":
            self.complete(name, message={"role": "assistant", "content": ""}, finish_reason="content_filter")
        elif word == "refused-by-filter":
            self.answer(400, {"error": {"message": "flagged by the content filter", "code": "content_filter"}})
        elif word == "latin":
            self.answer(200, b'{"choices": [{"message": {"content": "caf\xe9"}, "finish_reason": "stop"}]}')
        elif word == "surrogate":
            self.answer(200, b'{"choices": [{"message": {"content": "half \\ud83d"}, "finish_reason": "stop"}]}')
        elif word == "big":
            self.complete(name, message={"role": "assistant", "content": "x" * int(detail)})
        else:
            self.complete(name)

    def complete(self, name: str, **changed: Any) -> None:
        choice = {"index": 0, "message": {"role": "assistant", "content": f"answer to {name}"}, "finish_reason": "stop"}
        choice |= {key: value for key, value in changed.items() if key in choice}
        self.answer(200, {"id": "x", "choices": [choice], "usage": changed.get("usage", USAGE)})

    def fail(self, status: str, detail: str = "") -> None:
        headers = {}
        if detail == "date":
            headers["Retry-After"] = email.utils.formatdate(time.time() + 2, usegmt=True)
        elif detail == "quota":
            self.answer(int(status), {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}})
            return
        elif detail:
            headers["Retry-After"] = detail
        self.answer(int(status), {"error": {"message": ERRORS[status], "code": None}}, headers)

    def answer(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
        content = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        if self.limit:
            self.send_header("x-ratelimit-limit-requests", str(self.limit))
        for key, text in (headers or {}).items():
            self.send_header(key, text)
        self.end_headers()
        self.wfile.write(content)

    def drop(self) -> None:
        """Break the connection with a TCP reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore clients that closed the connection."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--no-models", action="store_true")
    parser.add_argument("--key", default="")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--most", type=int, default=10**6)
    parser.add_argument("--limit", type=int, default=0)
    options = parser.parse_args()
    Handler.log, Handler.has_models, Handler.key = Log(), not options.no_models, options.key
    Handler.most, Handler.limit = options.most, options.limit
    server = Server(("127.0.0.1", options.port), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
