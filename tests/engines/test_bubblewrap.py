import json
import os
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from skyassets.core.errors import SandboxError
from skyassets.core.ports import Limits, Program, Run, RunKind
from skyassets.engines.bubblewrap import Bubblewrap
from skyassets.engines.process_tree import resident_mb

SANDBOX = Bubblewrap()
LIMITS = Limits(seconds=5.0, memory_mb=128, processes=16, output_kb=64)
BRIEF = Limits(seconds=1.0, memory_mb=128, processes=16, output_kb=64)


def script(source: str, stdin: str = "", limits: Limits = LIMITS) -> Run:
    return SANDBOX.run(Program(textwrap.dedent(source), stdin=stdin), limits)


def call(source: str, name: str, *arguments: list[object], limits: Limits = LIMITS) -> Run:
    jobs = tuple(json.dumps(each) for each in arguments)
    return SANDBOX.run(Program(textwrap.dedent(source), call=name, arguments=jobs), limits)


def printed(source: str, stdin: str = "") -> str:
    run = script(source, stdin)
    assert run.kind is RunKind.FINISHED, run
    return run.outputs[0]


def rename(name: str) -> str:
    """A line of a program that names its process, and its children, so that they can be found from outside."""
    return f"open('/proc/self/comm', 'w').write({name!r})"


def called(name: str) -> list[str]:
    found = []
    for comm in Path("/proc").glob("[0-9]*/comm"):
        try:
            found += [comm.parent.name] * (comm.read_text().strip() == name)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def wait_until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# Programs behave as under a plain interpreter.


def test_the_backend_tells_its_version() -> None:
    assert SANDBOX.name.startswith("bubblewrap 0")


def test_a_script_reads_stdin_and_its_output_comes_back() -> None:
    assert printed("a, b = map(int, input().split())\nprint(a + b)", "19 23\n") == "42\n"


def test_bytes_of_stdin_are_reached_as_usual() -> None:
    assert printed("import sys\nprint(len(sys.stdin.buffer.read()))", "ä" * 10) == "20\n"
    assert printed("print(open(0).read().upper())", "abc") == "ABC\n"
    assert printed("print(open('/dev/stdin').read().upper())", "abc") == "ABC\n"


@pytest.mark.parametrize("guard", ["if __name__ == '__main__':", 'if __name__ == "__main__" :'])
def test_a_main_guard_is_entered_in_a_script_and_not_in_a_call(guard: str) -> None:
    source = f"def f(x):\n    return x\n{guard}\n    print(input())"
    assert printed(source, "hello") == "hello\n"
    assert call(source, "f", [1]).outputs == ("1",)


@pytest.mark.parametrize("ending", ["sys.exit()", "sys.exit(0)", "exit()", "quit()", "raise SystemExit"])
def test_leaving_early_is_no_error(ending: str) -> None:
    assert printed(f"import sys\nprint(1)\n{ending}\nprint(2)") == "1\n"


def test_leaving_with_a_message_is_an_error() -> None:
    assert script("import sys\nsys.exit('no')").kind is RunKind.RUNTIME_ERROR


def test_recursion_goes_as_deep_as_elsewhere_and_deeper_where_asked() -> None:
    depth = "def d(n):\n    return n and 1 + d(n - 1)\n"
    assert printed(depth + "print(d(990))") == "990\n"
    assert "RecursionError" in script(depth + "print(d(5000))").detail
    assert printed(f"import sys\nsys.setrecursionlimit(10**6)\n{depth}print(d(100000))") == "100000\n"


def test_a_thread_with_a_large_stack_runs() -> None:
    source = """
        import sys, threading
        def d(n): return n and 1 + d(n - 1)
        def main(): print(d(50000))
        sys.setrecursionlimit(10**6)
        threading.stack_size(2**27)
        threading.Thread(target=main).start()
    """
    assert printed(source) == "50000\n"


def test_child_processes_and_atexit_work() -> None:
    assert printed("import subprocess\nprint(subprocess.check_output(['echo', 'hi'], text=True))") == "hi\n\n"
    assert printed("import atexit\natexit.register(print, 'bye')\nprint('hi')") == "hi\nbye\n"
    pool = "import multiprocessing as m\ndef f(x): return x * x\nif __name__ == '__main__':\n"
    assert printed(pool + "    with m.Pool(2) as p: print(p.map(f, [1, 2, 3]))") == "[1, 4, 9]\n"


