"""The first code inside a sandbox, passed as text to `python -c`, so that none of our files has to exist there.

Reads the guest's modules from standard input and starts the fork server. Standard library only.
"""

import marshal
import os
import sys

MAIN = "fork_server"
"""The module to start."""


class Finder:
    """Imports the guest modules. They are compiled once; each process executes those it needs."""

    def __init__(self, sources):  # type: ignore[no-untyped-def]
        self.sources = {
            name: marshal.dumps(compile(source, f"<{name}>", "exec", dont_inherit=True)) for name, source in sources
        }
        parts = [name.split(".") for name in self.sources]
        self.packages = {".".join(each[:length]) for each in parts for length in range(1, len(each))}
        self.names = (*self.packages, *self.sources)

    def find_spec(self, name, path=None, target=None):  # type: ignore[no-untyped-def]
        """Return the spec of a guest module (part of Python's import protocol)."""
        if name in self.sources or name in self.packages:
            is_package = name in self.packages
            return type(__spec__ or sys.__spec__)(name, self, is_package=is_package)  # type: ignore[arg-type]
        return None

    def create_module(self, spec):  # type: ignore[no-untyped-def]
        """Return None, for a default module."""
        return

    def exec_module(self, module):  # type: ignore[no-untyped-def]
        """Execute the module's code; a package has none."""
        if module.__name__ in self.sources:
            exec(marshal.loads(self.sources[module.__name__]), module.__dict__)  # noqa: S102, S302


def main() -> None:
    """Read the modules, as one literal with the name and source of each, and start the fork server."""
    size = int.from_bytes(_read(4), "big")
    # Safe: our own side wrote this, before any program runs here.
    sources, settings = eval(_read(size).decode("utf-8"), {})  # noqa: S307
    sys.meta_path.insert(0, Finder(sources))  # type: ignore[no-untyped-call]
    main_module = next(name for name, _ in sources if name.rpartition(".")[2] == MAIN)
    __import__(main_module)
    sys.modules[main_module].main(settings)


def _read(size: int) -> bytes:
    read = b""
    while len(read) < size:
        piece = os.read(0, size - len(read))
        if not piece:
            os._exit(1)
        read += piece
    return read


if __name__ == "__main__":
    main()
