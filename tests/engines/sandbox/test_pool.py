import logging
import os
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from engines.sandboxed import BACKENDS, LIMITS, called, rename, wait_until

from skyassets.core.errors import SandboxError
from skyassets.core.ports import Limits, Program, ProgramRun, RunKind
from skyassets.engines.sandbox.bubblewrap import Bubblewrap
from skyassets.engines.sandbox.choice import ChosenSandbox
from skyassets.engines.sandbox.container import ContainerBackend
from skyassets.engines.sandbox.guest.process_tree import children, descendants
from skyassets.engines.sandbox.landlock import Landlock

HELLO = Program("print('hello')")


def test_threads_run_programs_at_the_same_time_each_with_its_own_result() -> None:
    with Bubblewrap() as sandbox, ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda n: sandbox.run(Program(f"print({n} ** 2)"), LIMITS), range(40)))
        assert [run.output for run in runs] == [f"{n**2}\n" for n in range(40)]
        assert 1 <= len(sandbox.pids()) <= 4


@pytest.mark.parametrize("backend", BACKENDS)
def test_two_sandboxes_on_one_machine_leave_each_other_alone(backend: str) -> None:
    with BACKENDS[backend]() as one, BACKENDS[backend]() as other, ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda n: (one, other)[n % 2].run(Program(f"print({n})"), LIMITS), range(40)))
    assert [run.output for run in runs] == [f"{n}\n" for n in range(40)]


def test_a_server_is_reused_by_the_next_run() -> None:
    with Bubblewrap() as sandbox:
        sandbox.run(HELLO, LIMITS)
        first = sandbox.pids()
        sandbox.run(HELLO, LIMITS)
        assert sandbox.pids() == first


def test_an_idle_server_that_has_died_is_replaced() -> None:
    with Bubblewrap() as sandbox:
        sandbox.run(HELLO, LIMITS)
        os.kill(children(sandbox.pids()[0])[0], signal.SIGKILL)
        assert sandbox.run(HELLO, LIMITS).output == "hello\n"


def test_a_job_lost_with_its_server_is_run_again() -> None:
    slow = Program(f"{rename('lost-once')}\nimport time\ntime.sleep(1)\nprint('done')")
    with Bubblewrap() as sandbox, ThreadPoolExecutor(1) as pool:
        sandbox.check()
        run = pool.submit(sandbox.run, slow, LIMITS)
        wait_until(lambda: called("lost-once") != [])
        os.kill(children(sandbox.pids()[0])[0], signal.SIGKILL)
        assert run.result().output == "done\n"


def lose_twice(sandbox: Bubblewrap) -> ProgramRun:
    slow = Program(f"{rename('lost-twice')}\nimport time\ntime.sleep(4)\nprint('done')")
    with ThreadPoolExecutor(1) as pool:
        sandbox.check()
        run = pool.submit(sandbox.run, slow, LIMITS)
        for _ in range(2):
            wait_until(lambda: called("lost-twice") != [])
            seen = called("lost-twice")
            os.kill(children(sandbox.pids()[0])[0], signal.SIGKILL)
            wait_until(lambda seen=seen: not set(seen) & set(called("lost-twice")))  # type: ignore[misc]
        return run.result()


def test_a_job_lost_twice_where_a_harmless_program_runs_is_the_programs_own_error() -> None:
    with Bubblewrap() as sandbox:
        assert lose_twice(sandbox).kind is RunKind.RUNTIME_ERROR


def test_a_job_lost_twice_where_nothing_runs_is_a_sandbox_error(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    failing = tmp_path / "bwrap"
    twice = f"#!/bin/sh\necho start >> {starts}\n[ $(wc -l < {starts}) -le 2 ] || exit 1\n"
    failing.write_text(f'{twice}exec {shutil.which("bwrap")} "$@"\n')
    failing.chmod(0o755)
    with Bubblewrap(str(failing)) as sandbox:
        assert lose_twice(sandbox).kind is RunKind.SANDBOX_ERROR


@pytest.mark.parametrize("backend", BACKENDS)
def test_closing_ends_everything(backend: str) -> None:
    endless = Program(f"{rename('closed-upon')}\nwhile True: pass") if backend == "bubblewrap" else HELLO
    with BACKENDS[backend]() as sandbox, ThreadPoolExecutor(1) as pool:
        sandbox.run(HELLO, LIMITS)
        [server] = sandbox.pids()
        processes = list(descendants(server))
        run = pool.submit(sandbox.run, endless, LIMITS)
        if backend == "bubblewrap":
            wait_until(lambda: called("closed-upon") != [])
        sandbox.close()
        assert isinstance(run.result(), ProgramRun)
        sandbox.close()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in processes))
    assert called("closed-upon") == []


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_backend_runs_scripts_calls_and_tests(backend: str) -> None:
    with BACKENDS[backend]() as sandbox:
        assert sandbox.run(Program("import colorsys\nprint(input())", stdin="x\n"), LIMITS).output == "x\n"
        assert sandbox.run(Program("def f(x): return x + 1", call="f", arguments="[1]"), LIMITS).output == "2"
        examined = Program("def f(x): return x + 1", check="assert f(1) == 2", names=("f",))
        assert sandbox.run(examined, LIMITS).output == "passed"
        assert sandbox.run(Program("while True: pass"), Limits(seconds=0.5)).kind is RunKind.TIME_LIMIT
        assert sandbox.run(Program("x = [0] * 10**9"), LIMITS).kind is RunKind.MEMORY_LIMIT


