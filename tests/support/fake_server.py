"""Serves the fake model in a process of its own: `fake_server --port 8000 --log calls.jsonl [--delay 0.1]`."""

import argparse
from pathlib import Path

from skyassets.engines.fake.server import server

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds to wait before each answer")
    options = parser.parse_args()
    server(options.port, None, options.log, options.delay).serve_forever()
