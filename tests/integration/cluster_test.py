"""The test cluster itself: what the other integration tests rely on."""

import unittest

from kaicluster import fixtures, nodes
from kaicluster.testing import ClusterTest


def _pod(name, gpus=0, restart="Always", node=None, annotations=None):
    spec = {"restartPolicy": restart,
            "containers": [{"name": "main", "image": "registry.example/cuda:1",
                            "resources": {"limits": {"nvidia.com/gpu": str(gpus)}} if gpus else {}}]}
    if node:
        spec["nodeName"] = node
    return {"apiVersion": "v1", "kind": "Pod", "spec": spec,
            "metadata": {"name": name, "annotations": annotations or {}}}


class Nodes(ClusterTest):
    def test_cordoned_and_not_ready_nodes_carry_their_taints(self):
        fleet = fixtures.nodes()
        self.create_nodes(fleet["cordoned-0"], fleet["not-ready-0"])

        def taints(name):
            return {taint["key"] for taint in self.api.get(f"/api/v1/nodes/{name}")["spec"]["taints"]}
        self.assertEqual(taints("cordoned-0"), {"nvidia.com/gpu", "node.kubernetes.io/unschedulable"})
        self.assertEqual(taints("not-ready-0"), {"nvidia.com/gpu", "node.kubernetes.io/not-ready"})

    def test_every_node_of_the_fleet_is_accepted_as_it_is_written(self):
        fleet = fixtures.nodes()
        self.create_nodes(*fleet.values())
        for name, written in fleet.items():
            stored = self.api.get(f"/api/v1/nodes/{name}")
            self.assertEqual(stored["metadata"]["labels"], written["metadata"]["labels"])
            for field in ("capacity", "allocatable"):
                self.assertEqual({key: value for key, value in stored["status"][field].items() if "/" in key},
                                 {key: value for key, value in written["status"][field].items() if "/" in key})


class Users(ClusterTest):
    def test_what_limited_users_may(self):
        self.assertEqual(self.kubectl("get", "nodes", context="viewer").exit, 0)
        self.assertIn("Forbidden", self.kubectl("get", "secrets", context="viewer").stderr)
        self.assertEqual(self.kubectl("get", "pods", context="team-viewer").exit, 0)
        self.assertIn("Forbidden", self.kubectl("get", "nodes", context="team-viewer").stderr)
        self.assertIn("Forbidden", self.kubectl("get", "pods", context="outsider").stderr)
        self.assertEqual(self.kubectl("get", "secrets", context="admin-cert").exit, 0)

    def test_audit_log_tells_writes_from_dry_runs(self):
        create = ["create", "configmap", "counted", "--from-literal=key=value"]
        self.assertEqual(self.kubectl(*create, "--dry-run=server").exit, 0)
        self.assertEqual(self.audit_log.writes(agent="kubectl/"), [])
        self.assertEqual(self.kubectl(*create).exit, 0)
        self.addCleanup(self.delete, "/api/v1/namespaces/default/configmaps/counted")
        self.assertEqual([event["verb"] for event in self.audit_log.writes(agent="kubectl/")], ["create"])


class Kubelet(ClusterTest):
    """Pods on nodes that exist by API only."""

    def setUp(self):
        super().setUp()
        self.namespace = self.create_namespace("cluster-test")
        self.pods = f"/api/v1/namespaces/{self.namespace}/pods"

    def pod_is(self, name, **fields):
        """Waits until the pod's status has these fields, and returns it."""
        def look():
            status = self.api.get(f"{self.pods}/{name}")["status"]
            return status if fields.items() <= status.items() else None
        return self.eventually(look)

    def assert_log(self, pod, text):
        got = self.kubectl("logs", "-n", self.namespace, pod)
        self.assertEqual((got.exit, got.stdout), (0, text), got.stderr)

    def test_a_gpu_pod_is_scheduled_runs_and_has_a_log(self):
        self.create_nodes(nodes.make_node("plain", 1),
                          nodes.make_node("gpu", 2, resources={"nvidia.com/gpu": 2}))
        self.api.create(self.pods, _pod("worker", gpus=2))
        self.pod_is("worker", phase="Running")
        self.assertEqual(self.api.get(f"{self.pods}/worker")["spec"]["nodeName"], "gpu")
        self.assert_log("worker", "main runs on gpu\n")

    def test_what_becomes_of_a_pod(self):
        self.create_nodes(nodes.make_node("host", 1),
                          nodes.make_node("broken", 2, annotations={nodes.OUTCOME: "exit=7",
                                                                    nodes.LOG: "no device\n"}))
        for name, pod in {
                "done": _pod("done", restart="Never", node="host"),
                "failed": _pod("failed", restart="Never", node="broken"),
                "pulling": _pod("pulling", node="host", annotations={nodes.OUTCOME: "image-pull-back-off"}),
                "crashing": _pod("crashing", node="host", annotations={nodes.OUTCOME: "crash-loop"})}.items():
            with self.subTest(name):
                self.api.create(self.pods, pod)
        self.pod_is("done", phase="Succeeded")
        failed = self.pod_is("failed", phase="Failed")["containerStatuses"][0]["state"]["terminated"]
        self.assertEqual(failed["exitCode"], 7)
        self.assert_log("failed", "no device\n")

        def reason(name):
            for container in self.api.get(f"{self.pods}/{name}")["status"].get("containerStatuses", []):
                return container["state"]["waiting"]["reason"]
            return None
        self.assertEqual(self.eventually(lambda: reason("pulling")), "ImagePullBackOff")
        self.assertEqual(self.eventually(lambda: reason("crashing")), "CrashLoopBackOff")

    def test_more_gpus_than_there_are(self):
        self.create_nodes(nodes.make_node("gpu", 1, resources={"nvidia.com/gpu": 1}))
        self.api.create(self.pods, _pod("greedy", gpus=2, node="gpu"))
        self.assertEqual(self.pod_is("greedy", phase="Failed")["reason"], "OutOfnvidia.com/gpu")

    def test_a_device_plugin_advertises_what_the_node_has(self):
        self.create_nodes(nodes.make_node("dark", 1, gpus=4))
        plugin = {
            "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "plugin"},
            "spec": {
                "selector": {"matchLabels": {"app": "plugin"}},
                "template": {
                    "metadata": {"labels": {"app": "plugin"}},
                    "spec": {
                        "containers": [{"name": "plugin", "image": "registry.example/device-plugin:1"}],
                        "volumes": [
                            {"name": "socket", "hostPath": {"path": "/var/lib/kubelet/device-plugins"}},
                            {"name": "config", "configMap": {"name": "config"}}]}}}}
        self.api.create(f"/api/v1/namespaces/{self.namespace}/configmaps", {
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "config"},
            "data": {"any": "sharing:\n  timeSlicing:\n    resources:\n"
                            "    - name: nvidia.com/gpu\n      replicas: 3\n"}})
        daemon_sets = f"/apis/apps/v1/namespaces/{self.namespace}/daemonsets"
        self.api.create(daemon_sets, plugin)

        def gpus():
            status = self.api.get("/api/v1/nodes/dark")["status"]
            return [status[field].get("nvidia.com/gpu") for field in ("capacity", "allocatable")]
        self.eventually(lambda: gpus() == ["12", "12"])
        self.eventually(lambda: self.api.get(f"{daemon_sets}/plugin")["status"].get("numberReady") == 1)
        self.api.delete(f"{daemon_sets}/plugin")
        self.eventually(lambda: gpus() == ["12", "0"])


if __name__ == "__main__":
    unittest.main()
