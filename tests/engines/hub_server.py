"""A hub on this machine: the few calls of the Hugging Face hub's interface that reading a data set takes.

Repositories are folders `owner/name`. One in `gated` wants a token of `granted`; `other` is another user's token.
"""

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMMIT = "0" * 39 + "1"


class Hub(ThreadingHTTPServer):
    """Serves the data sets in `folder`."""

    daemon_threads = True

    def __init__(self, folder: Path, gated: set[str], granted: set[str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder, self.gated, self.granted = folder, gated, granted
        self.requests: list[tuple[str, str]] = []
        self.broken = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextlib.contextmanager
def hub(folder: Path, gated: set[str] = frozenset(), granted: set[str] = frozenset()) -> Iterator[Hub]:  # type: ignore[assignment]
    server = Hub(folder, gated, granted)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._answer(json.loads(body or b"{}"))

    def _answer(self, body: dict[str, object] | None = None) -> None:
        path = unquote(urlsplit(self.path).path)
        self.server.requests.append((self.command, path))
        if self.server.broken:
            return self._send(503, b"busy")
        kind, _, rest = path.strip("/").partition("datasets/")
        if "/" not in rest:
            return self._send(404, b"{}")
        owner, name, *more = rest.split("/")
        repo = f"{owner}/{name}"
        folder = self.server.folder / repo
        if not folder.is_dir():
            return self._send(401, b"{}", {"X-Error-Code": "RepoNotFound"})
        if more[:1] == ["revision"] and more[1] not in {"main", COMMIT}:
            return self._send(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
        if kind == "api/" and more[:1] in ([], ["revision"]):
            return self._send_json(self._info(repo, folder))
        if more[:1] in (["resolve"], ["auth-check"]) and not self._may_read(repo):
            status = 403 if self.headers.get("Authorization") else 401
            return self._send(status, b"{}", {"X-Error-Code": "GatedRepo"})
        if kind == "api/":
            return self._of_the_interface(folder, more, body)
        if more[1] not in {"main", COMMIT}:
            return self._send(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
        return self._file(folder / "/".join(more[2:]))

    def _of_the_interface(self, folder: Path, more: list[str], body: dict[str, object] | None) -> None:
        if more[0] == "auth-check":
            return self._send_json({})
        if more[0] == "tree":
            return self._send_json([_entry(folder, path) for path in sorted(folder.rglob("*"))])
        if more[0] == "paths-info" and body is not None:
            names = body["paths"]
            assert isinstance(names, list)
            return self._send_json([_entry(folder, folder / name) for name in names if (folder / name).exists()])
        return self._send(404, b"{}")

    def _may_read(self, repo: str) -> bool:
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        return repo not in self.server.gated or token in self.server.granted

    def _info(self, repo: str, folder: Path) -> dict[str, object]:
        names = [str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.is_file()]
        body = {"siblings": [{"rfilename": name} for name in names], "tags": [], "downloads": 0, "likes": 0}
        return {"id": repo, "sha": COMMIT, "private": False, "gated": repo in self.server.gated, **body}

    def _file(self, path: Path) -> None:
        if not path.is_file():
            return self._send(404, b"{}", {"X-Error-Code": "EntryNotFound"})
        content = path.read_bytes()
        named = {"ETag": f'"{hashlib.sha1(content).hexdigest()}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        wanted = self.headers.get("Range")
        if wanted is None:
            return self._send(200, content, named)
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        start, end = int(first), min(int(last or len(content) - 1), len(content) - 1)
        span = {"Content-Range": f"bytes {start}-{end}/{len(content)}"}
        return self._send(206, content[start : end + 1], named | span)

    def _send_json(self, value: object) -> None:
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _entry(folder: Path, path: Path) -> dict[str, object]:
    name = str(path.relative_to(folder))
    if path.is_dir():
        return {"type": "directory", "path": name, "oid": hashlib.sha1(name.encode()).hexdigest()}
    content = path.read_bytes()
    return {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
