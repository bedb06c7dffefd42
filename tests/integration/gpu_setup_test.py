"""kubectl ai gpu setup, plan and undo on the real API server."""

import json
import tempfile
import threading
import unittest
from pathlib import Path

from gpu_support import CONFIG, DAEMON_SETS, GPU_TAINT, OURS, PLUGIN, RUNTIME_CLASS, GpuTest, gpu_node
from kaicluster import nodes
from kaicluster.api import ApiError


class TaintWriter(threading.Thread):
    """Adds and removes taints of its own, one resourceVersion-checked update after the
    other, and notices when one of them is lost or comes back."""

    def __init__(self, api, name):
        super().__init__(daemon=True)
        self._api, self._path = api, f"/api/v1/nodes/{name}"
        self._ended, self._mine = threading.Event(), []
        self.updates, self.conflicts, self.wrong = 0, 0, []

    def run(self):
        while not self._ended.is_set():
            node = self._api.get(self._path)
            taints = node["spec"].get("taints", [])
            seen = [taint["key"] for taint in taints if taint["key"].startswith("writer/")]
            if seen != self._mine:
                self.wrong.append((self._mine, seen))
                return
            wanted = [*self._mine, f"writer/{self.updates}"][-3:]
            node["spec"]["taints"] = [taint for taint in taints if not taint["key"].startswith("writer/")] + [
                {"key": key, "effect": "PreferNoSchedule"} for key in wanted]
            try:
                self._api.call("PUT", self._path, node)
            except ApiError as error:
                if error.status != 409:
                    raise
                self.conflicts += 1
                continue
            self._mine = wanted
            self.updates += 1

    def stop(self):
        self._ended.set()
        self.join()
        return self._mine


