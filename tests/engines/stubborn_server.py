"""A server that is hard to get rid of: `python stubborn_server.py PORT [WORD...]`. Standard library only.

It starts two children that ignore SIGTERM, one of them in a session of its own, then answers GET with 200 and every
chat completion with the text "well". Words, for what else it does:

- `die`: writes some lines and exits with 3;
- `never-ready`: answers GET with 503;
- `brief`: dies a second after the first GET;
- `brief-until=FILE`: the same, until FILE exists;
- `lives=FILE`: notes in FILE that it was started, and exits with 4 when FILE has more than `most=N` notes;
- `unwell`: answers GET with 503 from one second after the first request.
"""

import http.server
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

CHILD = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
WORDS = dict(word.partition("=")[::2] for word in sys.argv[2:])
times: list[float] = []


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        times.append(time.monotonic())
        is_unwell = "unwell" in WORDS and times[-1] > times[0] + 1
        is_brief = "brief" in WORDS or ("brief-until" in WORDS and not Path(WORDS["brief-until"]).exists())
        self.say(503 if "never-ready" in WORDS or is_unwell else 200, {"data": [{"id": "well"}]})
        if is_brief and len(times) == 1:
            threading.Thread(target=die_soon).start()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(0.02)
        message = {"role": "assistant", "content": "well"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        self.say(200, {"id": "1", "object": "chat.completion", "choices": [choice], "usage": usage})

    def log_message(self, format: str, *args: object) -> None: ...

    def say(self, status: int, body: dict[str, object]) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


def die_soon() -> None:
    time.sleep(1)
    print("worker] MemoryError: ran out of memory", flush=True)
    os._exit(9)


def main() -> None:
    if "die" in WORDS:
        print("worker] ValueError: the root of it all")
        print(*[f"line {number}" for number in range(100)], "the last line", sep="\n", flush=True)
        sys.exit(3)
    if "lives" in WORDS:
        with Path(WORDS["lives"]).open("a+") as lives:
            print(os.getpid(), file=lives, flush=True)
            lives.seek(0)
            if len(lives.readlines()) > int(WORDS.get("most", 1000)):
                sys.exit("OSError: [Errno 98] there were lives enough")
    subprocess.Popen([sys.executable, "-c", CHILD])
    subprocess.Popen([sys.executable, "-c", CHILD], start_new_session=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main()
