"""What the tests of kubectl-ai-gpu on the real cluster share."""

import json
import signal
import subprocess

from kaicluster import nodes
from kaicluster.api import Api
from kaicluster.testing import ClusterTest, port_of

GPU_TAINT = {"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}
RUNTIME_CLASS = "/apis/node.k8s.io/v1/runtimeclasses/nvidia"
DAEMON_SETS = "/apis/apps/v1/namespaces/kube-system/daemonsets"
PLUGIN = f"{DAEMON_SETS}/nvidia-device-plugin"
CONFIG = "/api/v1/namespaces/kube-system/configmaps/nvidia-device-plugin"
OURS = (RUNTIME_CLASS, PLUGIN, CONFIG)


def gpu_node(name, index, **options):
    """A node whose GPUs are there for a device plugin to advertise."""
    return nodes.make_node(name, index, **({"labels": nodes.NFD_NVIDIA, "gpus": 4} | options))


class GpuTest(ClusterTest):
    def setUp(self):
        super().setUp()
        # Runs after the nodes of the test are gone.
        self.addCleanup(self.take_down_stack)

    def take_down_stack(self):
        for path in (*OURS, f"{DAEMON_SETS}/nvidia-mps-control-daemon"):
            self.delete(path)

        def gone():
            # Without their node nothing else ends them.
            for pod in self.pods_of_plugin():
                self.delete("/api/v1/namespaces/kube-system/pods/{name}?gracePeriodSeconds=0".format(**pod["metadata"]))
            return not self.pods_of_plugin()
        self.eventually(gone)

    def gpu(self, *arguments, **options):
        return self.run_binary("kubectl-ai-gpu", *arguments, **options)

    def gpu_ok(self, *arguments, **options):
        run = self.gpu(*arguments, **options)
        self.assertEqual(run.exit, 0, run.stdout + run.stderr)
        return run

    def gpu_json(self, *arguments, **options):
        return json.loads(self.gpu_ok(*arguments, "-o", "json", **options).stdout)

    def parse_yaml(self, text):
        """By kubectl, so that what is read here is read everywhere."""
        inner = "".join(f"  {line}\n" for line in text.splitlines())
        wrapped = f"apiVersion: test/v1\nkind: Any\nmetadata: {{name: a}}\nspec:\n{inner}"
        run = self.kubectl("patch", "--local", "--type=merge", "-p", "{}", "-o", "json", "-f", "-", stdin=wrapped)
        self.assertEqual(run.exit, 0, run.stderr + text)
        return json.loads(run.stdout)["spec"]

    def another_api(self):
        """A client of its own, for another thread."""
        token = (self.state_dir / "tokens.csv").read_text().split(",", 1)[0]
        return Api(port_of((self.state_dir / "kubeconfig").read_text()), self.state_dir / "pki" / "ca.crt", token)

    def assert_no_writes(self):
        self.assertEqual([event["requestURI"] for event in self.audit_log.writes()], [])

    def node(self, name):
        return self.api.get(f"/api/v1/nodes/{name}")

    def marks(self, name):
        """Labels, annotations and taints of a node, as text: every byte counts."""
        node = self.node(name)
        return json.dumps([node["metadata"].get("labels"), node["metadata"].get("annotations"),
                           node["spec"].get("taints")])

    def settled_marks(self, *names):
        """The marks once the node's controllers have written what they write at first."""
        seen = {}

        def same_twice():
            now = {name: self.marks(name) for name in names}
            same = seen.get("last") == now
            seen["last"] = now
            return same
        self.eventually(same_twice)
        return seen["last"]

    def taints(self, name):
        return self.node(name)["spec"].get("taints", [])

    def exists(self, path):
        return self.api.raw("GET", path)[0] == 200

    def pods_of_plugin(self):
        return self.api.get("/api/v1/namespaces/kube-system/pods?labelSelector="
                            "app.kubernetes.io%2Fname%20in%20(nvidia-device-plugin,nvidia-mps-control-daemon)")["items"]

    def allocatable(self, name):
        return int(self.node(name)["status"]["allocatable"].get("nvidia.com/gpu", 0))

    def start_gpu(self, *arguments, env=None):
        """The running process; the test ends it."""
        process = subprocess.Popen([self.binary("kubectl-ai-gpu"), *arguments], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate()