def test_the_same_program_ends_the_same_way() -> None:
    assert len({printed("print(list({'a', 'b', 'c', 'd', 'e'}))") for _ in range(3)}) == 1


def test_its_file_has_a_name_and_its_classes_a_home() -> None:
    assert printed("import pickle\nclass A: pass\nprint(type(pickle.loads(pickle.dumps(A()))).__name__)") == "A\n"
    assert printed("print(__name__, __file__)") == "__main__ /tmp/solution.py\n"


# Functions are called, and their values come back as JSON.


def test_a_function_is_called_once_for_each_arguments_list() -> None:
    assert call("def f(a, b):\n    return a + b", "f", [1, 2], ["x", "y"]).outputs == ("3", '"xy"')


def test_decorators_and_comments_before_a_function_do_not_hide_it() -> None:
    source = """
        from functools import cache
        # memo (fast)
        @cache
        def f(n): return n if n < 2 else f(n - 1) + f(n - 2)
    """
    assert call(source, "f", [50]).outputs == ("12586269025",)


@pytest.mark.parametrize("name", ["f", "Solution.f"])
def test_a_method_of_solution_is_found_and_starts_afresh_each_time(name: str) -> None:
    source = """
        class Solution:
            def __init__(self): self.seen = []
            def f(self, x):
                self.seen.append(x)
                return self.seen
    """
    assert call(source, name, [1], [2]).outputs == ("[1]", "[2]")


def test_a_plain_function_may_stand_beside_a_class_solution() -> None:
    assert call("class Solution:\n    pass\ndef f():\n    return (1, True, None)", "f", []).outputs == (
        "[1, true, null]",
    )


def test_prints_do_not_disturb_the_results() -> None:
    assert call("print('[0]')\ndef f():\n    print('[1]', flush=True)\n    return 2", "f", []).outputs == ("2",)


def test_results_before_a_crash_are_kept_and_the_run_is_an_error() -> None:
    run = call("def f(x):\n    return 1 / x", "f", [1], [0], [2])
    assert (run.kind, run.outputs) == (RunKind.RUNTIME_ERROR, ("1.0",))
    assert "ZeroDivisionError" in run.detail


@pytest.mark.parametrize(
    "body", ["return {1, 2}", "return object()", "return f", "x = []; x.append(x); return x", "return 10 ** 9999"]
)
def test_what_is_no_json_is_no_result(body: str) -> None:
    assert call(f"def f():\n    {body}", "f", []).kind is RunKind.RUNTIME_ERROR


def test_a_missing_function_is_an_error() -> None:
    assert call("def g():\n    return 1", "f", []).kind is RunKind.RUNTIME_ERROR


# How a run ended is told precisely.


@pytest.mark.parametrize(
    "source",
    [
        "def f(:",
        "Sure! Here is the code you asked for.",
        "print(1",
        "(" * 5000,
        "-" * 200_000 + "1",
        "a\x00b",
        "x = '\ud800'",
        "return 1",
        " x = 1",
    ],
)
def test_what_is_no_python_does_not_compile(source: str) -> None:
    run = SANDBOX.run(Program(source), LIMITS)
    assert run.kind is RunKind.DOES_NOT_COMPILE
    assert run.detail


@pytest.mark.parametrize(
    "source",
    [
        "1 / 0",
        "import no_such_module",
        "import os; os.abort()",
        "import os; os._exit(3)",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "import ctypes; ctypes.string_at(0)",
        "raise KeyboardInterrupt",
    ],
)
def test_a_crash_is_a_runtime_error(source: str) -> None:
    assert script(source).kind is RunKind.RUNTIME_ERROR


def test_an_endless_loop_meets_the_time_limit() -> None:
    before = time.monotonic()
    assert script("while True: pass", limits=BRIEF).kind is RunKind.TIME_LIMIT
    assert time.monotonic() - before < 20


def test_sleeping_and_waiting_for_input_do_not_outlive_the_limit() -> None:
    assert script("import time; time.sleep(60)", limits=BRIEF).kind is RunKind.TIME_LIMIT
    assert call("def f():\n    import threading; threading.Event().wait()", "f", [], limits=BRIEF).kind is (
        RunKind.TIME_LIMIT
    )


