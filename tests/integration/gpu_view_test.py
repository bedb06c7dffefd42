"""kubectl ai gpu status, explain and test on the real API server."""

import json
import signal
import time
import unittest

from gpu_support import GpuTest, gpu_node
from kaicluster import fixtures, nodes


class Status(GpuTest):
    def create_fleet(self):
        self.create_nodes(*fixtures.nodes().values())

    def row(self, text, name):
        return next(line for line in text.splitlines() if line.startswith(f"{name} "))

    def test_every_situation_has_its_line(self):
        self.create_fleet()
        run = self.gpu_ok("status")
        for name, state in (("a100-0", "Ready"), ("withdrawn-0", "Degraded"), ("dark-0", "NoGPUs"),
                            ("not-ready-0", "NotReady"), ("cordoned-0", "Cordoned"), ("mig-mixed-0", "Ready"),
                            ("time-sliced-0", "Ready"), ("amd-0", "Ready")):
            with self.subTest(name):
                self.assertTrue(self.row(run.stdout, name).endswith(state), run.stdout)
        self.assertNotIn("cpu-0", run.stdout)
        self.assertIn("time-slicing 4", self.row(run.stdout, "time-sliced-0"))
        self.assertIn("2 of 8 withdrawn as unhealthy", run.stdout)
        self.assertIn("container runtime network not ready", run.stdout)
        self.assertIn("no device plugin in the cluster", run.stdout)

        wide = self.gpu_ok("status", "-o", "wide").stdout
        self.assertIn("580.95.05", self.row(wide, "a100-0"))
        self.assertIn("nvidia.com/gpu=present:NoSchedule", self.row(wide, "a100-0"))
        self.assertIn("3g.40gb 0/8", self.row(wide, "mig-mixed-0"))

        names = self.gpu_ok("status", "-o", "name").stdout.split()
        self.assertIn("node/a100-0", names)
        document = self.gpu_json("status")
        self.assertEqual((document["apiVersion"], document["kind"]), ("kubectl-ai/v1alpha1", "GPUStatus"))
        self.assertEqual(len(document["nodes"]), len(names))
        by_name = {node["name"]: node for node in document["nodes"]}
        # Two withdrawn, four on the NotReady node, four behind the cordon; how many the
        # dark node has, nobody has said.
        self.assertEqual({name: node["lost"] for name, node in by_name.items() if node["lost"]},
                         {"withdrawn-0": 2, "not-ready-0": 4, "cordoned-0": 4})
        self.assertEqual(document["totals"]["lost"], 10)
        written = self.gpu_ok("status", "-o", "yaml").stdout
        self.assertEqual(self.parse_yaml(written), document)

    def test_used_and_free_follow_the_pods(self):
        team = self.create_namespace("team")
        self.create_nodes(nodes.make_node("gpu-a", 1, resources={"nvidia.com/gpu": 8}))
        self.create_pod(team, "trainer", 3)
        self.eventually(lambda: self.gpu_json("status", "gpu-a")["totals"]["used"] == 3)
        self.assertEqual(self.gpu_json("status", "gpu-a")["totals"]["free"], 5)
        self.assertIn("3/8", self.row(self.gpu_ok("status").stdout, "gpu-a"))

    def create_pod(self, namespace, name, gpus, **spec):
        self.api.create(f"/api/v1/namespaces/{namespace}/pods", {
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
            "spec": {"containers": [{"name": "main", "image": "registry.example/app:1",
                                     "resources": {"limits": {"nvidia.com/gpu": str(gpus)}}}], **spec}})

    def test_who_may_read_less_sees_less_and_is_told(self):
        self.create_nodes(nodes.make_node("gpu-a", 1, resources={"nvidia.com/gpu": 8}))
        self.api.create("/apis/rbac.authorization.k8s.io/v1/clusterroles", {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "nodes-only"},
            "rules": [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch"]}]})
        self.addCleanup(self.delete, "/apis/rbac.authorization.k8s.io/v1/clusterroles/nodes-only")
        self.api.create("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": "nodes-only"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "nodes-only"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "outsider"}]})
        self.addCleanup(self.delete, "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/nodes-only")
        run = self.eventually(lambda: (found := self.gpu("status", context="outsider")).exit == 0 and found)
        self.assertIn("?/8", self.row(run.stdout, "gpu-a"))
        self.assertIn("use not known", run.stdout)
        self.assertIn("not read: pods:", run.stderr)

    def test_watch_shows_changes_and_ends_on_interrupt(self):
        self.create_nodes(nodes.make_node("gpu-a", 1, resources={"nvidia.com/gpu": 8}))
        process = self.start_gpu("status", "gpu-a", "--watch", "-o", "json")
        reading, read = json.JSONDecoder(), ""

        def next_document():
            nonlocal read
            while True:
                try:
                    document, end = reading.raw_decode(read.lstrip())
                    read = read.lstrip()[end:]
                    return document
                except ValueError:
                    read += process.stdout.readline()
        self.assertEqual(next_document()["nodes"][0]["state"], "Ready")
        self.api.merge("/api/v1/nodes/gpu-a", {"spec": {"unschedulable": True}})
        self.assertEqual(next_document()["nodes"][0]["state"], "Cordoned")
        sent = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        took = time.monotonic() - sent
        self.assertEqual(process.returncode, 130)
        print(f"status --watch ended {took * 1000:.0f} ms after SIGINT")


