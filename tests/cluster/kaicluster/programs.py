"""Where etcd, the Kubernetes programs and the tests' own programs come from.

KUBEBUILDER_ASSETS first, for each program that it holds; the rest is built once from
the Go modules in controlplane/ and tools/ and kept outside the checkout.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from . import ClusterError

HERE = Path(__file__).resolve().parent.parent
CONTROL_PLANE = HERE / "controlplane"
TESTKIT = HERE / "testkit"


def progress(message):
    print(f"cluster: {message}", file=sys.stderr, flush=True)


def pinned_version():
    """The Kubernetes version that the tests run: go.mod is the one place that names it."""
    match = re.search(r"^\s*k8s\.io/kubernetes (v1\.\d+\.\d+)$",
                      (CONTROL_PLANE / "go.mod").read_text(), re.MULTILINE)
    if not match:
        raise ClusterError("tests/cluster/controlplane/go.mod requires no k8s.io/kubernetes version")
    return match.group(1)


def cache_dir():
    explicit = os.environ.get("KAI_CACHE_DIR")
    if explicit:
        return Path(explicit)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "kubectl-ai"


@dataclass(frozen=True)
class Programs:
    """The command that starts each program, as an argument list."""
    version: str
    etcd: list
    apiserver: list
    controller_manager: list
    scheduler: list
    kubectl: list
    testkit: list  # the tests' own: a simulated kubelet and more


def find_programs(version=None):
    """The programs of a Kubernetes version, built if need be."""
    version = version or pinned_version()
    names = {"etcd": "etcd", "apiserver": "kube-apiserver",
             "controller_manager": "kube-controller-manager", "scheduler": "kube-scheduler",
             "kubectl": "kubectl"}
    found = {}
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if assets:
        for field, name in names.items():
            candidate = Path(assets) / name
            if os.access(candidate, os.X_OK):
                found[field] = [str(candidate)]
        if not {"etcd", "apiserver"} <= found.keys():
            raise ClusterError(
                f"KUBEBUILDER_ASSETS={assets} holds no etcd and kube-apiserver; unset it to build them")
        progress(f"from KUBEBUILDER_ASSETS: {', '.join(names[field] for field in found)}")
    missing = names.keys() - found.keys()
    if missing:
        program = build_control_plane(version)
        for field in missing:
            found[field] = [str(program), names[field]]
    return Programs(version=version, testkit=[str(build_testkit())], **found)


def build_control_plane(version):
    """The one file that holds etcd and all Kubernetes programs."""
    sources = [CONTROL_PLANE / name for name in ("go.mod", "go.sum", "main.go")]
    minor = version.split(".")[1]
    package = "k8s.io/component-base/version"
    # Without these, clients see v0.0.0-master+$Format:%H$ and some refuse it.
    ldflags = (f"-s -w -X {package}.gitVersion={version} -X {package}.gitMajor=1 "
               f"-X {package}.gitMinor={minor}")
    return _build_once("kai-cluster", sources, version, ldflags,
                       prepare=None if version == pinned_version() else _retarget(version),
                       estimate="about 7 minutes on two cores the first time")


def build_testkit():
    """The tests' own programs; they speak to every Kubernetes version."""
    sources = sorted(path for path in TESTKIT.iterdir() if path.name in ("go.mod", "go.sum")
                     or path.suffix == ".go")
    return _build_once("kai-testkit", sources, "testkit", "-s -w", prepare=None,
                       estimate="a minute the first time")


def _build_once(name, sources, label, ldflags, prepare, estimate):
    digest = hashlib.sha256()
    for source in sources:
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    digest.update(ldflags.encode())
    directory = cache_dir() / "cluster" / f"{label}-{digest.hexdigest()[:16]}"
    target = directory / name
    if target.exists():
        return target
    directory.mkdir(parents=True, exist_ok=True)
    with open(directory / f".{name}.lock", "w") as lock:
        _lock_or_wait(lock, name)
        if target.exists():  # another run built it meanwhile
            return target
        go = find_go()
        progress(f"building {name} ({label}; {estimate}; kept in {directory})")
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="kai-build-") as work:
            for source in sources:
                shutil.copy(source, work)
            if prepare:
                prepare(go, work)
            fresh = directory / f".{name}.new"
            _go(go, ["build", "-trimpath", "-ldflags", ldflags, "-o", str(fresh), "."], work, name)
            os.replace(fresh, target)
        progress(f"built {name} in {time.monotonic() - started:.0f} s")
    return target


