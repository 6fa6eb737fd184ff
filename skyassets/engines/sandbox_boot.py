"""The first words inside a sandbox, given as text to `python -c`: no file of ours has to exist there.

Reads the other inner modules from standard input and hands over to the fork server. Standard library only.
"""

import os
import sys
import types


def main() -> None:
    """Take the modules, as one literal that says name and source of each, and start the last of them."""
    size = int.from_bytes(_read(4), "big")
    # Written by our own side, before any program is here.
    order, settings = eval(_read(size).decode("utf-8"), {})  # noqa: S307
    for package in ("skyassets", "skyassets.core", "skyassets.engines"):
        sys.modules[package] = types.ModuleType(package)
        sys.modules[package].__path__ = []
    for name, source in order:
        module = types.ModuleType(name)
        sys.modules[name] = module
        exec(compile(source, f"<{name}>", "exec", dont_inherit=True), module.__dict__)  # noqa: S102
    module.main(settings)


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
