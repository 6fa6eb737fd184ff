"""Programs that print through a stream of their own end as under a plain interpreter, with the same output."""

# ruff: noqa: E501

import subprocess
import sys
import textwrap

import pytest
from engines.sandboxed import BACKENDS, LIMITS

from skyassets.core.ports import Program, RunKind

CLASSES = """
import io, os, sys
from io import BytesIO, IOBase

class Quick(IOBase):
    def __init__(self, file):
        self.number = file.fileno()
        self.buffer = BytesIO()
        self.writable = "r" not in file.mode
        self.write = self.buffer.write

    def readline(self):
        while b"\\n" not in self.buffer.getvalue():
            more = os.read(self.number, max(os.fstat(self.number).st_size, 8192))
            here = self.buffer.tell()
            self.buffer.seek(0, 2), self.buffer.write(more), self.buffer.seek(here)
            if not more: break
        return self.buffer.readline()

    def flush(self):
        if self.writable:
            os.write(self.number, self.buffer.getvalue())
            self.buffer.truncate(0), self.buffer.seek(0)

class Wrapped(IOBase):
    def __init__(self, file):
        self.buffer = Quick(file)
        self.flush = self.buffer.flush
        self.writable = self.buffer.writable
        self.write = lambda text: self.buffer.write(text.encode("ascii"))
        self.readline = lambda: self.buffer.readline().decode("ascii")

class Parts:
    def __init__(self): self.parts = []
    def write(self, text): self.parts.append(text)
    def flush(self):
        os.write(1, "".join(self.parts).encode())
        self.parts.clear()
"""
PROGRAMS = {
    "both streams wrapped": CLASSES
    + "sys.stdin, sys.stdout = Wrapped(sys.stdin), Wrapped(sys.stdout)\nprint(int(sys.stdin.readline()) + 1)",
    "input by its method": CLASSES
    + "sys.stdin = Wrapped(sys.stdin)\ninput = lambda: sys.stdin.readline().rstrip()\nprint(input())",
    "a stream that is flushed only when it dies": CLASSES + "out = Wrapped(sys.stdout)\nout.write('dies\\n')",
    "a stream in a cycle": CLASSES + "out = Quick(sys.stdout)\nout.itself = out\nout.write(b'cycle\\n')",
    "a stream of three methods": CLASSES + "sys.stdout = Parts()\nprint('parts')",
    "a stream without a flush": "import sys\nclass Out:\n    def write(self, text): pass\nsys.stdout = Out()\nprint(1)",
    "a stream whose flush fails": CLASSES + "class Bad(Parts):\n    def flush(self): 1 / 0\nsys.stdout = Bad()\nprint(1)",
    "ending early": CLASSES + "sys.stdout = Wrapped(sys.stdout)\nprint(1)\nsys.exit()",
    "ending with an error": CLASSES + "sys.stdout = Wrapped(sys.stdout)\nprint(1)\n1 / 0",
    "the end registered": "import atexit, io, os\nb = io.BytesIO()\natexit.register(lambda: os.write(1, b.getvalue()))\n"
    "print = lambda *a: b.write(' '.join(map(str, a)).encode() + b'\\n')\nprint(1, 2)",
    "the first stream used beside a captured one": "import io, sys\nsys.stdout = io.StringIO()\nprint('caught')\n"
    "sys.__stdout__.write(sys.stdout.getvalue())",
    "the first stream kept": "import io, sys\nreal, sys.stdout = sys.stdout, io.StringIO()\nprint('no')\nreal.write('yes')",
    "a second text stream on the same buffer": "import io, sys\nsys.stdout = io.TextIOWrapper(sys.stdout.buffer)\nprint(1)",
    "a detached buffer": "import io, sys\nsys.stdout = io.TextIOWrapper(sys.stdout.detach(), 'utf-8')\nprint('ä')",
    "a large buffer on the number": "import os, sys\nsys.stdout = os.fdopen(1, 'w', 2**20)\nprint('large')",
    "a buffer on a copy of the number": "import os, sys\nout = os.fdopen(os.dup(1), 'w')\nprint('copy', file=out)",
    "no stream": "import sys\nprint(1)\nsys.stdout.flush()\nsys.stdout = None\nprint(2)",
    "a closed stream": "import sys\nprint(1)\nsys.stdout.close()",
    "a write on deletion": "import os\nclass A:\n    def __del__(self): os.write(1, name.encode())\nname = 'gone'\na = A()",
    "a print on deletion": "class A:\n    def __del__(self): print(name)\nname = 'gone'\na = A()\na.itself = a",
    "a module that is kept elsewhere": "import os, sys\nos.kept = sys.modules['__main__']\n"
    "out = os.fdopen(os.dup(1), 'w')\nout.write('kept')",
    "an unclosed file": "f = open('x', 'w')\nf.write('y')\nprint(1)",
    "a generator with an end": "def g():\n    try: yield 1\n    finally: print('end', x)\nx = 5\nit = g()\nnext(it)",
    "a thread that goes on": "import threading, time\ndef f():\n    time.sleep(0.2)\n    print('late')\n"
    "threading.Thread(target=f).start()\nprint(1)",
}  # fmt: skip


@pytest.fixture(scope="module", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_program_with_its_own_stream_ends_as_under_a_plain_interpreter(backend: str) -> None:
    with BACKENDS[backend]() as sandbox:
        for name, source in PROGRAMS.items():
            source = textwrap.dedent(source)
            plain = subprocess.run([sys.executable, "-c", source], input=b"41\n", capture_output=True, check=False)
            run = sandbox.run(Program(source, stdin="41\n"), LIMITS)
            kind = RunKind.RUNTIME_ERROR if plain.returncode else RunKind.FINISHED
            output = "" if plain.returncode else plain.stdout.decode()
            assert (run.kind, run.output) == (kind, output), (name, run, plain)
