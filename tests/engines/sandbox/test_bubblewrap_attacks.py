import json
import os
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from engines.sandboxed import BRIEF, LIMITS, call, called, printed, rename, script, wait_until

from skyassets.core.ports import RunKind
from skyassets.engines.sandbox.guest.process_tree import resident_mb


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
    "place", [Path.home(), Path(__file__).parents[3], Path("/etc/passwd"), Path("/var"), Path("/")]
)
def test_no_file_of_the_user_is_visible(place: Path) -> None:
    names = {entry.name for entry in Path(__file__).parents[3].iterdir()} | {
        ".ssh",
        ".bashrc",
        "home",
        "work",
        "passwd",
    }
    run = script(f"import os\nprint(os.listdir({str(place)!r}))")
    assert run.kind is RunKind.RUNTIME_ERROR or not names & set(run.output.split("'"))


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


def test_it_runs_as_an_unprivileged_user_and_cannot_gain_rights() -> None:
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


def test_killing_every_visible_process_only_ends_itself() -> None:
    assert script("import os\nos.kill(-1, 9)\nos.kill(1, 9)\nos.kill(os.getppid(), 9)\nwhile True: pass", limits=BRIEF)


@pytest.mark.parametrize("code", [0, 1])
def test_a_hard_exit_gives_no_results(code: int) -> None:
    run = call(f"import os\ndef f():\n    os._exit({code})", "f")
    assert (run.kind, run.output) == (RunKind.RUNTIME_ERROR, "")


def test_results_that_were_never_computed_are_only_values() -> None:
    forged = """
        import os
        for fd in range(3, 100):
            try: os.write(fd, b'"forged"\\n')
            except OSError: pass
        def f(): return 1
    """
    assert call(forged, "f").output in {'"forged"', ""}


def test_noise_on_the_channel_is_an_error() -> None:
    noise = "import os\nfor fd in range(3, 100):\n  try: os.write(fd, b'%s')\n  except OSError: pass\ndef f(): return 1"
    for text in ("not json\\n", "1\\n1\\n1\\n", "[" * 9000 + "\\n", "9" * 9000 + "\\n", "\\xff\\n"):
        assert call(noise % text, "f").kind is RunKind.RUNTIME_ERROR


def test_tampering_with_json_and_builtins_stays_in_the_sandbox() -> None:
    source = """
        import builtins, json, sys
        class Same:
            def __eq__(self, other): return True
        json.dumps = json.JSONEncoder.encode = lambda *a, **k: '"anything"'
        builtins.isinstance = lambda *a: True
        sys.modules['json'] = None
        def f(): return Same()
    """
    run = call(source, "f")
    assert run.kind is RunKind.RUNTIME_ERROR or run.output == '"anything"'
    assert json.dumps({"ours": 1}) == '{"ours": 1}'


def test_a_sandbox_dies_with_its_owner() -> None:
    source = f"{rename('orphaned')}\nwhile True: pass"
    owner = f"""
        from skyassets.core.ports import Limits, Program
        from skyassets.engines.sandbox.bubblewrap import Bubblewrap
        Bubblewrap().run(Program({source!r}), Limits(seconds=60))
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(owner)], cwd=Path(__file__).parents[3])
    try:
        wait_until(lambda: called("orphaned") != [])
        assert resident_mb(process.pid) > 0
    finally:
        process.kill()
        process.wait()
    wait_until(lambda: called("orphaned") == [])
