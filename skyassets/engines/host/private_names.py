"""What names this machine, its user and their secrets: what no published file may hold."""

import getpass
import os
import re
import socket
from pathlib import Path

SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)
SHORTEST_SECRET = 12
"""Letters; what is shorter could be any word."""
ANYBODY = frozenset({"root", "user", "admin", "ubuntu", "debian", "nobody", "home", "runner", "jovyan", "localhost"})
"""Names that tell of nobody."""


def secrets() -> dict[str, str]:
    """The values of the environment's variables that are secrets by their names, with what they are."""
    found = {value: name for name, value in os.environ.items() if SECRET_NAME.search(name)}
    return {
        value: f"the value of {name}"
        for value, name in found.items()
        # A path to a file of keys is no key.
        if len(value) >= SHORTEST_SECRET and not value.startswith(("/", "~"))
    }


def folders(data: Path) -> dict[str, str]:
    """The paths of this machine, with what they are; one of a single name, such as /root, tells of nobody."""
    named = ((data.resolve(), "the data folder"), (Path.cwd(), "the working folder"), (Path.home(), "the home folder"))
    return {str(path): what for path, what in reversed(named) if len(path.parts) > 2}


def names() -> dict[str, str]:
    """What the user and the machine are called, with what they are."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = ""
    named = ((socket.gethostname(), "the name of this machine"), (user, "the name of its user"))
    return {name: what for name, what in named if len(name) > 2 and name.lower() not in ANYBODY}
