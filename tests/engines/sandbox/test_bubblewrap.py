import time
from pathlib import Path

import pytest
from engines.sandboxed import BRIEF, LIMITS, SANDBOX, call, printed, script

from skyassets.core.errors import SandboxError
from skyassets.core.ports import Program, RunKind
from skyassets.engines.sandbox.bubblewrap import Bubblewrap

# Programs behave as under a plain interpreter.


def test_the_backend_reports_its_version() -> None:
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
    assert call(source, "f", 1).output == "1"


@pytest.mark.parametrize("ending", ["sys.exit()", "sys.exit(0)", "exit()", "quit()", "raise SystemExit"])
def test_exiting_early_is_not_an_error(ending: str) -> None:
    assert printed(f"import sys\nprint(1)\n{ending}\nprint(2)") == "1\n"


def test_exiting_with_a_message_is_an_error() -> None:
    assert script("import sys\nsys.exit('no')").kind is RunKind.RUNTIME_ERROR


def test_recursion_is_as_deep_as_usual_and_deeper_when_the_limit_is_raised() -> None:
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


def test_the_program_has_a_file_name_and_its_classes_a_module() -> None:
    assert printed("import pickle\nclass A: pass\nprint(type(pickle.loads(pickle.dumps(A()))).__name__)") == "A\n"
    assert printed("print(__name__, __file__)") == "__main__ /tmp/solution.py\n"


# Functions are called, and their values come back as JSON.


def test_a_function_is_called_with_its_arguments() -> None:
    assert call("def f(a, b):\n    return a + b", "f", 1, 2).output == "3"
    assert call("def f(a, b):\n    return a + b", "f", "x", "y").output == '"xy"'


def test_decorators_and_comments_before_a_function_do_not_hide_it() -> None:
    source = """
        from functools import cache
        # memo (fast)
        @cache
        def f(n): return n if n < 2 else f(n - 1) + f(n - 2)
    """
    assert call(source, "f", 50).output == "12586269025"


@pytest.mark.parametrize("name", ["f", "Solution.f"])
def test_a_method_of_solution_is_found(name: str) -> None:
    source = """
        class Solution:
            def __init__(self): self.seen = []
            def f(self, x):
                self.seen.append(x)
                return self.seen
    """
    assert call(source, name, 1).output == "[1]"


def test_a_plain_function_may_stand_beside_a_class_solution() -> None:
    source = "class Solution:\n    pass\ndef f():\n    return (1, True, None)"
    assert call(source, "f").output == "[1, true, null]"


def test_prints_do_not_disturb_the_results() -> None:
    assert call("print('[0]')\ndef f():\n    print('[1]', flush=True)\n    return 2", "f").output == "2"


def test_an_error_in_a_call_is_a_runtime_error() -> None:
    run = call("def f(x):\n    return 1 / x", "f", 0)
    assert (run.kind, run.output) == (RunKind.RUNTIME_ERROR, "")
    assert "ZeroDivisionError" in run.detail


@pytest.mark.parametrize(
    "body", ["return {1, 2}", "return object()", "return f", "x = []; x.append(x); return x", "return 10 ** 9999"]
)
def test_a_value_that_is_not_json_is_not_a_result(body: str) -> None:
    assert call(f"def f():\n    {body}", "f").kind is RunKind.RUNTIME_ERROR


def test_a_missing_function_is_an_error() -> None:
    assert call("def g():\n    return 1", "f").kind is RunKind.RUNTIME_ERROR


# How a run ended is reported precisely.


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
def test_text_that_is_not_python_does_not_compile(source: str) -> None:
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


def test_an_endless_loop_exceeds_the_time_limit() -> None:
    before = time.monotonic()
    assert script("while True: pass", limits=BRIEF).kind is RunKind.TIME_LIMIT
    assert time.monotonic() - before < 20


def test_sleeping_and_waiting_for_input_do_not_outlive_the_limit() -> None:
    assert script("import time; time.sleep(60)", limits=BRIEF).kind is RunKind.TIME_LIMIT
    assert call("def f():\n    import threading; threading.Event().wait()", "f", limits=BRIEF).kind is (
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
def test_a_memory_bomb_exceeds_the_memory_limit(source: str) -> None:
    assert script(source).kind is RunKind.MEMORY_LIMIT


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_flood_of_output_exceeds_the_output_limit(stream: str) -> None:
    run = script(f"import sys\nwhile True: sys.{stream}.write('x' * 4096)")
    assert run.kind is RunKind.OUTPUT_LIMIT
    assert len(run.output) < 3 * LIMITS.output_kb * 1024


def test_a_flood_of_results_exceeds_the_output_limit() -> None:
    assert call("def f():\n    return 'x' * 10**6", "f").kind is RunKind.OUTPUT_LIMIT


def test_without_bubblewrap_no_program_is_run() -> None:
    with pytest.raises(SandboxError, match="apt install bubblewrap"):
        Bubblewrap(bwrap="no-such-bwrap").run(Program("print(1)"), LIMITS)


def test_without_namespaces_no_program_is_run(tmp_path: Path) -> None:
    refusing = tmp_path / "bwrap"
    refusing.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    refusing.chmod(0o755)
    with pytest.raises(SandboxError, match=r"No permissions to create new namespace(.|\n)*user namespaces"):
        Bubblewrap(bwrap=str(refusing)).run(Program("print(1)"), LIMITS)
