"""A server with a Batch API that misbehaves on request: `python batch_server.py [OPTIONS]`; prints its port.

It has POST /v1/files, GET /v1/files/ID/content, POST and GET /v1/batches, GET /v1/batches/ID and its /cancel.

`--play KIND=WORD,WORD` says what becomes of the first, second, ... call of a KIND (upload, create, list, look, fetch);
all later ones go well, unless the last word ends in `...`. The words are in `Handler.play`. `--ends END,END` says how
the batches end (completed, expired, cancelled, stuck, failed=CODE; the last for all later ones), `--looks N` after how
many looks, `--queue N` how many rows may be under way, `--most N` how many a file may hold, `--say TEXT` what every row
is answered, `--refuse NAME` refuses a parameter, `--key KEY` wants a key.

The last message of a row is its script, `NAME: WORD`, of which `Batch.line` tells the words. `GET /seen` tells all
there is to know, `POST /play` changes what is played. Standard library only.
"""

import argparse
import json
import os
import re
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ERRORS = {"401": "Incorrect API key provided", "404": "No such thing", "429": "Slow down", "500": "Oh", "503": "Full"}


@dataclass
class Batch:
    """A batch: its rows, and how it will end."""

    id: str
    file_id: str
    rows: list[dict[str, Any]]
    metadata: dict[str, str]
    end: str
    looks: int
    created_at: int = field(default_factory=lambda: int(time.time()))
    status: str = "validating"

    def look(self) -> None:
        """Count one poll; after enough of them the batch ends."""
        if self.end == "stuck":
            self.status = "in_progress"
        elif self.looks > 0 and self.status in ("validating", "in_progress"):
            self.looks -= 1
            self.status = "in_progress" if self.end.partition("=")[0] != "failed" else "validating"
        elif self.status != "cancelled":
            self.status = self.end.partition("=")[0]

    @property
    def has_ended(self) -> bool:
        return self.status in ("completed", "expired", "cancelled")

    def lines(self) -> tuple[list[bytes], list[bytes]]:
        """The lines of the output file and of the error file."""
        output: list[bytes] = []
        errors: list[bytes] = []
        for row in reversed(self.rows):  # not in the order of the requests
            self.line(row, output, errors)
        return output, errors

    def line(self, row: dict[str, Any], output: list[bytes], errors: list[bytes]) -> None:
        name, _, word = row["body"]["messages"][-1]["content"].partition(": ")
        head: dict[str, Any] = {"id": f"r-{row['custom_id']}", "custom_id": row["custom_id"], "error": None}
        if word == "late" and self.status in ("expired", "cancelled"):
            error = {"code": f"batch_{self.status}", "message": "This request could not be executed in time."}
            errors.append(json.dumps({**head, "response": None, "error": error}).encode())
        elif word != "taken" and Handler.refuse and Handler.refuse in row["body"]:
            body = {"error": {"message": f"Unsupported parameter: '{Handler.refuse}' is not supported.", "code": None}}
            errors.append(json.dumps({**head, "response": {"status_code": 400, "body": body}}).encode())
        elif word in ("400", "500"):
            body = {"error": {"message": f"row {name} is bad", "code": None}}
            errors.append(json.dumps({**head, "response": {"status_code": int(word), "body": body}}).encode())
        elif word == "lost":
            pass
        elif word == "noise":
            output.append(b'{"custom_id": "half a li')
        else:
            content = None if word == "empty" else Handler.say or f"answer to {name}"
            choice = {"message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
            body = {"choices": [choice], "usage": {"prompt_tokens": 1000, "completion_tokens": 500}}
            output.append(json.dumps({**head, "response": {"status_code": 200, "body": body}}).encode())
            if word == "twice":
                output.append(output[-1])

    def as_json(self) -> dict[str, Any]:
        output, errors = self.lines() if self.has_ended else ([], [])
        code = self.end.partition("=")[2]
        failure = {"data": [{"code": code, "message": f"it is so: {code}", "line": 1, "param": None}]}
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
            "input_file_id": self.file_id,
            "status": self.status,
            "created_at": self.created_at,
            "completed_at": int(time.time()) if self.has_ended else None,
            "expires_at": self.created_at + (-7 * 3600 if self.end == "stuck" else 24 * 3600),
            "metadata": self.metadata,
            "errors": failure if self.status == "failed" else None,
            "output_file_id": f"out-{self.id}" if output else None,
            "error_file_id": f"err-{self.id}" if errors else None,
            "request_counts": {"total": len(self.rows), "completed": len(output), "failed": len(errors)},
        }


