"""A chat server that rates problems as they ask for it: `python rating_server.py`; prints its port.

A question that holds `[TEXT]` is rated with that text; one that holds `[status N]` is refused with that status until
`GET /mend`. `GET /seen` tells the questions, in the order they came.
"""

import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SEEN: list[str] = []
MENDED: list[bool] = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        if self.path == "/mend":
            MENDED.append(True)
        self.say(200, SEEN if self.path == "/seen" else {"data": [{"id": "rater"}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        question = body["messages"][-1]["content"]
        SEEN.append(question)
        found = re.search(r"\[(.*?)\]", question, re.DOTALL)
        text = found[1] if found else "5"
        if text.startswith("status ") and not MENDED:
            self.say(int(text.split()[1]), {"error": {"message": "no luck"}})
            return
        text, _, finish_reason = text.removeprefix("status ").partition("|")
        choice = {"message": {"role": "assistant", "content": text}, "finish_reason": finish_reason or "stop"}
        self.say(200, {"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 1}})

    def say(self, status: int, value: Any) -> None:
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