def _lock_or_wait(lock, name):
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        progress(f"another run is building {name}; waiting for it")
        fcntl.flock(lock, fcntl.LOCK_EX)


def _retarget(version):
    """Points a copy of go.mod at another Kubernetes version."""
    def prepare(go, work):
        pinned = pinned_version()
        mod = Path(work) / "go.mod"
        text = mod.read_text().replace(pinned, version)
        # The staging modules k8s.io/* carry the same version with major 0.
        mod.write_text(text.replace("v0." + pinned.split(".", 1)[1], "v0." + version.split(".", 1)[1]))
        _go(go, ["mod", "tidy"], work, "go.mod for " + version)
    return prepare


def find_go():
    """A Go toolchain that is new enough, or that fetches one that is by itself."""
    required = _required_go()
    candidates = [os.environ.get("KAI_GO"), shutil.which("go"), "/usr/local/go/bin/go",
                  *sorted(map(str, Path("/usr/lib").glob("go-*/bin/go")))]
    found = {}
    for candidate in candidates:
        if candidate and os.access(candidate, os.X_OK):
            version = _go_version(candidate)
            # Since 1.21 go follows the go line of go.mod to the toolchain that it names.
            if version >= min(required, (1, 21)):
                return candidate
            found[version] = candidate
    if not found:
        raise ClusterError("no Go toolchain found to build the control plane with; "
                           "tests/setup tests installs one")
    return _fetch_go(found[max(found)], required)


def _required_go():
    text = (CONTROL_PLANE / "go.mod").read_text()
    return tuple(int(part) for part in re.search(r"^go ([\d.]+)$", text, re.MULTILINE).group(1).split("."))


def _go_version(go):
    output = subprocess.run([go, "version"], capture_output=True, text=True, check=False,
                            env=dict(os.environ, GOTOOLCHAIN="local")).stdout
    match = re.search(r"go(\d+)\.(\d+)(?:\.(\d+))?", output)
    return tuple(int(part or 0) for part in match.groups()) if match else (0, 0, 0)


def _fetch_go(old, version):
    """The toolchains are modules too (https://go.dev/doc/toolchain): a go that is too old
    to switch by itself, such as Debian 12's 1.19, can still download one."""
    name = "go" + ".".join(map(str, version))
    target = cache_dir() / name
    if (target / "bin" / "go").exists():
        return str(target / "bin" / "go")
    progress(f"fetching {name} by {old}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kai-go-", dir=target.parent) as work:
        architecture = subprocess.run([old, "env", "GOARCH"], capture_output=True, text=True,
                                      check=True).stdout.strip()
        listed = _go(old, ["mod", "download", "-json",
                           f"golang.org/toolchain@v0.0.1-{name}.linux-{architecture}"], work, name)
        fresh = Path(work) / name
        shutil.copytree(json.loads(listed[listed.index("{"):])["Dir"], fresh)
        # Modules are read-only and not executable.
        for path in [fresh, *fresh.rglob("*")]:
            executable = path.is_dir() or path.parent.name == "bin" or "tool" in path.parts
            path.chmod(0o755 if executable else 0o644)
        with contextlib.suppress(OSError):  # another run was faster
            fresh.rename(target)
    return str(target / "bin" / "go")


def _go(go, arguments, directory, what):
    # Distributions switch the fetching of toolchains off.
    environment = dict(os.environ, CGO_ENABLED="0", GOFLAGS="-buildvcs=false", GOTOOLCHAIN="auto")
    done = subprocess.run([go, *arguments], cwd=directory, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        tail = "\n".join(done.stdout.splitlines()[-20:])
        raise ClusterError(f"go {arguments[0]} of {what} failed:\n{tail}")
    return done.stdout