class State:
    """The server's files and batches, and the calls it has seen."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.files: dict[str, list[dict[str, Any]]] = {}
        self.batches: dict[str, Batch] = {}
        self.calls: dict[str, int] = {}
        self.played: dict[str, list[str]] = {}
        self.paid: dict[str, int] = {}
        self.hanging: list[str] = []
        self.ends: list[str] = ["completed"]
        self.looks: list[int] = [1]

    def word(self, kind: str) -> str:
        with self.lock:
            self.calls[kind] = self.calls.get(kind, 0) + 1
            words = self.played.get(kind, [])
            if not words:
                return "ok"
            return words[0].removesuffix("...") if words[0].endswith("...") else words.pop(0)

    def create(self, order: dict[str, Any], queue: int, most: int) -> Batch:
        with self.lock:
            rows = self.files[order["input_file_id"]]
            end = self.ends.pop(0) if len(self.ends) > 1 else self.ends[0]
            looks = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
            under_way = sum(
                len(one.rows) for one in self.batches.values() if one.status in ("validating", "in_progress")
            )
            if under_way + len(rows) > queue:
                end = "failed=token_limit_exceeded"
            if len(rows) > most:
                end = "failed=too_many_tasks"
            metadata = order.get("metadata") or {}
            batch = Batch(f"batch_{len(self.batches)}", order["input_file_id"], rows, metadata, end, looks)
            self.batches[batch.id] = batch
            if not end.startswith("failed"):
                for row in rows:
                    name = row["body"]["messages"][-1]["content"].partition(":")[0]
                    self.paid[name] = self.paid.get(name, 0) + 1
            return batch

    def seen(self) -> dict[str, Any]:
        with self.lock:
            batches = [{"rows": len(one.rows), **one.as_json()} for one in self.batches.values()]
            rows = [row for rows in self.files.values() for row in rows]
            counts = {"calls": self.calls, "paid": self.paid, "hanging": self.hanging}
            return {**counts, "batches": batches, "files": list(self.files), "rows": rows}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    state: State
    key = say = refuse = ""
    queue = most = 10**9

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""

    @property
    def place(self) -> str:
        """The path without its query."""
        return self.path.partition("?")[0]

    def do_GET(self) -> None:
        if self.path == "/seen":
            self.answer(200, self.state.seen())
        elif self.path.startswith("/v1/batches?") or self.path == "/v1/batches":
            self.play("list", self.list)
        elif self.path.startswith("/v1/batches/"):
            self.play("look", self.look)
        elif self.path.startswith("/v1/files/"):
            self.play("fetch", self.fetch)
        else:
            self.answer(200, {"object": "list", "data": [{"id": "alpha"}]})

    def do_POST(self) -> None:
        self.body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/play":
            for kind, words in json.loads(self.body).items():
                self.state.played[kind] = words
            self.answer(200, {})
        elif self.place == "/v1/files":
            self.play("upload", self.upload)
        elif self.path.endswith("/cancel"):
            self.state.batches[self.path.split("/")[-2]].status = "cancelled"
            self.look()
        else:
            self.play("create", self.create)

    def has_key(self) -> bool:
        """Whether the key is where it belongs: Azure wants it in a header of its own, and no other."""
        if "api-version=" in self.path:
            return self.headers["api-key"] == self.key and not self.headers["Authorization"]
        return bool(self.headers["Authorization"] == f"Bearer {self.key}")

    def play(self, kind: str, act: Any) -> None:
        """Play the word; with `-after` the call is carried out before it fails."""
        word = self.state.word(kind)
        if self.key and not self.has_key():
            word = "401"
        if word.endswith("-after"):
            self.is_mute = True
            act()
            self.is_mute = False
            word = word.removesuffix("-after")
        if word[:3] in ERRORS:
            headers = {"Retry-After": word[4:]} if word[3:] else {}
            self.answer(int(word[:3]), {"error": {"message": ERRORS[word[:3]], "code": None}}, headers)
        elif word == "400":
            self.answer(400, {"error": {"message": "this cannot be", "code": None}})
        elif word.startswith("hang"):
            self.state.hanging.append(kind)
            time.sleep(3600)
        elif word.startswith("reset"):
            self.drop()
        elif word == "html":
            self.answer(200, b"<html>a proxy's greeting</html>", {"Content-Type": "text/html"})
        elif word == "cut-json":
            self.answer(200, b'{"id": "half an an')
        elif word == "cut-body":
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            self.wfile.write(b'{"custom_id": ')
            self.wfile.flush()
            self.drop()
        elif word == "noise":
            self.answer(200, b"!! not a line !!\n")
        else:
            act()

    is_mute = False

    def upload(self) -> None:
        boundary = self.headers["Content-Type"].partition("boundary=")[2].strip('"').encode()
        part = next(part for part in self.body.split(b"--" + boundary) if b"filename=" in part)
        content = part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")
        with self.state.lock:
            name = f"file-{len(self.state.files)}"
            self.state.files[name] = [json.loads(line) for line in content.splitlines()]
        self.answer(200, {"id": name, "object": "file", "bytes": len(content), "created_at": 0, "purpose": "batch"})

    def create(self) -> None:
        self.answer(200, self.state.create(json.loads(self.body), self.queue, self.most).as_json())

    def list(self) -> None:
        with self.state.lock:
            batches = [one.as_json() for one in reversed(self.state.batches.values())]
        after = re.search(r"after=(\w+)", self.path)
        start = 1 + next((at for at, one in enumerate(batches) if after and one["id"] == after[1]), -1)
        page = batches[start : start + 2]  # small pages, so that there are several
        last = page[-1]["id"] if page else None
        self.answer(
            200,
            {"object": "list", "data": page, "has_more": start + 2 < len(batches), "first_id": None, "last_id": last},
        )

    def look(self) -> None:
        batch = self.state.batches.get(self.place.split("/")[3])
        if batch is None:
            self.answer(404, {"error": {"message": "No batch found", "code": None}})
            return
        with self.state.lock:
            batch.look()
            state = batch.as_json()
        self.answer(200, state)

    def fetch(self) -> None:
        kind, _, name = self.place.split("/")[3].partition("-")
        output, errors = self.state.batches[name].lines()
        self.answer(200, b"".join(line + b"\n" for line in (output if kind == "out" else errors)))

    def answer(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
        if self.is_mute:
            return
        content = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        for name, text in ({"Content-Type": "application/json"} | (headers or {})).items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def drop(self) -> None:
        """Break the connection with a TCP reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore clients that closed the connection."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--play", action="append", default=[])
    parser.add_argument("--ends", default="completed")
    parser.add_argument("--looks", default="1")
    parser.add_argument("--queue", type=int, default=10**9)
    parser.add_argument("--most", type=int, default=10**9)
    parser.add_argument("--key", default="")
    parser.add_argument("--say", default="")
    parser.add_argument("--refuse", default="")
    options = parser.parse_args()
    Handler.state = State()
    Handler.state.ends = options.ends.split(",")
    Handler.state.played = {kind: words.split(",") for kind, _, words in (one.partition("=") for one in options.play)}
    Handler.state.looks = [int(number) for number in options.looks.split(",")]
    Handler.key, Handler.say = options.key, options.say
    Handler.refuse = options.refuse
    Handler.queue, Handler.most = options.queue, options.most
    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()
    os._exit(0)


if __name__ == "__main__":
    main()
