"""The least a client can do: asyncio streams, one connection a request in flight, nothing kept, nothing checked.

`python bare_client.py URL IN_FLIGHT < prompts.jsonl`
"""

import asyncio
import json
import os
import sys
import time
from urllib.parse import urlsplit


async def worker(host: str, port: int, prompts: "list[str]", done: list[bytes]) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    while prompts:
        body = json.dumps({"messages": [{"role": "user", "content": prompts.pop()}], "max_tokens": 100}).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        writer.write(head + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        done.append(await reader.readexactly(length))
    writer.close()


async def main() -> None:
    os.sched_setaffinity(0, {0})
    url = urlsplit(sys.argv[1])
    prompts, done = [json.loads(line) for line in sys.stdin], list[bytes]()
    began, cpu = time.perf_counter(), time.process_time()
    workers = [worker(url.hostname or "", url.port or 80, prompts, done) for _ in range(int(sys.argv[2]))]
    await asyncio.gather(*workers)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    print(json.dumps({"seconds": seconds, "cpu": cpu, "rows": len(done)}))


if __name__ == "__main__":
    asyncio.run(main())