class Nodes(GpuTest):
    def test_three_nodes_beside_what_others_have_set(self):
        self.create_nodes(
            gpu_node("gpu-a", 1, labels=nodes.NFD_NVIDIA | {"team": "vision", "zone": "a"},
                     annotations={"note": "handle with care"}),
            gpu_node("gpu-b", 2, taints=[{"key": "team", "value": "vision", "effect": "PreferNoSchedule"},
                                         {"key": "maintenance", "effect": "NoExecute"}]),
            gpu_node("gpu-c", 3, taints=[{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}]))
        names = ("gpu-a", "gpu-b", "gpu-c")
        before = self.settled_marks(*names)
        self.assertEqual(self.node("gpu-b")["spec"]["taints"][1].keys() & {"key", "timeAdded"}, {"key"})

        first = self.gpu_ok("setup", "--yes", *names)
        self.assertIn("+label nvidia.com/gpu=true", first.stdout.replace(" label", "label"))
        for name in names:
            self.assertEqual(self.node(name)["metadata"]["labels"]["nvidia.com/gpu"], "true")
        self.assertIn(GPU_TAINT, self.taints("gpu-a"))
        self.assertEqual([taint["key"] for taint in self.taints("gpu-b")], ["team", "maintenance", "nvidia.com/gpu"])
        # Whatever its value, it keeps pods off the node already.
        self.assertEqual([taint["value"] for taint in self.taints("gpu-c")], ["present"])
        for path in OURS:
            self.assertEqual(self.api.get(path)["metadata"]["labels"]["app.kubernetes.io/managed-by"], "kubectl-ai")

        self.audit_log.mark()
        second = self.gpu_ok("setup", "--yes", *names)
        self.assertIn("0 writes", second.stdout)
        self.assert_no_writes()
        self.assertGreater(len(self.audit_log.requests()), 0)

        self.gpu_ok("undo", "--yes")
        self.assertEqual({name: self.marks(name) for name in names}, before)
        for path in OURS:
            self.assertFalse(self.exists(path), path)
        self.audit_log.mark()
        self.assertIn("0 writes", self.gpu_ok("undo", "--yes").stdout)
        self.assert_no_writes()

    def test_undo_of_one_node_leaves_the_others(self):
        self.create_nodes(gpu_node("gpu-a", 1), gpu_node("gpu-b", 2))
        before = self.settled_marks("gpu-a", "gpu-b")
        self.gpu_ok("setup", "--yes", "gpu-a", "gpu-b")
        self.gpu_ok("undo", "--yes", "gpu-a")
        self.assertEqual(self.marks("gpu-a"), before["gpu-a"])
        self.assertIn(GPU_TAINT, self.taints("gpu-b"))
        self.assertTrue(self.exists(PLUGIN))

    def test_what_was_changed_since_stays_changed(self):
        """A taint of ours that someone removed, and a label that he made his own."""
        self.create_nodes(gpu_node("gpu-a", 1))
        self.gpu_ok("setup", "--yes", "gpu-a", "--stack", "none")
        self.kubectl("taint", "node", "gpu-a", "nvidia.com/gpu-")
        self.kubectl("label", "node", "gpu-a", "nvidia.com/gpu=mine", "--overwrite")
        self.gpu_ok("undo", "--yes")
        self.assertEqual(self.taints("gpu-a"), [])
        self.assertEqual(self.node("gpu-a")["metadata"]["labels"].get("nvidia.com/gpu"), "mine")

    def test_a_concurrent_writer_of_taints_loses_nothing(self):
        self.create_nodes(nodes.make_node("busy", 1))
        writer = TaintWriter(self.another_api(), "busy")
        writer.start()
        for round_number in range(100):
            for command, expected in ((("setup", "--stack", "none"), [GPU_TAINT]), (("undo",), [])):
                run = self.gpu(*command, "--yes", "busy")
                self.assertEqual(run.exit, 0, f"round {round_number}: {run.stdout}{run.stderr}")
                ours = [taint for taint in self.taints("busy") if taint["key"] == "nvidia.com/gpu"]
                self.assertEqual(ours, expected)
        kept = writer.stop()
        self.assertEqual(writer.wrong, [])
        self.assertEqual([taint["key"] for taint in self.taints("busy")], kept)
        # It really was in the way.
        self.assertGreater(writer.updates, 100)

    def test_forced_over_another_manager_and_put_back(self):
        self.create_nodes(gpu_node("gpu-a", 1))
        self.api.call("PATCH", "/api/v1/nodes/gpu-a?fieldManager=helm", {
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": "gpu-a", "labels": {"nvidia.com/gpu": "false"}}},
            "application/apply-patch+yaml")
        self.kubectl("taint", "node", "gpu-a", "nvidia.com/gpu=no:NoSchedule")
        before = self.settled_marks("gpu-a")
        arguments = ("setup", "--yes", "gpu-a", "--stack", "none", "--taint", "nvidia.com/gpu=true:NoSchedule")

        refused = self.gpu(*arguments)
        self.assertEqual(refused.exit, 3, refused.stderr)
        for part in ("Node gpu-a", "nvidia.com/gpu", '"helm"', '"kubectl-taint"', "--force-conflicts"):
            self.assertIn(part, refused.stderr)
        self.assert_no_writes()
        self.assertEqual({"gpu-a": self.marks("gpu-a")}, before)

        self.gpu_ok(*arguments, "--force-conflicts")
        self.assertEqual(self.taints("gpu-a"), [GPU_TAINT])
        self.assertEqual(self.node("gpu-a")["metadata"]["labels"]["nvidia.com/gpu"], "true")
        self.gpu_ok("undo", "--yes")
        self.assertEqual({"gpu-a": self.marks("gpu-a")}, before)

    def test_rejected_labels_and_taints_are_refused_before_anything_is_written(self):
        self.create_nodes(gpu_node("gpu-a", 1))
        for flags in (("--label", "bad key=x"), ("--label", "a=" + "v" * 64), ("--label", "novalue"),
                      ("--taint", "nvidia.com/gpu=true:Never"), ("--taint", "nvidia.com/gpu"),
                      ("--time-slicing", "1"), ("--time-slicing", "many"), ("--time-slicing", "257"),
                      ("--mps", "0"), ("--mps", "49"), ("--mps", "2", "--time-slicing", "2"),
                      ("--mps", "2", "--mig-strategy", "single"), ("--stack", "helm"),
                      ("--stack", "none", "--time-slicing", "2"), ("--mig-strategy", "double")):
            with self.subTest(flags):
                run = self.gpu("setup", "--yes", "gpu-a", *flags)
                self.assertEqual(run.exit, 2, run.stderr)
                self.assertEqual(run.stderr.count("error:"), 1, run.stderr)
                self.assert_no_writes()


class DevicePlugin(GpuTest):
    def config(self):
        return self.parse_yaml(self.api.get(CONFIG)["data"]["config.yaml"])

    def test_runs_on_gpu_nodes_only_and_gpus_are_advertised(self):
        self.create_nodes(gpu_node("gpu-a", 1, taints=[{"key": "team", "effect": "NoSchedule"}]),
                          gpu_node("gpu-b", 2), nodes.make_node("cpu-a", 3), gpu_node("gpu-off", 4, ready=False))
        run = self.gpu_ok("setup", "--yes", "--detected")
        self.assertIn("2 nodes advertise GPUs", run.stderr)
        # It cannot serve, so it is not waited for.
        self.assertIn("no GPU on gpu-off: the node is NotReady", run.stderr)
        self.assertEqual([self.allocatable(name) for name in ("gpu-a", "gpu-b", "cpu-a")], [4, 4, 0])
        self.assertEqual({pod["spec"]["nodeName"] for pod in self.pods_of_plugin()}, {"gpu-a", "gpu-b"})
        self.assertEqual(self.gpu_json("status")["totals"]["free"], 8)

    def test_sharing_is_configured_and_can_be_changed(self):
        self.create_nodes(gpu_node("gpu-a", 1))
        self.gpu_ok("setup", "--yes", "gpu-a", "--time-slicing", "3")
        self.assertEqual(self.config()["sharing"]["timeSlicing"]["resources"],
                         [{"name": "nvidia.com/gpu", "replicas": 3}])
        self.assertEqual(self.allocatable("gpu-a"), 12)

        self.gpu_ok("setup", "--yes", "gpu-a", "--mps", "2")
        self.assertEqual(self.config()["sharing"]["mps"]["resources"], [{"name": "nvidia.com/gpu", "replicas": 2}])
        self.assertTrue(self.exists(f"{DAEMON_SETS}/nvidia-mps-control-daemon"))
        self.eventually(lambda: self.allocatable("gpu-a") == 8)

        self.gpu_ok("setup", "--yes", "gpu-a")
        self.assertNotIn("sharing", self.config())
        self.assertFalse(self.exists(f"{DAEMON_SETS}/nvidia-mps-control-daemon"))
        self.eventually(lambda: self.allocatable("gpu-a") == 4)

    def test_stack_none_sets_labels_and_taints_alone(self):
        self.create_nodes(gpu_node("gpu-a", 1))
        self.gpu_ok("setup", "--yes", "gpu-a", "--stack", "none")
        self.assertIn(GPU_TAINT, self.taints("gpu-a"))
        for path in OURS:
            self.assertFalse(self.exists(path), path)

    def test_stack_operator_says_that_it_is_not_there(self):
        self.create_nodes(gpu_node("gpu-a", 1))
        run = self.gpu_ok("setup", "--yes", "gpu-a", "--stack", "operator")
        self.assertIn("gpu-operator is not in this cluster", run.stdout)
        self.assertFalse(self.exists(PLUGIN))

    def test_a_runtime_class_that_was_there_stays(self):
        self.create_nodes(gpu_node("gpu-a", 1))
        self.api.create("/apis/node.k8s.io/v1/runtimeclasses", {
            "apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "nvidia"},
            "handler": "nvidia"})
        before = self.api.get(RUNTIME_CLASS)
        run = self.gpu_ok("setup", "--yes", "gpu-a")
        self.assertIn("RuntimeClass nvidia is there already and is left alone", run.stdout)
        self.gpu_ok("undo", "--yes")
        self.assertEqual(self.api.get(RUNTIME_CLASS), before)

    def test_another_plugin_is_recognised_and_left_alone(self):
        self.create_nodes(gpu_node("gpu-a", 1, resources={"nvidia.com/gpu": 4}, gpus=None))
        self.api.create(DAEMON_SETS, daemon_set("their-plugin", "nvcr.io/nvidia/k8s-device-plugin:v0.17.0"))
        self.addCleanup(self.delete, f"{DAEMON_SETS}/their-plugin")
        before = self.api.get(f"{DAEMON_SETS}/their-plugin")["metadata"]["generation"]

        run = self.gpu_ok("setup", "--yes", "gpu-a")
        self.assertIn("DaemonSet kube-system/their-plugin serves the GPUs and is left alone", run.stdout)
        # It does not tolerate the new taint, and that is said.
        self.assertIn("does not tolerate taint nvidia.com/gpu=true:NoSchedule", run.stdout)
        self.assertFalse(self.exists(PLUGIN))
        self.assertEqual(self.api.get(f"{DAEMON_SETS}/their-plugin")["metadata"]["generation"], before)

        self.audit_log.mark()
        for flags in (("--stack", "device-plugin"), ("--time-slicing", "2")):
            refused = self.gpu("setup", "--yes", "gpu-a", *flags)
            self.assertEqual(refused.exit, 3, refused.stderr)
            self.assertIn("their-plugin", refused.stderr)
        self.assert_no_writes()
        self.gpu_ok("undo", "--yes")
        self.assertTrue(self.exists(f"{DAEMON_SETS}/their-plugin"))

    def test_gpu_operator_is_recognised_by_its_cluster_policy(self):
        definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        self.api.create(definitions, {
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "clusterpolicies.nvidia.com"},
            "spec": {"group": "nvidia.com", "scope": "Cluster",
                     "names": {"kind": "ClusterPolicy", "plural": "clusterpolicies", "singular": "clusterpolicy",
                               "listKind": "ClusterPolicyList"},
                     "versions": [{"name": "v1", "served": True, "storage": True,
                                   "schema": {"openAPIV3Schema": {"type": "object"}}}]}})
        self.addCleanup(self.delete, f"{definitions}/clusterpolicies.nvidia.com")
        policies = "/apis/nvidia.com/v1/clusterpolicies"
        self.eventually(lambda: self.exists(policies))
        self.api.create(policies, {"apiVersion": "nvidia.com/v1", "kind": "ClusterPolicy",
                                   "metadata": {"name": "cluster-policy"}})
        self.create_nodes(gpu_node("gpu-a", 1))
        with tempfile.TemporaryDirectory() as cache:
            run = self.gpu_ok("setup", "--yes", "gpu-a", "--cache-dir", cache)
            self.assertIn("gpu-operator serves the GPUs and is left alone", run.stdout)
            self.assertIn(GPU_TAINT, self.taints("gpu-a"))
            self.assertFalse(self.exists(PLUGIN))
            refused = self.gpu("setup", "--yes", "gpu-a", "--stack", "device-plugin", "--cache-dir", cache)
            self.assertEqual(refused.exit, 3, refused.stderr)
            self.assertIn("gpu-operator", refused.stderr)


