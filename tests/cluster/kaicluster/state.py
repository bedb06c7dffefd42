"""A cluster's state directory and the lock that keeps two runs off one name."""

import contextlib
import fcntl
import os
import re
import shutil
import tempfile
from pathlib import Path

from . import ClusterError
from .process import kill_owned


def root():
    explicit = os.environ.get("KAI_CLUSTER_DIR")
    if explicit:
        return Path(explicit).resolve()
    return Path(tempfile.gettempdir()).resolve() / f"kubectl-ai-clusters-{os.getuid()}"


def state_dir(name):
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?", name):
        raise ClusterError(f"'{name}' is no cluster name: lower-case letters, digits and '-' only")
    return root() / name


def names():
    """Every cluster that is up, or was left behind."""
    if not root().is_dir():
        return []
    return sorted(entry.name for entry in root().iterdir() if entry.is_dir())


@contextlib.contextmanager
def locked(name):
    """Holds the cluster's name while it is brought up or down."""
    directory = root()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / f"{state_dir(name).name}.lock"
    while True:
        lock = open(path, "w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        # The holder before us may have removed the file that we waited on.
        try:
            if os.fstat(lock.fileno()).st_ino == os.stat(path).st_ino:
                break
        except FileNotFoundError:
            pass
        lock.close()
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        lock.close()
        with contextlib.suppress(OSError):
            directory.rmdir()  # only when empty


def remove(name):
    """Ends every process of the cluster and deletes its files. Idempotent."""
    directory = state_dir(name)
    killed = kill_owned(directory)
    existed = directory.exists()
    shutil.rmtree(directory, ignore_errors=True)
    if directory.exists():
        raise ClusterError(f"cannot remove {directory}")
    return killed, existed
