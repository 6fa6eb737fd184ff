"""The few calls of the Linux kernel that Python has no name for. Runs inside the sandbox: standard library only."""

import ctypes
import os

NEW_USER, NEW_PROCESSES, NEW_IPC, NEW_MOUNTS = 0x10000000, 0x20000000, 0x08000000, 0x00020000
_DEATH_SIGNAL, _DUMPABLE, _SECCOMP, _DROP_BOUND, _SUBREAPER, _NO_NEW_PRIVILEGES = 1, 4, 22, 24, 36, 38
_SIGCHLD, _FILTER = 17, 2
_NOSUID_NODEV, _NOEXEC = 6, 8
_CLONE = {"x86_64": 56, "aarch64": 220}
_CAPABILITIES_VERSION = 0x20080522

# A library that keeps the interpreter's lock: between clone and what follows no other code may run.
_libc = ctypes.PyDLL(None, use_errno=True)
_python = ctypes.pythonapi


class _Filter(ctypes.Structure):
    """The kernel's `struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def fork_into(namespaces: int) -> int:
    """As os.fork, with the child in new namespaces. Only for a process without threads, and a child that forks again.

    What Python does in a forked child (new random seeds, say) is left to that second fork.
    """
    _python.PyOS_BeforeFork()
    pid: int = _libc.syscall(_CLONE[os.uname().machine], namespaces | _SIGCHLD, None, None, None, None)
    _python.PyOS_AfterFork_Parent()
    return _checked(pid, "clone")


def be_only(user: int, group: int) -> None:
    """In a new user namespace: stay who we are outside, and be nobody else."""
    for name, content in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        fd = os.open(f"/proc/self/{name}", os.O_WRONLY)
        try:
            os.write(fd, content.encode("ascii"))
        finally:
            os.close(fd)


def become(user: int, group: int) -> None:
    """For good: another user, without groups or capabilities."""
    os.setgroups([])
    os.setresgid(group, group, group)
    # No capability can come back through a file.
    with open("/proc/sys/kernel/cap_last_cap") as last:  # noqa: PTH123
        for capability in range(int(last.read()) + 1):
            _prctl(_DROP_BOUND, capability)
    os.setresuid(user, user, user)
    drop_capabilities()


def mount_memory(folder: str, megabytes: int, files: int) -> None:
    """An empty file system in memory, on `folder`, for everybody."""
    options = f"size={megabytes}m,nr_inodes={files},mode=1777".encode("ascii")
    _checked(_libc.mount(b"tmpfs", folder.encode(), b"tmpfs", _NOSUID_NODEV | _NOEXEC, options), f"mount {folder}")


def mount_processes() -> None:
    """A /proc that shows the processes of our own namespace."""
    _checked(_libc.mount(b"proc", b"/proc", b"proc", _NOSUID_NODEV | _NOEXEC, None), "mount /proc")


def drop_capabilities() -> None:
    """Give every capability up."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION, 0)
    _checked(_libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")


def never_gain_privileges() -> None:
    """Whatever is executed from here on has no more rights than we have."""
    _prctl(_NO_NEW_PRIVILEGES, 1)


def filter_calls(steps: bytes) -> None:
    """Put a filter of system calls around this process and all it starts."""
    program = _Filter(len(steps) // 8, steps)
    _checked(_libc.prctl(_SECCOMP, _FILTER, ctypes.byref(program), None, None), "seccomp")


def hide_from_peers(hidden: bool) -> None:
    """Whether processes of the same user may look into this one."""
    _prctl(_DUMPABLE, 0 if hidden else 1)


def adopt_orphans() -> None:
    """Become the parent of all descendants whose own parent ends."""
    _prctl(_SUBREAPER, 1)


def die_with_parent(signal: int) -> None:
    """Receive `signal` when the parent ends. A change of user forgets it."""
    _prctl(_DEATH_SIGNAL, signal)


def _prctl(option: int, argument: int) -> None:
    _checked(_libc.prctl(option, ctypes.c_ulong(argument), None, None, None), f"prctl {option}")


def _checked(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result