@pytest.mark.parametrize(
    "source",
    [
        "x = [0] * 10**9",
        "x = []\nwhile True: x.append('x' * 10**6 + str(len(x)))",
        "import mmap\nm = mmap.mmap(-1, 2**28)\nfor i in range(0, len(m), 4096): m[i] = 1\nimport time; time.sleep(9)",
        "import os\nfor _ in range(3): os.fork()\nx = bytearray(b'x' * (40 * 2**20))\nimport time; time.sleep(9)",
    ],
    ids=["at once", "bit by bit", "shared", "by many children"],
)
def test_a_memory_bomb_meets_the_memory_limit(source: str) -> None:
    assert script(source).kind is RunKind.MEMORY_LIMIT


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_flood_of_output_meets_the_output_limit(stream: str) -> None:
    run = script(f"import sys\nwhile True: sys.{stream}.write('x' * 4096)")
    assert run.kind is RunKind.OUTPUT_LIMIT
    assert sum(map(len, run.outputs)) < 3 * LIMITS.output_kb * 1024


def test_a_flood_of_results_meets_the_output_limit() -> None:
    assert call("def f():\n    return 'x' * 10**6", "f", []).kind is RunKind.OUTPUT_LIMIT


# What an attacker tries.


def test_the_network_is_out_of_reach() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        source = f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 1)"
        assert "ConnectionRefused" in script(source).detail
    assert script("import socket; socket.getaddrinfo('example.org', 80)").kind is RunKind.RUNTIME_ERROR
    families = (
        "import socket\nfor f in range(50):\n  try: print(socket.socket(f, 1).family.name)\n  except OSError: pass"
    )
    assert set(printed(families).split()) <= {"AF_UNIX", "AF_INET", "AF_INET6"}


def test_no_secret_of_the_environment_is_visible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", "sk-secret")
    look = """
        import os, pathlib
        print(os.environ)
        for path in pathlib.Path('/proc').glob('[0-9]*/environ'):
            try: print(path.read_text())
            except OSError: pass
    """
    seen = printed(look)
    assert "secret" not in seen
    assert "API_KEY" not in seen


