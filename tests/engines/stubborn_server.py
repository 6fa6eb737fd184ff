"""A server that is hard to get rid of: `python stubborn_server.py PORT [WORD...]`. Standard library only.

It starts two children that ignore SIGTERM, one of them in a session of its own, then answers GET with 200.
Words: `die` (writes some lines and exits with 3), `never-ready` (answers 503), `brief` (dies a second after that).
"""

import http.server
import os
import subprocess
import sys
import threading
import time

CHILD = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(503 if "never-ready" in sys.argv else 200)
        self.end_headers()
        if "brief" in sys.argv:
            threading.Thread(target=die_soon).start()


def die_soon() -> None:
    time.sleep(1)
    print("ran out of memory", flush=True)
    os._exit(9)


def main() -> None:
    if "die" in sys.argv:
        print("worker] ValueError: the root of it all")
        print(*[f"line {number}" for number in range(100)], "the last line", sep="\n", flush=True)
        sys.exit(3)
    subprocess.Popen([sys.executable, "-c", CHILD])
    subprocess.Popen([sys.executable, "-c", CHILD], start_new_session=True)
    http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()


if __name__ == "__main__":
    main()
