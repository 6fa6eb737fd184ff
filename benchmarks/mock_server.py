"""A chat server that costs as little CPU as can be: `python mock_server.py CORE`; prints its port.

The last message says what happens: `row N wait=SECONDS [fail=STATUS]`. The first call of a row that is to fail gets
that status at once; every other call is answered after its wait. `GET /count` tells the calls and the most in flight.
"""

import asyncio
import json
import os
import re
import sys
from typing import ClassVar

WAIT, FAIL, ROW = re.compile(rb"wait=([\d.]+)"), re.compile(rb"fail=(\d+)"), re.compile(rb"row (\d+)")
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
TEXT = json.dumps("The answer is \\boxed{42}. " * 8)
BODY = (
    '{"id":"x","object":"chat.completion","created":1,"model":"mock","choices":[{"index":0,"message":{"role":'
    f'"assistant","content":{TEXT}}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":20,"completion_tokens":60,'
    '"total_tokens":80}}'
).encode()


def response(status: int, body: bytes) -> bytes:
    return b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        status,
        len(body),
        body,
    )


GOOD = response(200, BODY)


class Seen:
    calls = 0
    in_flight = 0
    most = 0
    failed: ClassVar[set[bytes]] = set()


class Connection(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.buffer = transport, b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, blank_line, body = self.buffer.partition(b"\r\n\r\n")
        if not blank_line:
            return
        length = LENGTH.search(head)
        wanted = int(length.group(1)) if length else 0
        if len(body) < wanted:
            return
        self.buffer = body[wanted:]
        if head.startswith(b"GET /count"):
            counts = json.dumps({"calls": Seen.calls, "most": Seen.most}).encode()
            Seen.calls = Seen.most = 0
            Seen.failed.clear()
            self.write(response(200, counts))
        elif head.startswith(b"GET"):
            self.write(response(200, b'{"object":"list","data":[{"id":"mock"}]}'))
        else:
            self.is_last = b"connection: close" in head.lower()
            self.complete(body)

    def complete(self, body: bytes) -> None:
        Seen.calls += 1
        Seen.in_flight += 1
        Seen.most = max(Seen.most, Seen.in_flight)
        wait, fail, row = WAIT.search(body), FAIL.search(body), ROW.search(body)
        if fail and row and row.group(1) not in Seen.failed:
            Seen.failed.add(row.group(1))
            self.finish(response(int(fail.group(1)), b'{"error":{"message":"not now"}}'))
        else:
            asyncio.get_running_loop().call_later(float(wait.group(1)) if wait else 0.0, self.finish, GOOD)

    def finish(self, answer: bytes) -> None:
        Seen.in_flight -= 1
        self.write(answer)
        if self.is_last:
            self.transport.close()

    def write(self, answer: bytes) -> None:
        self.transport.write(answer)  # type: ignore[attr-defined]


async def main() -> None:
    os.sched_setaffinity(0, {int(sys.argv[1])})
    server = await asyncio.get_running_loop().create_server(Connection, "0.0.0.0", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
