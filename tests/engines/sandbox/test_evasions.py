"""Programs that would slip past a limit, or past a verdict. What they get is measured from outside."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from engines.sandboxed import BACKENDS, LIMITS, call, script, wait_until

from skyassets.core.ports import Limits, Program, RunKind
from skyassets.engines.sandbox.guest import folders
from skyassets.engines.sandbox.pool import WarmSandbox

WRONG = "\nimport time\ntime.sleep(0.3)\nprint('wrong')"
UNJUDGED = {
    "a name that is no text": "import ctypes\nctypes.CDLL(None).prctl(15, b'\\xff\\xfe', 0, 0, 0)",
    "a name in two lines": "import ctypes\nctypes.CDLL(None).prctl(15, b'a\\nVmRSS: 1', 0, 0, 0)",
    "a name with a parenthesis": "import ctypes\nctypes.CDLL(None).prctl(15, b') R 1 (', 0, 0, 0)",
    "a thread of no name": "import ctypes, threading, time\n"
    "def f(): ctypes.CDLL(None).prctl(15, b'\\xc3', 0, 0, 0), time.sleep(1)\n"
    "threading.Thread(target=f, daemon=True).start()",
    "a file of no name": "import os\nopen(b'\\xff\\n', 'w').close()\nos.mkdir(b'\\xfe')",
    "folders in folders": "import os\nfor n in range(1500):\n    os.mkdir('d'); os.chdir('d')",
    "a folder without rights": "import os\nos.mkdir('d', 0o300)\nopen('d/x', 'w').write('y')\nos.mkdir('e', 0)",
    "links around": "import os\nos.mkdir('d')\nfor n in range(50): os.symlink('../d', 'd/%d' % n)",
}  # fmt: skip
"""Programs that would disturb whoever watches them."""
OUT_OF_SIGHT = {
    "pages let go": """
import mmap, time
m = mmap.mmap(-1, 1536 * 2**20)
for at in range(0, len(m), 2**22):
    m[at:at + 2**22] = b'x' * 2**22
    m.madvise(mmap.MADV_DONTNEED, at, 2**22)
time.sleep(0.3)
""",
    "pages of a child that has ended": """
import mmap, os, time
m = mmap.mmap(-1, 600 * 2**20)
for at in range(0, len(m), 50 * 2**20):
    if os.fork() == 0:
        m[at:at + 50 * 2**20] = b'x' * (50 * 2**20)
        os._exit(0)
    os.wait()
time.sleep(0.3)
""",
    "many small pieces": """
import mmap, time
held = [mmap.mmap(-1, 8 * 2**20) for _ in range(60)]
for m in held:
    m[:] = b'x' * len(m)
    m.madvise(mmap.MADV_DONTNEED)
time.sleep(0.3)
""",
    "a process that shows nothing": """
import ctypes, mmap, time
ctypes.CDLL(None).prctl(4, 0)
m = mmap.mmap(-1, 480 * 2**20)
for at in range(0, len(m), 2**22):
    m[at:at + 2**22] = b'x' * 2**22
    m.madvise(mmap.MADV_DONTNEED, at, 2**22)
time.sleep(0.3)
""",
}
BURNERS = {
    "children": "import os\nfor _ in range(6):\n    if os.fork() == 0: break\nwhile True: pass",
    "children that nobody waits for": """
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True:
    for _ in range(4):
        if os.fork() == 0:
            end = time.monotonic() + 0.02
            while time.monotonic() < end: pass
            os._exit(0)
    end = time.monotonic() + 0.02
    while time.monotonic() < end: pass
""",
    "threads outside the interpreter's lock": """
import hashlib, threading
def burn():
    while True: hashlib.pbkdf2_hmac('sha256', b'x', b'y', 10**5)