class Explain(GpuTest):
    def test_a_node_names_what_is_wrong_with_it(self):
        self.create_nodes(*(node for name, node in fixtures.nodes().items()
                            if name in ("a100-0", "dark-0", "withdrawn-0", "not-ready-0", "cordoned-0")))
        for name, serves, part in (
                ("a100-0", True, "its GPUs can be used"),
                ("dark-0", False, "no device plugin in the cluster"),
                ("withdrawn-0", False, "2 withdrawn as unhealthy"),
                ("not-ready-0", False, "container runtime network not ready"),
                ("cordoned-0", False, "kubectl uncordon cordoned-0")):
            with self.subTest(name):
                self.assertIn(part, self.gpu_ok("explain", "node", name).stdout)
                document = self.gpu_json("explain", "node", name)
                self.assertEqual((document["kind"], document["servesGPUs"]), ("GPUNodeExplanation", serves))
        wrong = self.gpu("explain", "node", "a100-1")
        self.assertEqual(wrong.exit, 3)
        self.assertIn('did you mean "a100-0"?', wrong.stderr)

    def explain_pod(self, name, gpus=1, resource="nvidia.com/gpu", requests=None, **spec):
        """The explanation of a pod that no node takes."""
        self.api.create(f"/api/v1/namespaces/{self.namespace}/pods", {
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
            "spec": {"containers": [{"name": "main", "image": "registry.example/app:1",
                                     "resources": {"limits": {resource: str(gpus)}, "requests": requests or {}}}],
                     **spec}})

        def judged():
            pod = self.api.get(f"/api/v1/namespaces/{self.namespace}/pods/{name}")
            return any(condition["type"] == "PodScheduled" for condition in pod["status"].get("conditions", []))
        self.eventually(judged)
        return self.gpu_json("explain", "pod", f"{self.namespace}/{name}")

    def test_a_pending_pod_names_each_constraint_on_each_node(self):
        self.namespace = self.create_namespace("team")
        taint = [{"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}]
        self.create_nodes(
            nodes.make_node("plain", 1, cpu=4, memory="16Gi"),
            nodes.make_node("tainted", 2, resources={"nvidia.com/gpu": 8}, taints=taint),
            nodes.make_node("small", 3, resources={"nvidia.com/gpu": 2}, cpu=4, memory="16Gi"),
            nodes.make_node("away", 4, resources={"nvidia.com/gpu": 8}, ready=False),
            nodes.make_node("shut", 5, resources={"nvidia.com/gpu": 8}, unschedulable=True))
        cases = (
            ("four", {"gpus": 4}, {"plain": "gpu", "tainted": "taint", "small": "gpu", "away": "NotReady",
                                   "shut": "cordon"}),
            ("heavy", {"gpus": 1, "requests": {"cpu": "40", "memory": "300Gi"}},
             {"small": "cpu", "tainted": "taint"}),
            ("sliced", {"resource": "nvidia.com/mig-1g.10gb"}, {"small": "mig-1g.10gb"}),
            ("picky", {"nodeSelector": {"zone": "moon"}}, {"small": "zone"}))
        for name, options, expected in cases:
            with self.subTest(name):
                explanation = self.explain_pod(name, **options)
                self.assertEqual(explanation["kind"], "GPUPodExplanation")
                self.assertEqual(explanation["phase"], "Pending")
                self.assertIn("nodes are available", explanation["scheduler"])
                obstacles = {entry["node"]: json.dumps(entry["obstacles"]) for entry in explanation["nodes"]}
                self.assertEqual(len(obstacles), 5)
                for node, word in expected.items():
                    self.assertIn(word.lower(), obstacles[node].lower())
        text = self.gpu_ok("explain", "pod", f"{self.namespace}/four").stdout
        self.assertIn("taint nvidia.com/gpu=true:NoSchedule", text)
        self.assertIn("no node fits", text)

    def test_a_pod_that_is_not_there(self):
        self.namespace = self.create_namespace("team")
        self.create_nodes(nodes.make_node("plain", 1))
        self.explain_pod("trainer")
        run = self.gpu("explain", "pod", "-n", self.namespace, "trainr")
        self.assertEqual(run.exit, 3)
        self.assertIn('did you mean "trainer"?', run.stderr)


class SmokeTest(GpuTest):
    def setUp(self):
        super().setUp()
        self.namespace = self.create_namespace("smoke")

    def pods(self):
        return self.api.get(f"/api/v1/namespaces/{self.namespace}/pods")["items"]

    def assert_clean(self):
        self.eventually(lambda: not self.pods())

    def node(self, name, index, outcome=None, log=None, **options):
        annotations = {key: value for key, value in ((nodes.OUTCOME, outcome), (nodes.LOG, log)) if value}
        return nodes.make_node(name, index, resources={"nvidia.com/gpu": 2}, annotations=annotations, **options)

    def test_every_node_passes_and_shows_its_log(self):
        self.create_nodes(self.node("gpu-a", 1, log="GPU 0: NVIDIA A100\n"),
                          self.node("gpu-b", 2, taints=[{"key": "team", "effect": "NoSchedule"}]),
                          nodes.make_node("cpu-a", 3))
        run = self.gpu_ok("test", "-n", self.namespace)
        self.assertIn("GPU 0: NVIDIA A100", run.stdout)
        self.assertIn("2 of 2 nodes passed", run.stdout)
        self.assertNotIn("cpu-a", run.stdout)
        self.assert_clean()

    def test_one_failure_fails_the_run(self):
        self.create_nodes(self.node("gpu-a", 1), self.node("gpu-b", 2, "exit=7", "no device found\n"))
        run = self.gpu("test", "-n", self.namespace, "-o", "json", "--image", "registry.example/burn:1", "--",
                       "gpu-burn", "60")
        self.assertEqual(run.exit, 1, run.stderr)
        document = json.loads(run.stdout)
        self.assertEqual((document["apiVersion"], document["kind"]), ("kubectl-ai/v1alpha1", "GPUTest"))
        failed = next(result for result in document["results"] if result["node"] == "gpu-b")
        self.assertEqual((failed["result"], failed["exitCode"], failed["logs"]), ("failed", 7, "no device found\n"))
        self.assertEqual(document["summary"], {"passed": 1, "total": 2})
        self.assert_clean()
        table = self.gpu("test", "gpu-b", "-n", self.namespace)
        self.assertEqual(table.exit, 1)
        self.assertIn("exited with 7", table.stdout)
        self.assertIn("no device found", table.stdout)
        self.assert_clean()

    def test_an_image_that_cannot_be_pulled(self):
        self.create_nodes(self.node("gpu-a", 1, "image-pull-back-off"))
        run = self.gpu("test", "-n", self.namespace, "--timeout", "3s")
        self.assertEqual(run.exit, 124, run.stdout + run.stderr)
        self.assertIn("ImagePullBackOff", run.stdout)
        self.assert_clean()

    def test_a_pod_that_never_starts_or_never_ends(self):
        for outcome in ("hold", "run"):
            with self.subTest(outcome):
                self.create_nodes(self.node(f"gpu-{outcome}", 1, outcome))
                run = self.gpu("test", f"gpu-{outcome}", "-n", self.namespace, "--timeout", "2s")
                self.assertEqual(run.exit, 124, run.stdout + run.stderr)
                self.assertIn("timedOut", run.stdout)
                self.assert_clean()

    def test_interrupted_it_deletes_its_pods(self):
        self.create_nodes(self.node("gpu-a", 1, "run"), self.node("gpu-b", 2, "run"))
        for wait_for in (1, 2):
            with self.subTest(wait_for):
                process = self.start_gpu("test", "-n", self.namespace)
                self.eventually(lambda: len(self.pods()) >= wait_for)
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=60)
                self.assertEqual(process.returncode, 130, out + err)
                self.assert_clean()

    def test_nodes_whose_gpus_are_taken_are_not_tested(self):
        self.create_nodes(self.node("gpu-a", 1))
        self.api.create(f"/api/v1/namespaces/{self.namespace}/pods", {
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "trainer"},
            "spec": {"containers": [{"name": "main", "image": "registry.example/app:1",
                                     "resources": {"limits": {"nvidia.com/gpu": "2"}}}]}})
        self.eventually(lambda: self.pods()[0]["status"].get("phase") == "Running")
        run = self.gpu("test", "-n", self.namespace)
        self.assertEqual(run.exit, 1, run.stderr)
        self.assertIn("notRun", run.stdout)
        self.assertEqual([pod["metadata"]["name"] for pod in self.pods()], ["trainer"])

    def test_a_namespace_that_forbids_the_pod(self):
        self.create_nodes(self.node("gpu-a", 1))
        self.api.create(f"/api/v1/namespaces/{self.namespace}/resourcequotas", {
            "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"},
            "spec": {"hard": {"requests.nvidia.com/gpu": "0"}}})
        quota = f"/api/v1/namespaces/{self.namespace}/resourcequotas/none"
        self.eventually(lambda: self.api.get(quota).get("status", {}).get("hard"))
        run = self.gpu("test", "-n", self.namespace)
        self.assertEqual(run.exit, 1, run.stdout + run.stderr)
        self.assertIn("exceeded quota", run.stdout)
        self.assert_clean()


if __name__ == "__main__":
    unittest.main()