def test_auto_takes_bubblewrap_where_it_works() -> None:
    with ChosenSandbox() as sandbox:
        assert sandbox.name.startswith("bubblewrap")
        assert sandbox.run(HELLO, LIMITS).output == "hello\n"


def test_without_isolation_nothing_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with ChosenSandbox("bubblewrap") as sandbox, pytest.raises(SandboxError, match="apt install bubblewrap"):
        sandbox.run(HELLO, LIMITS)
    with ChosenSandbox("container") as sandbox, pytest.raises(SandboxError, match="docker or podman was not found"):
        sandbox.run(HELLO, LIMITS)


def test_running_without_isolation_must_be_chosen_and_is_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), ChosenSandbox("none") as sandbox:
        assert sandbox.run(HELLO, LIMITS).output == "hello\n"
        assert sandbox.name == "none (UNSAFE)"
        assert sandbox.run(Program("while True: pass"), Limits(seconds=0.5)).kind is RunKind.TIME_LIMIT
    assert "programs run without isolation" in caplog.text


def test_a_program_without_isolation_leaves_no_process_behind() -> None:
    daemon = f"import os, time\nif os.fork() == 0:\n    os.setsid()\n    {rename('unwalled')}\n    time.sleep(99)"
    with ChosenSandbox("none") as sandbox:
        assert sandbox.run(Program(daemon), LIMITS).kind is RunKind.FINISHED
    assert called("unwalled") == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_landlock_says_why_another_user_cannot_reach_the_interpreter(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    python = tmp_path / "python3"
    python.write_text("")
    with Landlock(str(python)) as sandbox, pytest.raises(SandboxError, match="may not enter"):
        sandbox.run(HELLO, LIMITS)


def test_a_container_has_no_network_no_rights_and_no_writable_disk(tmp_path: Path) -> None:
    engine = tmp_path / "docker"
    engine.write_text("#!/bin/sh\necho 'Docker version 99.0, build 0'\n")
    engine.chmod(0o755)
    backend = ContainerBackend(str(engine), "python:3.11-slim", "python3", ())
    assert backend.name == "docker version 99.0 (python:3.11-slim)"
    command = " ".join(backend.command())
    walls = ("--network none", "--read-only", "--cap-drop ALL", "--security-opt no-new-privileges", "--user 0:0")
    for wanted in (*walls, "--pull never", "--pids-limit", "--memory", "--rm", "--interactive"):
        assert wanted in command
    assert "--volume" not in command
    assert "--privileged" not in command


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who is not root")
def test_bubblewrap_confines_for_users_who_are_not_root(tmp_path: Path) -> None:
    repository = Path(__file__).parents[3]
    copy = tmp_path / "src"
    for name in ("core", "engines"):
        shutil.copytree(repository / "skyassets" / name, copy / "skyassets" / name)
    (copy / "skyassets" / "__init__.py").write_text("")
    program = (
        "import os; os.setgroups([]); os.setresgid(61999, 61999, 61999); os.setresuid(61999, 61999, 61999)\n"
        f"import sys; sys.path.insert(0, {str(copy)!r})\n"
        "from skyassets.engines.sandbox.bubblewrap import Bubblewrap\n"
        "from skyassets.core.ports import Limits, Program\n"
        "source = 'import os; print(os.getuid(), sorted(n for n in os.listdir(\"/proc\") if n.isdigit()))'\n"
        "with Bubblewrap() as b: print(b.run(Program(source), Limits()).output)"
    )
    for folder in (copy, *copy.parents):
        if folder.is_relative_to("/tmp") and folder != Path("/tmp"):
            folder.chmod(0o755)
    done = subprocess.run(["/usr/bin/python3", "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.strip() == "61999 ['1', '2']", done.stderr


@pytest.mark.alone  # beside other work, these four would wait longer than the limit allows for
def test_a_program_that_waits_for_a_processor_is_not_charged_for_it() -> None:
    # Four times 0.6 s of work on however few processors: more than 1 s each on two of them.
    busy = Program("import time\nwhile time.process_time() < 0.6: pass\nprint('done')")
    with Bubblewrap() as sandbox, ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: sandbox.run(busy, replace(LIMITS, seconds=1.0)), range(4)))
    assert [(run.kind, run.output) for run in runs] == [(RunKind.FINISHED, "done\n")] * 4


def test_a_program_that_sleeps_gets_no_more_than_its_time() -> None:
    with Bubblewrap() as sandbox:
        started = time.monotonic()
        run = sandbox.run(Program("import time; time.sleep(60)"), replace(LIMITS, seconds=1.0))
    assert run.kind is RunKind.TIME_LIMIT
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_time_to_start_a_job_does_not_count(backend: str) -> None:
    with BACKENDS[backend]() as sandbox:
        brief = replace(LIMITS, seconds=0.001)
        assert sandbox.run(Program("while True: pass"), brief).kind is RunKind.TIME_LIMIT
        assert sandbox.run(Program("def f(): pass", check="while True: pass"), brief).kind is RunKind.TIME_LIMIT
