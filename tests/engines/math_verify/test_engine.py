import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from skyassets.core.errors import GraderError
from skyassets.engines.math_verify import engine
from skyassets.engines.math_verify.engine import MathVerify, ungradable
from skyassets.engines.sandbox import seccomp


@pytest.fixture(scope="module")
def grader() -> Iterator[MathVerify]:
    with MathVerify(seconds=3.0) as grader:
        yield grader


@pytest.mark.parametrize(
    ("answer", "gold"),
    [
        ("x^2+2x+1", "(x+1)^2"),
        ("3\\sqrt{13}", "\\sqrt{117}"),
        ("3-13x", "-13x+3"),
        ("yx", "xy"),
        ("\\frac{\\sqrt{6}+\\sqrt{2}}{2}", "\\sqrt{2+\\sqrt{3}}"),
        ("1+\\sqrt{19}, 1-\\sqrt{19}", "1 \\pm \\sqrt{19}"),
        ("(1,3)\\cup(3,4)", "(3,4)\\cup(1,3)"),
        ("-2 \\le x \\le 7", "[-2,7]"),
        ("\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}", "\\begin{pmatrix}1\\\\2.0\\end{pmatrix}"),
        ("2^{10}", "1024"),
        ("\\sqrt{2}", "1.4142"),
        ("\\pi", "3.14"),
        ("x^8 + x^7 + x^6 + x^5 + x^4 + x^3", "x^3(x^5+x^4+x^3+x^2+x+1)"),
    ],
)
def test_algebra_that_agrees_is_equal(grader: MathVerify, answer: str, gold: str) -> None:
    assert grader.equal(answer, gold) is True


@pytest.mark.parametrize(
    ("answer", "gold"),
    [
        ("3", "3\\sqrt{13}"),
        ("x^2+1", "(x+1)^2"),
        ("(1,2)", "(1,2]"),
        ("y=5", "x=5"),
        ("\\pi", "3.15"),
        ("\\pi", "3"),
        ("1.4142136", "\\sqrt{2}"),
        ("0.3333333333x", "\\frac{x}{3}"),
        ("2^{2025}", "2^{2024}"),
        ("\\begin{pmatrix}1\\\\2\\end{pmatrix}", "\\begin{pmatrix}1\\\\3\\end{pmatrix}"),
    ],
)
def test_algebra_that_differs_is_not_equal(grader: MathVerify, answer: str, gold: str) -> None:
    assert grader.equal(answer, gold) is False


@pytest.mark.parametrize("text", ["\\frac{", "\\begin{cases", "]["])
def test_an_unreadable_expression_cannot_be_compared(grader: MathVerify, text: str) -> None:
    assert grader.equal(text, "1") == "ungradable: the answer cannot be read"
    assert grader.equal("1", text) == "ungradable: the reference cannot be read"


@pytest.mark.parametrize("text", ["", "   "])
def test_an_empty_expression_cannot_be_compared(grader: MathVerify, text: str) -> None:
    assert grader.equal(text, "1") == "ungradable: the answer is empty"
    assert grader.equal("1", text) == "ungradable: the reference is empty"


BOMBS = [
    "9^{9^{9^{9}}}",
    "9^9^9^9",
    "(10^9)!",
    "99999999!",
    "3!!!!",
    "10^{999999999}",
    "1e999999999",
    "\\binom{999999999}{333333333}",
    "9" * 5000,
    "7" * 10**6,
    "(" * 50 + "1" + ")" * 50,
    "\\int_0^1 \\frac{\\sin x}{x} dx",
    "\\sum_{n=1}^{999999} n",
    "\\sqrt{" * 20 + "2" + "}" * 20,
    "2^{2^{2^{2^{2}}}}",
    "((9!)!)!",
    "\\frac{1}{1+" * 40 + "1" + "}" * 40,
    "10^{-999999}",
    "\\prod_{k=1}^{10^9} k",
]


@pytest.mark.parametrize("bomb", BOMBS)
def test_expressions_that_would_explode_are_not_tried(bomb: str) -> None:
    before = time.monotonic()
    assert str(MathVerify().equal(bomb, "1")).startswith("ungradable: the answer is ")
    assert str(MathVerify().equal("1", bomb)).startswith("ungradable: the reference is ")
    assert time.monotonic() - before < 0.5


@pytest.mark.parametrize(
    "answer", ["2^{2024}", "2024!", "(n-1)!", "x^5 - x^4 + x^3 - x^2", "e^{-x^2}", "\\binom{2024}{12}", "x^{2^{10}}"]
)
def test_ordinary_answers_are_tried(answer: str) -> None:
    assert ungradable(answer) is None


