"""User ids that no account has. On one machine, each belongs to one fork server at a time.

A server ends a job by killing all processes of its user. If two servers had the same user, also in different runs of
skyassets, each would kill the other's jobs.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from skyassets.core.errors import SandboxError


@contextmanager
def spare_user(users: range) -> Iterator[tuple[int | None, tuple[int, ...]]]:
    """Yield a user id from `users` that no running fork server has, and the file that a new server keeps open for it.

    The id is free again when the last process with the file has ended. Only root can change its user: yields none for
    others.

    Raises:
        SandboxError: if every id is in use.
    """
    if os.geteuid() != 0:
        yield None, ()
        return
    for user in users:
        with socket.socket(socket.AF_UNIX) as claim:
            try:
                claim.bind(f"\0skyassets-sandbox-user-{user}")
            except OSError:
                continue
            yield user, (claim.fileno(),)
            return
    raise SandboxError(f"sandbox: every user id from {users[0]} to {users[-1]} is in use by a running fork server")
