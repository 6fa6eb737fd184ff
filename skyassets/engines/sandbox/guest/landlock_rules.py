"""Landlock: the kernel's rules on which files a process may access, for machines without namespaces.

Runs inside the sandbox: standard library only. Reads the machine's Landlock version; independent of the program.
"""

import ctypes
import os
from collections.abc import Iterable

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION, _PATH_BENEATH = 1, 1
_EXECUTE, _READ_FILE, _READ_FOLDER = 1 << 0, 1 << 2, 1 << 3
_READ = _EXECUTE | _READ_FILE | _READ_FOLDER
_FILE_RIGHTS = _EXECUTE | 1 << 1 | _READ_FILE | 1 << 14 | 1 << 15
_SCOPES = 0b11
"""Restricts abstract unix sockets and signals to the sandbox."""
NEEDED = 3
"""The first version that also denies truncation."""

_libc = ctypes.PyDLL(None, use_errno=True)


class _Ruleset(ctypes.Structure):
    """The kernel's `struct landlock_ruleset_attr`."""

    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    """The kernel's `struct landlock_path_beneath_attr`."""

    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def version() -> int:
    """Return the kernel's Landlock version; 0 without Landlock."""
    return max(0, int(_libc.syscall(_CREATE, None, 0, _VERSION)))


def restrict(readable: Iterable[str], writable: Iterable[str]) -> None:
    """Permanently allow only reading and executing beneath `readable`, and everything beneath `writable`."""
    known = version()
    everything = (1 << (13 if known < 2 else 14 if known < 3 else 15 if known < 5 else 16)) - 1
    rules = _Ruleset(everything, 0b11 if known >= 4 else 0, _SCOPES if known >= 6 else 0)
    size = 8 if known < 4 else 16 if known < 6 else 24
    ruleset = _checked(_libc.syscall(_CREATE, ctypes.byref(rules), size, 0))
    try:
        for allowed, paths in ((_READ, readable), (everything, writable)):
            for path in paths:
                _allow(ruleset, path, allowed)
        _checked(_libc.syscall(_RESTRICT, ruleset, 0))
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, allowed: int) -> None:
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # a missing path needs no permission
    try:
        rights = allowed if os.path.isdir(path) else allowed & _FILE_RIGHTS  # noqa: PTH112
        rule = _Beneath(rights, parent)
        _checked(_libc.syscall(_ADD, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0))
    finally:
        os.close(parent)


def _checked(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"Landlock: {os.strerror(code)}")
    return result
