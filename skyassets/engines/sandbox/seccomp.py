"""System-call filters as classic BPF: the calls that untrusted programs are denied. Builds bytes, installs nothing.

Namespaces hide files, processes and the network. They do not cover sockets to the hypervisor (AF_VSOCK), memory that
no limit counts (memfd, System V), the kernel's keyrings, and new namespaces: the filters deny these.
"""

import errno
import os
import platform
import struct

from skyassets.core.errors import SandboxError

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCHITECTURE = 0, 4
_FIRST_ARGUMENT, _SECOND_ARGUMENT, _THIRD_ARGUMENT = 16, 24, 32
_FAMILIES = (1, 2, 10)
"""AF_UNIX, AF_INET, AF_INET6: none of them leads out of the sandbox."""
_NEW_NAMESPACE = 0x7E020080
_X32 = 0x40000000

_MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CALLS: dict[str, tuple[int | None, int | None]] = {
    # name: (x86_64, aarch64)
    "socket": (41, 198), "socketpair": (53, 199), "clone": (56, 220), "clone3": (435, 435),
    "shmget": (29, 194), "semget": (64, 190), "msgget": (68, 186), "memfd_create": (319, 279),
    "memfd_secret": (447, 447), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "bpf": (321, 280), "perf_event_open": (298, 241), "open_by_handle_at": (304, 265),
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39),
    "pivot_root": (155, 41), "chroot": (161, 51), "open_tree": (428, 428), "move_mount": (429, 429),
    "fsopen": (430, 430), "mount_setattr": (442, 442),
    "open": (2, None), "openat": (257, 56), "openat2": (437, 437), "creat": (85, None),
    "mkdir": (83, None), "mkdirat": (258, 34), "mknod": (133, None), "mknodat": (259, 33),
    "unlink": (87, None), "unlinkat": (263, 35), "rmdir": (84, None), "rename": (82, None),
    "renameat": (264, 38), "renameat2": (316, 276), "link": (86, None), "linkat": (265, 37),
    "symlink": (88, None), "symlinkat": (266, 36), "truncate": (76, 45), "ftruncate": (77, 46),
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, None), "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54),
    "utimensat": (280, 88), "setxattr": (188, 5), "execve": (59, 221), "execveat": (322, 281),
    "fork": (57, None), "vfork": (58, None), "kill": (62, 129), "tkill": (200, 130),
    "tgkill": (234, 131), "pidfd_send_signal": (424, 424), "pidfd_getfd": (438, 438),
    "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14), "lremovexattr": (198, 15),
    "fremovexattr": (199, 16), "utime": (132, None), "utimes": (235, None), "futimesat": (261, None),
    "mq_open": (240, 180), "setpriority": (141, 140), "ioprio_set": (251, 30), "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119), "sched_setparam": (142, 118), "sched_setattr": (314, 274),
    "prlimit64": (302, 261),
}  # fmt: skip

_NEVER = (
    "shmget", "semget", "msgget", "memfd_create", "memfd_secret", "userfaultfd", "io_uring_setup", "ptrace",
    "process_vm_readv", "process_vm_writev", "add_key", "request_key", "keyctl", "bpf", "perf_event_open",
    "open_by_handle_at", "unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount",
    "fsopen", "mount_setattr",
)  # fmt: skip
_SHARED = (
    "socket", "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "setxattr",
    "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr", "utime", "utimes", "futimesat",
    "utimensat", "mq_open", "setpriority", "ioprio_set", "sched_setaffinity", "sched_setscheduler", "sched_setparam",
    "sched_setattr", "pidfd_getfd",
)  # fmt: skip
"""Calls that affect other processes where there are no namespaces, and that Landlock does not deny."""
_EFFECTS = (
    "socket", "socketpair", "clone", "fork", "vfork", "execve", "execveat", "openat2", "creat", "mkdir", "mkdirat",
    "mknod", "mknodat", "unlink", "unlinkat", "rmdir", "rename", "renameat", "renameat2", "link", "linkat",
    "symlink", "symlinkat", "truncate", "ftruncate", "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown",
    "lchown", "fchownat", "utimensat", "setxattr", "kill", "tkill", "tgkill", "pidfd_send_signal", "pidfd_getfd",
)  # fmt: skip


def for_programs() -> bytes:
    """Return the filter for a program: what programs normally do, within its namespaces."""
    clone = [*_load(_FIRST_ARGUMENT), _step(_ANY_BIT, _NEW_NAMESPACE, 0, 1), _deny(errno.EPERM)]
    family = [*_load(_FIRST_ARGUMENT)]
    family += [_step(_EQUAL, known, len(_FAMILIES) - at, 0) for at, known in enumerate(_FAMILIES)]
    family += [_deny(errno.EAFNOSUPPORT)]
    return _program(_NEVER, {"clone": clone, "socket": family, "socketpair": family})


def for_a_shared_system() -> bytes:
    """Return the filter for a program on the shared system: no sockets, and no access to other processes."""
    others = [*_load(_FIRST_ARGUMENT), _step(_EQUAL, 0, 1, 0), _deny(errno.EPERM)]
    clone = [*_load(_FIRST_ARGUMENT), _step(_ANY_BIT, _NEW_NAMESPACE, 0, 1), _deny(errno.EPERM)]
    return _program((*_NEVER, *_SHARED), {"clone": clone, "prlimit64": others})


def for_arithmetic() -> bytes:
    """Return the filter for a pure computation: it may compute, read and reply, but leave nothing behind."""
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
    reading = {
        name: [*_load(argument), _step(_ANY_BIT, writing, 0, 1), _deny(errno.EPERM)]
        for name, argument in (("open", _SECOND_ARGUMENT), ("openat", _THIRD_ARGUMENT))
    }
    return _program((*_NEVER, *_EFFECTS), reading)


def _program(denied: tuple[str, ...], conditional: dict[str, list[bytes]]) -> bytes:
    machine = platform.machine()
    if machine not in _MACHINES:
        raise SandboxError(f"sandbox: no system call filter for {machine}, only for {sorted(_MACHINES)}")
    column = list(_MACHINES).index(machine)
    steps = [*_load(_ARCHITECTURE), _step(_EQUAL, _MACHINES[machine], 1, 0), _step(_RETURN, _KILL), *_load(_NUMBER)]
    if machine == "x86_64":
        steps += [_step(_AT_LEAST, _X32, 0, 1), _deny(errno.ENOSYS)]
    # glibc falls back to clone, whose flags a filter can read.
    denials = {name: [_deny(errno.EPERM)] for name in denied}
    rules = {"clone3": [_deny(errno.ENOSYS)], **denials, **conditional}
    for name, body in rules.items():
        number = _CALLS[name][column]
        if number is not None:
            steps += [_step(_EQUAL, number, 0, len(body) + 1), *body, _step(_RETURN, _ALLOW)]
    return b"".join([*steps, _step(_RETURN, _ALLOW)])


def _load(offset: int) -> list[bytes]:
    return [_step(_LOAD, offset)]


def _deny(reason: int) -> bytes:
    return _step(_RETURN, _ERRNO | reason)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)
