"""Finds the C++ compiler with which DeepSpeed builds its kernels, and tests it on a one-line program."""

import importlib.util
import shutil
import subprocess
import tempfile
from pathlib import Path

from skyassets.core.errors import TrainerError

COMPILERS = ("c++", "g++", "clang++")
PROGRAM = "#include <vector>\nint main() { return std::vector<int>{1}.size() == 1 ? 0 : 1; }\n"
SECONDS = 10.0
"""More than any compiler needs; one that hangs does not count."""


def tried_compiler() -> str:
    """Return a working compiler.

    Raises:
        TrainerError: if there is none, it does not compile, or `ninja`, which runs it, is missing.
    """
    found = next((path for path in map(shutil.which, COMPILERS) if path), None)
    if found is None:
        raise TrainerError("no C++ compiler on the PATH; apt install build-essential, or what your system has for it")
    if shutil.which("ninja") is None and importlib.util.find_spec("ninja") is None:
        raise TrainerError("ninja, which drives the compiler, is not installed; pip install ninja")
    with tempfile.TemporaryDirectory() as scratch:
        source, made = Path(scratch) / "tried.cpp", Path(scratch) / "tried"
        source.write_text(PROGRAM, encoding="utf-8")
        try:
            done = subprocess.run(
                [found, "-std=c++17", str(source), "-o", str(made)],
                capture_output=True,
                text=True,
                check=False,
                timeout=SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise TrainerError(f"{found} did not end within {SECONDS:g} s on a program of one line") from error
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["without a word"])[-1]
            raise TrainerError(f"{found} does not compile a program of one line: {last}; reinstall it")
    return found