def test_no_open_file_of_ours_is_inherited(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    with (tmp_path / "secret").open() as file:
        os.set_inheritable(file.fileno(), True)
        look = "import os\nprint([n for n in range(3, 200) if os.path.exists(f'/proc/self/fd/{n}')])"
        assert printed(look) == "[]\n"


@pytest.mark.parametrize(
    "place", [Path.home(), Path(__file__).parents[2], Path("/etc/passwd"), Path("/var"), Path("/")]
)
def test_no_file_of_the_user_is_visible(place: Path) -> None:
    names = {entry.name for entry in Path(__file__).parents[2].iterdir()} | {
        ".ssh",
        ".bashrc",
        "home",
        "work",
        "passwd",
    }
    run = script(f"import os\nprint(os.listdir({str(place)!r}))")
    assert run.kind is RunKind.RUNTIME_ERROR or not names & set(run.outputs[0].split("'"))


def test_nothing_can_be_written_outside(tmp_path: Path) -> None:
    places = [tmp_path, "/", "/usr", "/etc", "/dev", "/proc/sys/kernel", sys.base_prefix, "/tmp", "/dev/shm"]
    source = f"""
        for place in {[str(place) for place in places]}:
            try: open(place + '/core_pattern', 'w').write('x')
            except OSError: continue
            print(place)
    """
    assert printed(source).split() == ["/tmp", "/dev/shm"]
    assert not Path("/tmp/core_pattern").exists()
    assert not Path("/dev/shm/core_pattern").exists()


def test_nothing_is_left_for_the_next_program() -> None:
    assert printed("open('/tmp/a', 'w').write('x'); open('/dev/shm/a', 'w').write('x'); print(1)") == "1\n"
    assert printed("import os\nprint(os.listdir('/tmp'), os.listdir('/dev/shm'))") == "['solution.py'] []\n"


def test_the_disks_inside_are_small() -> None:
    fill = "f = open('/dev/shm/x', 'wb')\nfor _ in range(100): f.write(bytes(2**20))"
    assert script(fill).kind is RunKind.RUNTIME_ERROR


def test_it_is_nobody_and_cannot_become_somebody() -> None:
    source = """
        import ctypes, os
        print(os.getuid() == 0, [line for line in open('/proc/self/status') if line.startswith('CapEff')][0].split()[1])
        libc = ctypes.CDLL(None)
        print(libc.unshare(0x10000000), libc.setuid(0), libc.shmget(0, 9, 950))
        print(libc.mount(b'/', b'/tmp', None, 4096, None))
        print(libc.syscall(319, b'x', 0) if os.uname().machine == 'x86_64' else -1)
    """
    assert printed(source).split() == ["False", "0" * 16, "-1", "-1", "-1", "-1", "-1"]


def test_a_fork_bomb_is_contained() -> None:
    bomb = f"{rename('fork-bomb')}\nimport os\nwhile True:\n  try: os.fork()\n  except OSError: pass"
    run = script(bomb, limits=BRIEF)
    assert run.kind in {RunKind.TIME_LIMIT, RunKind.MEMORY_LIMIT}
    assert called("fork-bomb") == []


def test_ignoring_signals_does_not_help() -> None:
    source = f"""
        {rename("deaf")}
        import os, signal, sys
        for number in range(1, 65):
            try: signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError): pass
        os.setsid() if os.getpgrp() != os.getpid() and os.fork() == 0 else None
        while True: pass
    """
    assert script(source, limits=BRIEF).kind is RunKind.TIME_LIMIT
    assert called("deaf") == []


def test_a_daemon_left_behind_dies_and_is_not_waited_for() -> None:
    source = f"""
        {rename("left-behind")}
        import os, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                while True: time.sleep(0.01); print('still here', flush=True)
            os._exit(0)
        print('done')
    """
    before = time.monotonic()
    assert printed(source).startswith("done")
    assert time.monotonic() - before < LIMITS.seconds
    assert called("left-behind") == []


def test_killing_everything_in_sight_only_ends_itself() -> None:
    assert script("import os\nos.kill(-1, 9)\nos.kill(1, 9)\nos.kill(os.getppid(), 9)\nwhile True: pass", limits=BRIEF)


@pytest.mark.parametrize("code", [0, 1])
def test_leaving_through_the_back_door_gives_no_results(code: int) -> None:
    run = call(f"import os\ndef f():\n    os._exit({code})", "f", [])
    assert (run.kind, run.outputs) == (RunKind.RUNTIME_ERROR, ())


def test_results_that_were_never_computed_are_only_values() -> None:
    forged = """
        import os
        for fd in range(3, 100):
            try: os.write(fd, b'"forged"\\n')
            except OSError: pass
        def f(): return 1
    """
    assert call(forged, "f", []).outputs in {('"forged"',), ()}


def test_noise_on_the_channel_is_an_error() -> None:
    noise = "import os\nfor fd in range(3, 100):\n  try: os.write(fd, b'%s')\n  except OSError: pass\ndef f(): return 1"
    for text in ("not json\\n", "1\\n1\\n1\\n", "[" * 9000 + "\\n", "9" * 9000 + "\\n", "\\xff\\n"):
        assert call(noise % text, "f", []).kind is RunKind.RUNTIME_ERROR


def test_tampering_with_json_and_builtins_reaches_nobody() -> None:
    source = """
        import builtins, json, sys
        class Same:
            def __eq__(self, other): return True
        json.dumps = json.JSONEncoder.encode = lambda *a, **k: '"anything"'
        builtins.isinstance = lambda *a: True
        sys.modules['json'] = None
        def f(): return Same()
    """
    run = call(source, "f", [])
    assert run.kind is RunKind.RUNTIME_ERROR or run.outputs == ('"anything"',)
    assert json.dumps({"ours": 1}) == '{"ours": 1}'


def test_a_sandbox_dies_with_its_owner() -> None:
    source = f"{rename('orphaned')}\nwhile True: pass"
    owner = f"""
        from skyassets.core.ports import Limits, Program
        from skyassets.engines.bubblewrap import Bubblewrap
        Bubblewrap().run(Program({source!r}), Limits(seconds=60))
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(owner)], cwd=Path(__file__).parents[2])
    try:
        wait_until(lambda: called("orphaned") != [])
        assert resident_mb(process.pid) > 0
    finally:
        process.kill()
        process.wait()
    wait_until(lambda: called("orphaned") == [])


def test_without_bubblewrap_nothing_is_run() -> None:
    with pytest.raises(SandboxError, match="apt install bubblewrap"):
        Bubblewrap(bwrap="no-such-bwrap").run(Program("print(1)"), LIMITS)


def test_without_namespaces_nothing_is_run(tmp_path: Path) -> None:
    refusing = tmp_path / "bwrap"
    refusing.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    refusing.chmod(0o755)
    with pytest.raises(SandboxError, match=r"No permissions to create new namespace(.|\n)*user namespaces"):
        Bubblewrap(bwrap=str(refusing)).run(Program("print(1)"), LIMITS)
