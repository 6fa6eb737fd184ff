"""Linux system calls that Python does not offer. Runs inside the sandbox: standard library only."""

import ctypes
import os

NEW_USER, NEW_PROCESSES, NEW_IPC, NEW_MOUNTS = 0x10000000, 0x20000000, 0x08000000, 0x00020000
_DEATH_SIGNAL, _DUMPABLE, _SECCOMP, _DROP_BOUND, _SUBREAPER, _NO_NEW_PRIVILEGES = 1, 4, 22, 24, 36, 38
_SIGCHLD, _FILTER = 17, 2
_NOSUID_NODEV, _NOEXEC = 6, 8
_CLONE = {"x86_64": 56, "aarch64": 220}
_CAPABILITIES_VERSION = 0x20080522

# PyDLL keeps the GIL: no other code may run between clone and what follows.
_libc = ctypes.PyDLL(None, use_errno=True)
_python = ctypes.pythonapi


class _Filter(ctypes.Structure):
    """The kernel's `struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def fork_into(namespaces: int) -> int:
    """Like os.fork, with the child in new namespaces. Only for a process without threads, whose child forks again.

    That second fork does what Python does in a forked child, such as new random seeds.
    """
    _python.PyOS_BeforeFork()
    pid: int = _libc.syscall(_CLONE[os.uname().machine], namespaces | _SIGCHLD, None, None, None, None)
    _python.PyOS_AfterFork_Parent()
    return _checked(pid, "clone")


def be_only(user: int, group: int) -> None:
    """In a new user namespace: map only the current user and group."""
    for name, content in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        fd = os.open(f"/proc/self/{name}", os.O_WRONLY)
        try:
            os.write(fd, content.encode("ascii"))
        finally:
            os.close(fd)


def become(user: int, group: int) -> None:
    """Permanently switch to another user, without groups or capabilities."""
    os.setgroups([])
    os.setresgid(group, group, group)
    # Prevents regaining capabilities by executing a file.
    with open("/proc/sys/kernel/cap_last_cap") as last:  # noqa: PTH123
        for capability in range(int(last.read()) + 1):
            _prctl(_DROP_BOUND, capability)
    os.setresuid(user, user, user)
    drop_capabilities()


def mount_memory(folder: str, megabytes: int, files: int) -> None:
    """Mount an empty in-memory file system on `folder`, writable by all."""
    options = f"size={megabytes}m,nr_inodes={files},mode=1777".encode("ascii")
    _checked(_libc.mount(b"tmpfs", folder.encode(), b"tmpfs", _NOSUID_NODEV | _NOEXEC, options), f"mount {folder}")


def mount_processes(*, alone: bool = False) -> None:
    """Mount a /proc that shows only the processes of our namespace; if `alone`, none of the machine's counters."""
    # Linux before 5.8 cannot leave them out.
    if alone and not _libc.mount(b"proc", b"/proc", b"proc", _NOSUID_NODEV | _NOEXEC, b"subset=pid"):
        return
    _checked(_libc.mount(b"proc", b"/proc", b"proc", _NOSUID_NODEV | _NOEXEC, None), "mount /proc")


def drop_capabilities() -> None:
    """Drop all capabilities."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION, 0)
    _checked(_libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")


def never_gain_privileges() -> None:
    """Programs executed from now on gain no privileges."""
    _prctl(_NO_NEW_PRIVILEGES, 1)


def filter_calls(steps: bytes) -> None:
    """Install a system-call filter for this process and its children."""
    program = _Filter(len(steps) // 8, steps)
    _checked(_libc.prctl(_SECCOMP, _FILTER, ctypes.byref(program), None, None), "seccomp")


def hide_from_peers(hidden: bool) -> None:
    """Set whether processes of the same user may inspect this one."""
    _prctl(_DUMPABLE, 0 if hidden else 1)


def adopt_orphans() -> None:
    """Become the parent of all orphaned descendants."""
    _prctl(_SUBREAPER, 1)


def die_with_parent(signal: int) -> None:
    """Receive `signal` when the parent ends. A change of user cancels this."""
    _prctl(_DEATH_SIGNAL, signal)


def _prctl(option: int, argument: int) -> None:
    _checked(_libc.prctl(option, ctypes.c_ulong(argument), None, None, None), f"prctl {option}")


def _checked(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result
