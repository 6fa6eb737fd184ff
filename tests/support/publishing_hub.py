"""A hub that speaks as much of the Hugging Face hub's API as publishing takes, and keeps all in memory.

`HF_ENDPOINT` is to name it. Large files go by LFS's basic transfer (HF_HUB_DISABLE_XET=1 in the client); what counts as
large is told as the hub does, by the ending.
"""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LARGE = (".parquet", ".safetensors", ".bin")
TOKEN = "hf_" + "x" * 34


def blob_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@dataclass
class Repository:
    private: bool
    files: dict[str, bytes] = field(default_factory=lambda: {".gitattributes": b"*.parquet filter=lfs\n"})
    commits: list[str] = field(default_factory=list)

    @property
    def sha(self) -> str:
        return hashlib.sha1(repr((sorted(self.files.items()), self.commits)).encode()).hexdigest()


@dataclass
class Hub:
    url: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    """By kind and name: `models/ada/sums`, `datasets/ada/sums`."""
    large: dict[str, bytes] = field(default_factory=dict)
    """By SHA-256: what LFS keeps."""
    sent: int = 0
    """Bytes of files that came in, large and small."""
    refused: str = ""
    """When set, cards are refused with these words."""


def _entry(path: str, content: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": "file", "path": path, "size": len(content), "oid": blob_id(content)}
    if path.endswith(LARGE):
        entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
    return entry


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def answer(self, status: int, told: object = None) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def do_PUT(self) -> None:
        content = self.body()
        self.hub.large[hashlib.sha256(content).hexdigest()] = content
        self.hub.sent += len(content)
        self.answer(200)

    def do_GET(self) -> None:
        found = re.fullmatch(
            r"/api/(models|datasets)/([^/]+/[^/]+?)(?:/(tree|revision)/(\w+))?", self.path.split("?")[0]
        )
        if not self.is_known() or found is None:
            return None
        repository = self.hub.repositories.get(f"{found[1]}/{found[2]}")
        if repository is None:
            return self.answer(404, {"error": "Repository not found"})
        if found[3] == "tree":
            return self.answer(200, [_entry(*each) for each in sorted(repository.files.items())])
        return self.answer(200, {"id": found[2], "sha": repository.sha, "private": repository.private})

    def do_POST(self) -> None:
        raw, path = self.body(), self.path.split("?")[0]
        if not self.is_known():
            return None
        if path == "/api/validate-yaml":
            errors = [{"message": self.hub.refused}] if self.hub.refused else []
            return self.answer(400 if errors else 200, {"errors": errors, "warnings": []})
        if path == "/api/repos/create":
            told = json.loads(raw)
            name = f"{told.get('type', 'model')}s/{told['organization']}/{told['name']}"
            is_there = name in self.hub.repositories
            self.hub.repositories.setdefault(name, Repository(told.get("visibility") == "private"))
            return self.answer(409 if is_there else 200, {"url": f"{self.hub.url}/{name.removeprefix('models/')}"})
        if path.endswith(".git/info/lfs/objects/batch"):
            return self.answer(200, {"objects": [self.transfer(each) for each in json.loads(raw)["objects"]]})
        found = re.fullmatch(r"/api/((?:models|datasets)/[^/]+/[^/]+)/(preupload|commit)/main", path)
        if found is None:
            return self.answer(404, {"error": f"no such place: {path}"})
        repository = self.hub.repositories[found[1]]
        if found[2] == "preupload":
            return self.answer(200, {"files": [self.mode(each["path"]) for each in json.loads(raw)["files"]]})
        return self.commit(
            found[1].removeprefix("models/"), repository, [json.loads(line) for line in raw.splitlines()]
        )

    def is_known(self) -> bool:
        if self.headers.get("Authorization") == f"Bearer {TOKEN}":
            return True
        self.answer(401, {"error": "Invalid username or password."})
        return False

    def mode(self, path: str) -> dict[str, object]:
        return {"path": path, "uploadMode": "lfs" if path.endswith(LARGE) else "regular", "shouldIgnore": False}

    def transfer(self, wanted: dict[str, Any]) -> dict[str, object]:
        there = wanted["oid"] in self.hub.large
        return wanted if there else {**wanted, "actions": {"upload": {"href": f"{self.hub.url}/large/{wanted['oid']}"}}}

    def commit(self, name: str, repository: Repository, lines: list[dict[str, Any]]) -> None:
        head = lines[0]["value"]
        if head.get("parentCommit") not in (None, repository.sha):
            return self.answer(412, {"error": "A commit has happened since."})
        for line in lines[1:]:
            value = line["value"]
            if line["key"] == "file":
                content = base64.b64decode(value["content"])
                self.hub.sent += len(content)
                repository.files[value["path"]] = content
            elif line["key"] == "lfsFile":
                repository.files[value["path"]] = self.hub.large[value["oid"]]
            else:
                del repository.files[value["path"]]
        repository.commits.append(head["summary"])
        return self.answer(
            200, {"commitUrl": f"{self.hub.url}/{name}/commit/{repository.sha}", "commitOid": repository.sha}
        )

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def hub() -> Iterator[Hub]:
    """A hub on a free port of this machine."""
    made = Hub()
    web = ThreadingHTTPServer(("127.0.0.1", 0), type("One", (Handler,), {"hub": made}))
    made.url = f"http://127.0.0.1:{web.server_address[1]}"
    thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        web.shutdown()
        web.server_close()
        thread.join()