for _ in range(6): threading.Thread(target=burn, daemon=True).start()
burn()
""",
}


@pytest.fixture(scope="module", params=BACKENDS)
def sandbox(request: pytest.FixtureRequest) -> Iterator[WarmSandbox]:
    with BACKENDS[request.param]() as sandbox:
        yield sandbox


@pytest.mark.parametrize("name", UNJUDGED)
def test_a_program_cannot_make_itself_unjudged(name: str, sandbox: WarmSandbox) -> None:
    sandbox.check()
    before = sandbox.pids()
    run = sandbox.run(Program(UNJUDGED[name] + WRONG), LIMITS)
    assert run.kind in {RunKind.FINISHED, RunKind.OUTPUT_LIMIT, RunKind.RUNTIME_ERROR}, run
    assert sandbox.pids() == before
    assert not list(Path(tempfile.gettempdir()).glob(f"skyassets-job-{before[0]}-*"))


@pytest.mark.parametrize("name", OUT_OF_SIGHT)
def test_shared_memory_counts_while_it_is_mapped(name: str, sandbox: WarmSandbox) -> None:
    limits = Limits(seconds=10.0, memory_mb=384, processes=16, output_kb=64)
    assert sandbox.run(Program(OUT_OF_SIGHT[name]), limits).kind is RunKind.MEMORY_LIMIT


def test_shared_memory_within_the_limit_may_be_used(sandbox: WarmSandbox) -> None:
    source = """
import mmap, os, time
m = mmap.mmap(-1, 100 * 2**20)
m[:] = b'x' * len(m)
for _ in range(4):
    if os.fork() == 0:
        time.sleep(0.2)
        os._exit(m[5] != 120)
print([os.wait()[1] for _ in range(4)])
"""
    run = sandbox.run(Program(source), Limits(seconds=10.0, memory_mb=256, processes=16, output_kb=64))
    assert (run.kind, run.output) == (RunKind.FINISHED, "[0, 0, 0, 0]\n"), run


def test_a_large_input_fills_no_disk(sandbox: WarmSandbox) -> None:
    source = "import sys, time\ntime.sleep(0.3)\nprint(len(sys.stdin.read()))"
    run = sandbox.run(Program(source, stdin="x" * (40 * 2**20)), Limits(seconds=10.0))
    assert run.output == f"{40 * 2**20}\n", run


@pytest.mark.alone
@pytest.mark.parametrize("name", BURNERS)
def test_children_buy_no_time(name: str, sandbox: WarmSandbox) -> None:
    sandbox.check()
    before = time.monotonic()
    run = sandbox.run(Program(BURNERS[name]), Limits(seconds=2.0, memory_mb=512, processes=32, output_kb=64))
    assert run.kind is RunKind.TIME_LIMIT
    assert time.monotonic() - before < 5.0


def test_a_busy_machine_fails_no_program(sandbox: WarmSandbox) -> None:
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        source = "import time\nwhile time.process_time() < 0.8: pass\nprint('done')"
        assert sandbox.run(Program(source), Limits(seconds=1.2)).output == "done\n"
    finally:
        for process in busy:
            process.kill()
            process.wait()


def test_folders_of_a_killed_server_are_removed_by_the_next() -> None:
    if "landlock" not in BACKENDS:
        pytest.skip("no Landlock here")
    with BACKENDS["landlock"]() as sandbox, ThreadPoolExecutor(1) as pool:
        sandbox.check()
        [server] = sandbox.pids()
        run = pool.submit(sandbox.run, Program("import time\ntime.sleep(3)"), LIMITS)
        folder = Path(tempfile.gettempdir())
        wait_until(lambda: list(folder.glob(f"skyassets-job-{server}-*")) != [])
        os.kill(server, 9)
        run.result()
        assert list(folder.glob(f"skyassets-job-{server}-*")) == []


def test_deep_folders_and_wide_ones_are_removed(tmp_path: Path) -> None:
    top = tmp_path / "top"
    subprocess.run(
        [sys.executable, "-c", "import os, sys\nos.mkdir(sys.argv[1])\nos.chdir(sys.argv[1])\n"
         "for n in range(3000):\n    open('0', 'w').close()\n    os.mkdir('d', 0o300), os.mkdir('1'), os.chdir('d')",
         str(top)], check=True,
    )  # fmt: skip
    assert folders.is_over(str(top), 2**40, 10**6)
    folders.remove(str(top))
    assert not top.exists()


def test_nothing_of_the_machine_or_of_other_jobs_shows_under_bubblewrap() -> None:
    look = """
import os, platform
print(platform.node())
for name in ('stat', 'loadavg', 'vmstat', 'interrupts', 'uptime', 'sys/kernel/ns_last_pid', 'sys/fs/inode-nr'):
    try: print(open('/proc/' + name).read())
    except OSError: pass
"""
    run = script(look)
    assert (run.kind, run.output) == (RunKind.FINISHED, "sandbox\n")
    assert call("import os, multiprocessing\ndef f(): return os.cpu_count() >= 1", "f").output == "true"
