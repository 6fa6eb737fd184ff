"""Creates the databases of DAGSTER_HOME, once. Two runs that start together in a new home would both create them."""

import fcntl
import os
from pathlib import Path

with (Path(os.environ["DAGSTER_HOME"]) / ".prepared").open("a+") as mark:
    fcntl.flock(mark, fcntl.LOCK_EX)
    if not os.fstat(mark.fileno()).st_size:  # another shell may have created them while this one waited
        from dagster import DagsterInstance

        with DagsterInstance.get() as instance:
            mark.write(f"databases created by {type(instance.run_storage).__name__}\n")
