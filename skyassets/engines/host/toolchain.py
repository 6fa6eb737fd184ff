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


def working_compiler() -> str:
    """Return a working compiler.

    Raises:
        TrainerError: if there is none, it does not compile, or `ninja`, which runs it, is missing.
    """
    compiler = next((path for path in map(shutil.which, COMPILERS) if path), None)
    if compiler is None:
        raise TrainerError("no C++ compiler on the PATH; apt install build-essential, or your system's equivalent")
    if shutil.which("ninja") is None and importlib.util.find_spec("ninja") is None:
        raise TrainerError("ninja, which runs the compiler, is not installed; pip install ninja")
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "program.cpp"
        source.write_text(PROGRAM, encoding="utf-8")
        command = [compiler, "-std=c++17", str(source), "-o", str(source.with_suffix(""))]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
        except subprocess.TimeoutExpired as error:
            raise TrainerError(f"{compiler} did not compile a test program within {SECONDS:g} s") from error
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["no error output"])[-1]
            raise TrainerError(f"{compiler} cannot compile a test program: {last}; reinstall it")
    return compiler
