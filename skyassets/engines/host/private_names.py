"""The names of this machine and its user, and their secrets, which no published file may contain."""

import getpass
import os
import re
import socket
from pathlib import Path

SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)
SHORTEST_SECRET = 12
"""Characters; anything shorter could be an ordinary word."""
GENERIC_NAMES = frozenset(
    {"root", "user", "admin", "ubuntu", "debian", "nobody", "home", "runner", "jovyan", "localhost"}
)
"""Names that identify no one."""


def secrets() -> dict[str, str]:
    """Return the values of environment variables whose names mark them as secrets, each with a description."""
    return {
        value: f"the value of {name}"
        for name, value in os.environ.items()
        # The path of a key file is not a secret.
        if SECRET_NAME.search(name) and len(value) >= SHORTEST_SECRET and not value.startswith(("/", "~"))
    }


def folders(data: Path) -> dict[str, str]:
    """Return the paths of this machine with descriptions, except single names such as /root, which identify no one."""
    named = ((data.resolve(), "the data folder"), (Path.cwd(), "the working folder"), (Path.home(), "the home folder"))
    return {str(path): what for path, what in reversed(named) if len(path.parts) > 2}


def names() -> dict[str, str]:
    """Return the names of the user and the machine, with descriptions."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = ""
    named = ((socket.gethostname(), "the name of this machine"), (user, "the name of its user"))
    return {name: what for name, what in named if len(name) > 2 and name.lower() not in GENERIC_NAMES}
