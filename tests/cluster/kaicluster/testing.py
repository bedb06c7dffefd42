"""What integration tests in Python need: the shared cluster, runs of a binary, and
counts of what the API server was really asked to write.
"""

import json
import os
import re
import subprocess
import tempfile
import time
import unittest
from dataclasses import dataclass
from pathlib import Path

from . import nodes
from .api import Api, ApiError
from .faults import FaultProxy

_WRITES = {"create", "update", "patch", "delete", "deletecollection"}


def _environment(name):
    value = os.environ.get(name)
    if not value:
        raise RuntimeError(f"{name} is not set: run this test through ctest, or see tests/README.md")
    return value


def port_of(kubeconfig):
    """The API server's port on loopback, from the text of a kubeconfig."""
    return int(re.search(r"server: https://127\.0\.0\.1:(\d+)", kubeconfig).group(1))


def _path_of_pod(pod):
    return "/api/v1/namespaces/{namespace}/pods/{name}".format(**pod["metadata"])


@dataclass(frozen=True)
class Run:
    """What a binary did."""
    exit: int
    stdout: str
    stderr: str


class AuditLog:
    """The API server's own record of every request it answered."""

    def __init__(self, state_dir):
        self._path = Path(state_dir) / "audit.log"
        self._inode, self._offset = 0, 0
        self.mark()

    def mark(self):
        """Later calls speak of what happened after this moment."""
        found = self._path.stat()
        self._inode, self._offset = found.st_ino, found.st_size

    def requests(self, agent="kubectl-ai/"):
        """Events of clients whose User-Agent starts with agent, in order."""
        events = []
        for number, path in enumerate(self._files()):
            with open(path, encoding="utf-8") as log:
                log.seek(0 if number else self._offset)
                events += [json.loads(line) for line in log]
        return [event for event in events if event.get("userAgent", "").startswith(agent)]

    def _files(self):
        """The file that was marked, and those since: the server begins a new one at 100 MB."""
        files = [*sorted(self._path.parent.glob("audit-*.log")), self._path]
        inodes = [path.stat().st_ino for path in files]
        return files[inodes.index(self._inode):]

    def writes(self, agent="kubectl-ai/"):
        """Those that could change something: dry runs and access reviews are none."""
        return [event for event in self.requests(agent)
                if event["verb"] in _WRITES and "dryRun=All" not in event["requestURI"]
                and not event["requestURI"].startswith(
                    ("/apis/authorization.k8s.io/", "/apis/authentication.k8s.io/"))]


class ClusterTest(unittest.TestCase):
    """A test on the shared cluster. It makes the nodes and namespaces that it needs;
    what it made is gone afterwards. Tests on the shared cluster do not overlap."""

    maxDiff = None
    _namespaces = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kubeconfig = _environment("KUBECONFIG")
        cls.state_dir = Path(cls.kubeconfig).parent
        text = Path(cls.kubeconfig).read_text()
        port = port_of(text)
        token = (cls.state_dir / "tokens.csv").read_text().split(",", 1)[0]
        cls.api = Api(port, cls.state_dir / "pki" / "ca.crt", token)

    def setUp(self):
        super().setUp()
        self.audit_log = AuditLog(self.state_dir)

    def create_nodes(self, *made):
        """Nodes of nodes.make_node(); deleted when the test ends."""
        for node in made:
            nodes.create(self.api, node)
            self.addCleanup(self.delete_node, node["metadata"]["name"])
        nodes.wait_for_taints(self.api, [node["metadata"]["name"] for node in made])

    def delete_node(self, name):
        """Its pods first: without a node nothing would end them."""
        for pod in self.api.get(f"/api/v1/pods?fieldSelector=spec.nodeName%3D{name}")["items"]:
            self.delete(_path_of_pod(pod) + "?gracePeriodSeconds=0")
        self.delete(f"/api/v1/nodes/{name}")

    def delete(self, path):
        """Deletes an object; it may be gone already."""
        try:
            self.api.delete(path)
        except ApiError as error:
            if error.status != 404:
                raise

    def create_namespace(self, prefix, labels=None):
        """A new namespace that takes pods; deleted when the test ends. Returns its name,
        which no earlier one had, of other test programs neither: Kubernetes takes seconds
        to end a namespace."""
        ClusterTest._namespaces += 1
        name = f"{prefix}-{os.getpid()}-{ClusterTest._namespaces}"
        self.api.create("/api/v1/namespaces", {
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels or {}}})
        self.addCleanup(self.delete_namespace, name)
        account = f"/api/v1/namespaces/{name}/serviceaccounts/default"
        self.eventually(lambda: self.api.raw("GET", account)[0] == 200)
        return name

    def delete_namespace(self, name):
        """Its workloads are gone at once, the namespace itself some seconds later."""
        for kind in ("daemonsets", "deployments", "replicasets", "statefulsets"):
            self.api.delete(f"/apis/apps/v1/namespaces/{name}/{kind}?propagationPolicy=Background")
        self.api.delete(f"/apis/batch/v1/namespaces/{name}/jobs?propagationPolicy=Background")
        self.delete(f"/api/v1/namespaces/{name}")
        self.api.delete(f"/api/v1/namespaces/{name}/pods?gracePeriodSeconds=0")

    def fault_proxy(self, **options):
        """A FaultProxy (see faults.py) for this test: pass env={"KUBECONFIG":
        str(proxy.kubeconfig)} to run_binary()."""
        proxy = FaultProxy(self.state_dir.name, **options)
        self.addCleanup(proxy.stop)
        return proxy

    def eventually(self, condition, timeout=30):
        """Asks condition() until it is true, and returns what it returned."""
        deadline = time.monotonic() + timeout
        while not (result := condition()):
            if time.monotonic() > deadline:
                self.fail(f"not so after {timeout} s")
            time.sleep(0.05)
        return result

    def wait_until_nothing_goes_away(self):
        """What other tests have left goes on going away for seconds."""
        self.eventually(lambda: all(namespace["status"]["phase"] == "Active" for namespace
                                    in self.api.get("/api/v1/namespaces")["items"]), timeout=120)

    def write_profile(self, *namespaces):
        """A platform profile with these namespaces, in a file that goes with the test."""
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.profile = Path(directory.name) / "lab.yaml"
        self.profile.write_text(json.dumps({
            "apiVersion": "kubectl-ai/v1alpha1", "kind": "Platform", "metadata": {"name": "lab"},
            "spec": {"namespaces": list(namespaces)}}))

    def run_binary(self, name, *arguments, context=None, stdin=None, env=None, timeout=120):
        """Runs build/bin/<name> as the administrator, or as another user of the
        kubeconfig (see controlplane.USERS)."""
        command = [self.binary(name), *arguments]
        if context:
            command += ["--context", context]
        return self._run(command, stdin, env, timeout)

    @staticmethod
    def binary(name):
        """The path of a plugin that was built."""
        return str(Path(_environment("KAI_BIN_DIR")) / name)

    def kubectl(self, *arguments, context=None, stdin=None, timeout=120):
        command = [_environment("KAI_KUBECTL"), *arguments]
        if context:
            command += ["--context", context]
        return self._run(command, stdin, None, timeout)

    def _run(self, command, stdin, env, timeout):
        done = subprocess.run(command, input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=timeout, check=False,
                              env=dict(os.environ, **(env or {})))
        return Run(done.returncode, done.stdout, done.stderr)