def test_an_endless_comparison_is_killed_and_the_next_one_is_answered() -> None:
    with MathVerify(seconds=1.0) as grader:
        assert grader.equal("1+x", "x+1") is True
        before = time.monotonic()
        assert grader.equal("(x-1)^{9999}(x+1)^{9999}", "(x^2-1)^{9999}") == "time limit"
        assert time.monotonic() - before < 10
        assert grader.equal("1+x", "x+1") is True


def test_a_comparison_that_takes_too_much_memory_is_stopped() -> None:
    with MathVerify(memory_mb=600) as grader:
        assert grader.equal("\\operatorname{zeros}(999999,999999)", "1") == "memory limit"
        assert grader.equal("1+x", "x+1") is True


def test_a_dead_worker_is_replaced(grader: MathVerify) -> None:
    assert grader.equal("1+x", "x+1") is True
    grader.close()
    assert grader.equal("1+x", "x+1") is True


def test_no_text_is_executed(grader: MathVerify, tmp_path: Path) -> None:
    folder = tmp_path / "made"
    for text in (
        f"__import__('os').mkdir('{folder}')",
        f"\\text{{__import__('os').mkdir('{folder}')}}",
        f"eval({folder})",
    ):
        assert grader.equal(text, "1") is not True
    assert not folder.exists()


def test_a_worker_killed_in_the_middle_costs_no_answer() -> None:
    with MathVerify(seconds=1.0) as grader:
        assert grader.equal("1+x", "x+1") is True
        answers: list[bool | str] = []
        slow = "(x-1)^{9999}(x+1)^{9999}", "(x^2-1)^{9999}"
        asking = threading.Thread(target=lambda: answers.append(grader.equal(*slow)))
        before = time.monotonic()
        asking.start()
        time.sleep(0.3)
        process = grader._workers[0]._process
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        asking.join()
        # The comparison was repeated by a new worker, and ran out of time there.
        assert answers == ["time limit"]
        assert time.monotonic() - before < 30
        assert grader.equal("2+x", "x+2") is True


def test_a_pair_is_compared_once(grader: MathVerify) -> None:
    assert grader.equal("5+y", "y+5") is True
    before = time.perf_counter()
    assert all(grader.equal("5+y", "y+5") is True for _ in range(1000))
    assert time.perf_counter() - before < 0.5


def test_threads_share_the_workers(grader: MathVerify) -> None:
    answers: list[bool | str] = []
    threads = [
        threading.Thread(target=lambda n=n: answers.append(grader.equal(f"{n}+x", f"x+{n}"))) for n in range(1, 9)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * 8


def test_a_worker_that_cannot_start_reports_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "worker.py"
    broken.write_text("raise SystemExit('no sympy here')")
    monkeypatch.setattr(engine, "WORKER", broken)
    with pytest.raises(GraderError, match="no sympy here"):
        MathVerify().equal("x+1", "1+x")


def test_the_backend_reports_its_version() -> None:
    assert MathVerify().name.startswith("math-verify 0")


def test_importing_it_imports_no_sympy() -> None:
    check = "import sys, skyassets.engines.math_verify.engine\nassert not {'sympy', 'math_verify'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", check], check=True, cwd=Path(__file__).parents[3])


CONFINED = """
import os, pathlib, socket, subprocess, sys
sys.path.insert(0, sys.argv[1])
import worker
settings = {"seconds": 5, "memory_mb": 2048, "filter": sys.argv[2]}
attempts = {
    "write": lambda: open(sys.argv[3], "w"),
    "append": lambda: os.open(sys.argv[3], os.O_CREAT | os.O_APPEND),
    "mkdir": lambda: os.mkdir(sys.argv[3]),
    "remove": lambda: os.unlink(sys.argv[4]),
    "connect": lambda: socket.socket(),
    "start": lambda: os.execv("/bin/true", ["true"]),
    "fork": lambda: os.fork(),
    "kill": lambda: os.kill(os.getppid(), 9),
    "shared memory": lambda: os.memfd_create("x"),
}
def attempt(name, _):
    try: attempts[name]()
    except OSError: return True
    return False
print(*(name for name in attempts if worker.in_a_fork(attempt, name, "", settings) is not True))
print(worker.in_a_fork(lambda *_: bool(pathlib.Path(sys.argv[4]).read_text()), "", "", settings))
"""


def test_a_comparison_may_read_and_do_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "kept"
    file.write_text("kept")
    folder = str(engine.WORKER.parent)
    done = subprocess.run(
        [sys.executable, "-c", CONFINED, folder, seccomp.for_arithmetic().hex(), str(tmp_path / "new"), str(file)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "\nTrue\n"
    assert list(tmp_path.iterdir()) == [file]