def daemon_set(name, image, tolerations=()):
    labels = {"app": name}
    return {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": name},
            "spec": {"selector": {"matchLabels": labels},
                     "template": {"metadata": {"labels": labels},
                                  "spec": {"tolerations": list(tolerations),
                                           "containers": [{"name": "main", "image": image}]}}}}


class Plans(GpuTest):
    def test_exit_code_says_whether_something_would_change(self):
        self.create_nodes(gpu_node("gpu-a", 1))
        before = self.settled_marks("gpu-a")
        pending = self.gpu("plan", "gpu-a")
        self.assertEqual(pending.exit, 1, pending.stderr)
        self.assertIn("3 to create, 1 to configure", pending.stdout)
        self.assert_no_writes()
        self.assertEqual({"gpu-a": self.marks("gpu-a")}, before)
        self.gpu_ok("setup", "--yes", "gpu-a")
        self.assertIn("0 writes", self.gpu_ok("plan", "gpu-a").stdout)

    def test_dry_runs_write_nothing(self):
        self.create_nodes(gpu_node("gpu-a", 1))
        before = self.settled_marks("gpu-a")
        for mode in ("client", "server"):
            with self.subTest(mode):
                self.audit_log.mark()
                run = self.gpu_ok("setup", "--yes", "gpu-a", f"--dry-run={mode}")
                self.assertIn("label nvidia.com/gpu=true", run.stdout)
                self.assert_no_writes()
                if mode == "client":
                    self.assertEqual([event for event in self.audit_log.requests() if event["verb"] == "patch"], [])
        self.assertEqual({"gpu-a": self.marks("gpu-a")}, before)
        for path in OURS:
            self.assertFalse(self.exists(path), path)

    def test_documents_parse(self):
        self.create_nodes(gpu_node("gpu-a", 1))
        for form, load in (("json", json.loads), ("yaml", self.parse_yaml)):
            with self.subTest(form):
                plan = self.gpu("plan", "gpu-a", "-o", form)
                self.assertEqual(plan.exit, 1)
                document = load(plan.stdout)
                self.assertEqual((document["apiVersion"], document["kind"]), ("kubectl-ai/v1alpha1", "GPUPlan"))
                self.assertTrue(document["pending"])
        self.assertEqual(document["summary"]["create"], 3)
        done = json.loads(self.gpu_ok("setup", "--yes", "gpu-a", "-o", "json").stdout)
        self.assertEqual({change.get("outcome") for change in done["changes"] if change["action"] != "unchanged"},
                         {"done"})
        self.assertFalse(done["pending"])
        self.assertEqual(json.loads(self.gpu_ok("undo", "--yes", "-o", "json").stdout)["kind"], "GPUPlan")

    def test_impact_comes_first(self):
        team = self.create_namespace("team")
        self.create_nodes(gpu_node("gpu-a", 1), nodes.make_node("gpu-b", 2, labels={"pool": "gpu"}),
                          nodes.make_node("gpu-c", 3, labels=nodes.NFD_NVIDIA, ready=False))
        pods = f"/api/v1/namespaces/{team}/pods"
        for name, tolerations in (("stranger", []), ("guest", [{"operator": "Exists"}])):
            self.api.create(pods, {
                "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
                "spec": {"nodeName": "gpu-a", "tolerations": tolerations,
                         "containers": [{"name": "main", "image": "registry.example/app:1"}]}})
        self.api.create(f"/apis/apps/v1/namespaces/{team}/daemonsets", daemon_set("agent", "registry.example/a:1"))
        self.eventually(lambda: self.api.get(f"{pods}/stranger")["status"]["phase"] == "Running")

        plan = self.gpu("plan", "gpu-a", "gpu-b", "gpu-c")
        self.assertEqual(plan.exit, 1, plan.stderr)
        self.assertIn("1 pod will stay, but cannot come back: no toleration", plan.stdout)
        self.assertIn(f"{team}/stranger", plan.stdout)
        self.assertNotIn("guest", plan.stdout)
        self.assertIn(f"DaemonSet {team}/agent cannot return to", plan.stdout)
        self.assertIn("the node is NotReady", plan.stdout)

        evicting = self.gpu("plan", "gpu-a", "--taint", "nvidia.com/gpu=true:NoExecute", "-o", "json")
        impacts = json.loads(evicting.stdout)["impacts"]
        self.assertIn(("evicted", "stranger"), {(impact["kind"], impact.get("object", {}).get("name"))
                                                for impact in impacts})

    def test_a_profile_and_flags_that_override_it(self):
        self.create_nodes(gpu_node("gpu-a", 1), gpu_node("gpu-b", 2, labels=nodes.NFD_NVIDIA | {"pool": "gpu"}))
        with tempfile.TemporaryDirectory() as directory:
            profile = Path(directory) / "lab.yaml"
            profile.write_text("apiVersion: kubectl-ai/v1alpha1\nkind: Platform\nmetadata: {name: lab}\nspec:\n"
                               "  gpu:\n    nodes: [gpu-a]\n    labels: {accelerator: nvidia}\n"
                               "    taint: dedicated=gpu:NoSchedule\n    stack: device-plugin\n    timeSlicing: 2\n")
            self.gpu_ok("setup", "--yes", "-f", str(profile))
            self.assertEqual(self.node("gpu-a")["metadata"]["labels"]["accelerator"], "nvidia")
            self.assertEqual(self.taints("gpu-a"), [{"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}])
            self.assertEqual(self.allocatable("gpu-a"), 8)
            self.assertEqual(self.taints("gpu-b"), [])
            self.assertIn("0 writes", self.gpu_ok("setup", "--yes", "-f", "-", stdin=profile.read_text()).stdout)

            self.gpu_ok("setup", "--yes", "-f", str(profile), "-l", "pool=gpu", "--taint", "none")
            self.assertEqual(self.taints("gpu-b"), [])
            self.assertEqual(self.node("gpu-b")["metadata"]["labels"]["accelerator"], "nvidia")

            profile.write_text(profile.read_text().replace("taint:", "tiant:"))
            wrong = self.gpu("setup", "--yes", "-f", str(profile))
            self.assertEqual(wrong.exit, 3, wrong.stderr)
            self.assertIn(f"{profile}:8:", wrong.stderr)
            self.assertIn('did you mean "taint"?', wrong.stderr)


if __name__ == "__main__":
    unittest.main()
