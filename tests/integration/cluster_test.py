"""The test cluster itself: what the other integration tests rely on."""

import unittest

from kaicluster import nodes
from kaicluster.testing import ClusterTest

_POD = {
    "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "gpu-pod"},
    "spec": {"containers": [{"name": "main", "image": "registry.example/cuda:1",
                             "resources": {"limits": {"nvidia.com/gpu": "2"}}}]},
}


class Cluster(ClusterTest):
    def test_gpu_pod_goes_to_the_node_that_has_gpus(self):
        self.create_nodes(nodes.make_node("plain", 1),
                          nodes.make_node("gpu", 2, resources={"nvidia.com/gpu": 2}))
        self.api.create("/api/v1/namespaces/default/pods", _POD)
        self.addCleanup(self.delete, "/api/v1/namespaces/default/pods/gpu-pod?gracePeriodSeconds=0")
        waited = self.kubectl("wait", "--for=condition=PodScheduled", "pod/gpu-pod", "--timeout=30s")
        self.assertEqual(waited.exit, 0, waited.stderr)
        pod = self.api.get("/api/v1/namespaces/default/pods/gpu-pod")
        self.assertEqual(pod["spec"]["nodeName"], "gpu")

    def test_cordoned_and_not_ready_nodes_carry_their_taints(self):
        self.create_nodes(nodes.make_node("cordoned", 1, unschedulable=True),
                          nodes.make_node("broken", 2, ready=False))
        def taints(name):
            return {taint["key"] for taint in self.api.get(f"/api/v1/nodes/{name}")["spec"]["taints"]}
        self.assertEqual(taints("cordoned"), {"node.kubernetes.io/unschedulable"})
        self.assertEqual(taints("broken"), {"node.kubernetes.io/not-ready"})

    def test_limited_users(self):
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


if __name__ == "__main__":
    unittest.main()
