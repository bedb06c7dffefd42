"""kubectl ai profile init and audit --profile on the real API server: what init prints is a
valid profile, and says what is there.
"""

import json
import re
import tempfile
import unittest
from pathlib import Path

from kaicluster.nodes import make_node
from kaicluster.testing import ClusterTest

LABEL = {"nvidia.com/gpu": "true"}
TAINT = {"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}
LEVELS = {f"pod-security.kubernetes.io/{mode}": "baseline" for mode in ("enforce", "audit", "warn")}


def gpu_node(name, index, **parts):
    return make_node(name, index, resources={"nvidia.com/gpu": 4}, **parts)


class ProfileTest(ClusterTest):
    def setUp(self):
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.file = Path(directory.name) / "lab.yaml"

    def make(self, path, kind, name, version="v1", **parts):
        self.api.create(path, {"apiVersion": version, "kind": kind, "metadata": {"name": name}, **parts})

    def make_policy(self, namespace, name, **spec):
        self.make(f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies", "NetworkPolicy",
                  name, "networking.k8s.io/v1", spec=spec)

    def make_priority_class(self, name, **parts):
        path = "/apis/scheduling.k8s.io/v1/priorityclasses"
        self.make(path, "PriorityClass", name, "scheduling.k8s.io/v1", **parts)
        self.addCleanup(self.delete, f"{path}/{name}")

    def make_governed_namespace(self):
        namespace = self.create_namespace("profile", LEVELS)
        core = f"/api/v1/namespaces/{namespace}"
        self.make(f"{core}/resourcequotas", "ResourceQuota", "team", spec={"hard": {
            "requests.nvidia.com/gpu": "3", "limits.nvidia.com/gpu": "4", "requests.cpu": "20",
            "count/jobs.batch": "10"}})
        self.make(f"{core}/resourcequotas", "ResourceQuota", "urgent", spec={
            "hard": {"requests.nvidia.com/gpu": "1"},
            "scopeSelector": {"matchExpressions": [
                {"scopeName": "PriorityClass", "operator": "In", "values": ["profile-urgent"]}]}})
        self.make(f"{core}/limitranges", "LimitRange", "defaults", spec={"limits": [
            {"type": "Container", "default": {"cpu": "1", "memory": "1Gi"},
             "defaultRequest": {"cpu": "500m"}}]})
        self.make_policy(namespace, "isolate", podSelector={}, policyTypes=["Ingress", "Egress"],
                         ingress=[{"from": [{"podSelector": {}}]}], egress=[{"to": [{"podSelector": {}}]}])
        self.make_policy(namespace, "dns", podSelector={}, policyTypes=["Egress"], egress=[
            {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]}])
        by_name = {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}
        self.make_policy(namespace, "flows", podSelector={}, policyTypes=["Ingress", "Egress"],
                         ingress=[{"from": [{"namespaceSelector": by_name}],
                                   "ports": [{"port": 8080}, {"port": 9000, "endPort": 9100}]}],
                         egress=[{"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}],
                                  "ports": [{"port": 443}]}])
        self.make_policy(namespace, "some", podSelector={"matchLabels": {"app": "web"}},
                         policyTypes=["Ingress"], ingress=[{}])
        rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
        group = "rbac.authorization.k8s.io"
        self.make(f"{rbac}/roles", "Role", "ai-researcher", f"{group}/v1", rules=[])
        for name, kind, role in (("researchers", "Role", "ai-researcher"), ("viewers", "ClusterRole", "view")):
            self.make(f"{rbac}/rolebindings", "RoleBinding", name, f"{group}/v1",
                      roleRef={"apiGroup": group, "kind": kind, "name": role},
                      subjects=[{"kind": "Group", "apiGroup": group, "name": "oidc:researchers"},
                                {"kind": "ServiceAccount", "name": "runner", "namespace": namespace}])
        return namespace

    def init(self, *arguments, **options):
        done = self.run_binary("kubectl-ai", "profile", "init", *arguments, **options)
        self.assertEqual(done.exit, 0, done.stderr)
        self.file.write_text(done.stdout)
        return done

    def check(self):
        done = self.run_binary("kubectl-ai", "profile", "check", "-f", str(self.file))
        self.assertEqual(done.exit, 0, done.stdout + self.file.read_text())
        return done.stdout

    def drift(self, *arguments):
        done = self.run_binary("kubectl-ai-audit", "--profile", str(self.file), "--select", "profile-drift",
                               "-o", "json", *arguments)
        self.assertIn(done.exit, (0, 1), done.stderr)
        return json.loads(done.stdout)["findings"]


class Init(ProfileTest):
    def test_says_what_is_there(self):
        self.create_nodes(gpu_node("profile-a", 1, labels=LABEL, taints=[TAINT]),
                          gpu_node("profile-b", 2, labels=LABEL, taints=[TAINT]))
        self.make_priority_class("profile-urgent", value=1000, preemptionPolicy="Never",
                                 description="Never: waits: for others")
        namespace = self.make_governed_namespace()
        self.audit_log.mark()

        done = self.init()
        self.assertEqual(done.stderr, "")
        self.assertEqual(self.audit_log.writes(), [])
        self.assertIn("gpu, ", self.check())
        text = done.stdout
        self.assertRegex(text, r"  gpu:\n    nodes:\n(    - \S+\n)*    - profile-a\n    - profile-b\n")
        own = text[text.index(f"  - name: {namespace}\n"):]
        own = own[:re.search(r"\n(?!    )", own[1:]).end() + 1]
        self.assertEqual(own.replace(namespace, "NAMESPACE"), """\
  - name: NAMESPACE
    podSecurity: baseline
    quota:
      count/jobs.batch: 10
      # limits.nvidia.com/gpu: 4 counts nothing; requests.nvidia.com/gpu would
      requests.cpu: 20
      gpus: 3
    quotaByPriority:
      profile-urgent:
        gpus: 1
    defaults:
      requests:
        cpu: 500m
        memory: 1Gi
      limits:
        cpu: 1
        memory: 1Gi
    # NetworkPolicies of some pods only, which stay as they are: some
    network:
      isolate: true
      dns: true
      allowFrom:
      - namespace: monitoring
        ports:
        - 8080
        - 9000-9100
      allowTo:
      - cidr: 0.0.0.0/0
        except:
        - 10.0.0.0/8
        ports:
        - 443
    # RoleBindings to roles that are no profile's: viewers (view)
    roles:
    - name: ai-researcher
      subjects:
      - kind: Group
        name: oidc:researchers
      - kind: ServiceAccount
        name: runner
""")
        self.assertIn("  - name: profile-urgent\n    value: 1000\n    description: 'Never: waits: for others'\n"
                      "    preemptionPolicy: Never\n", text)
        self.assertNotIn("- name: kube-system", text)
        self.assertNotIn("system-node-critical", text)
        self.assertEqual(self.drift(), [])

    def test_one_namespace(self):
        namespace = self.make_governed_namespace()
        other = self.create_namespace("profile", LEVELS)
        text = self.init("-n", namespace).stdout
        self.assertIn(f"- name: {namespace}\n", text)
        self.assertNotIn(other, text)
        self.check()

    def test_what_a_profile_cannot_say_is_a_comment(self):
        self.create_nodes(gpu_node("profile-a", 1, labels=LABEL, taints=[TAINT]),
                          gpu_node("profile-b", 2))
        self.make_priority_class("profile-one", value=1000, globalDefault=True)
        self.make_priority_class("profile-two", value=2000)
        namespace = self.create_namespace("profile", {"pod-security.kubernetes.io/warn": "baseline"})
        core = f"/api/v1/namespaces/{namespace}"
        self.make(f"{core}/resourcequotas", "ResourceQuota", "odd", spec={"hard": {
            "requests.memory": "100", "pods": "5"}})
        self.make(f"{core}/resourcequotas", "ResourceQuota", "effort", spec={
            "hard": {"pods": "1"}, "scopes": ["BestEffort"]})
        self.make(f"{core}/limitranges", "LimitRange", "wide", spec={"limits": [
            {"type": "PersistentVolumeClaim", "max": {"storage": "1Gi"}}]})
        self.make_policy(namespace, "open", podSelector={}, policyTypes=["Ingress"], ingress=[{}])
        text = self.init().stdout
        self.check()
        self.assertIn("# the label nvidia.com/gpu=true is on profile-a only\n", text)
        self.assertIn("# the taint nvidia.com/gpu=true:NoSchedule is on profile-a only\n", text)
        self.assertIn("# requests.memory: 100\n", text)
        self.assertIn("# ResourceQuotas with scopes that a profile cannot say: effort\n", text)
        self.assertIn("# LimitRange wide has more than the defaults of containers;", text)
        self.assertIn("# NetworkPolicies with rules that a profile cannot say: open\n", text)
        self.assertIn("globalDefault: true\n", text)

    def test_gives_back_what_was_applied(self):
        self.make_priority_class("profile-fast", value=1000)
        namespace = self.create_namespace("profile", LEVELS)
        self.file.write_text(json.dumps({
            "apiVersion": "kubectl-ai/v1alpha1", "kind": "Platform", "metadata": {"name": "lab"}, "spec": {
                "namespaces": [{
                    "name": namespace, "podSecurity": "baseline",
                    "quota": {"requests.cpu": 20, "limits.memory": "200Gi", "pods": 50, "gpus": 2},
                    "quotaByPriority": {"profile-fast": {"gpus": 1}},
                    "defaults": {"cpu": "500m", "memory": "1Gi"}}],
                "priorityClasses": [{"name": "profile-fast", "value": 1000}]}}))
        applied = self.run_binary("kubectl-ai-quota", "apply", "-f", str(self.file), "--yes")
        self.assertEqual(applied.exit, 0, applied.stderr)

        text = self.init("-n", namespace).stdout
        self.assertEqual(self.init("-n", namespace).stdout, text)
        self.assertEqual(text[text.index("namespaces:"):text.index("  priorityClasses:")], f"""\
namespaces:
  - name: {namespace}
    podSecurity: baseline
    quota:
      limits.memory: 200Gi
      pods: 50
      requests.cpu: 20
      gpus: 2
    quotaByPriority:
      profile-fast:
        gpus: 1
    defaults:
      requests:
        cpu: 500m
        memory: 1Gi
      limits:
        cpu: 500m
        memory: 1Gi
""")
        plan = self.run_binary("kubectl-ai-quota", "plan", "-f", str(self.file))
        self.assertEqual(plan.exit, 0, plan.stdout)

    def test_a_plan_of_it_hurts_nobody(self):
        namespace = self.make_governed_namespace()
        self.init("-n", namespace)
        # What others set is left, and ours beside it holds nothing back that theirs does not.
        plan = self.run_binary("kubectl-ai-quota", "plan", "-f", str(self.file), "-o", "json")
        self.assertEqual(plan.exit, 1, plan.stderr)
        document = json.loads(plan.stdout)
        self.assertEqual({change["action"] for change in document["changes"]}, {"create"})
        self.assertEqual(document["impacts"], [])

    def test_namespace_that_is_not_there(self):
        done = self.run_binary("kubectl-ai", "profile", "init", "-n", "teem")
        self.assertEqual((done.exit, done.stdout), (3, ""))
        self.assertIn('there is no namespace "teem"', done.stderr)
        self.assertIn('did you mean "team"?', done.stderr)

    def test_what_may_not_be_read_is_said(self):
        done = self.init("-n", "team", context="team-viewer")
        self.assertRegex(done.stderr, r"warning: not read: Node: .*forbidden")
        self.assertRegex(done.stdout, r"(?m)^# Not read: Node: .*forbidden")
        self.assertNotIn("no GPU node was found", done.stdout)
        self.check()


class Drift(ProfileTest):
    def test_live_and_in_a_snapshot(self):
        self.create_nodes(gpu_node("profile-a", 1, labels=LABEL, taints=[TAINT]))
        self.make_priority_class("profile-urgent", value=1000)
        namespace = self.make_governed_namespace()
        self.init("-n", namespace)
        self.assertEqual(self.drift(), [])

        self.kubectl("taint", "node", "profile-a", "nvidia.com/gpu-")
        self.kubectl("label", "namespace", namespace, "--overwrite",
                     "pod-security.kubernetes.io/enforce=privileged")
        self.api.delete(f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies/dns")
        self.kubectl("delete", "rolebinding", "-n", namespace, "researchers")
        self.kubectl("patch", "resourcequota", "-n", namespace, "team", "--type", "merge", "-p",
                     '{"spec": {"hard": {"requests.nvidia.com/gpu": "30"}}}')
        found = self.drift()
        self.assertEqual(sorted(finding["message"] for finding in found), [
            "limits requests.nvidia.com/gpu to 30, and the profile wants 3",
            "no NetworkPolicy opens UDP 53 and TCP 53 to the cluster's DNS",
            "no RoleBinding gives ai-researcher to Group oidc:researchers",
            f"no RoleBinding gives ai-researcher to ServiceAccount {namespace}/runner",
            "the label pod-security.kubernetes.io/enforce is privileged, and the profile wants baseline",
            "the taint nvidia.com/gpu=true:NoSchedule of the profile is missing"])
        snapshot = str(self.file.with_suffix(".snapshot"))
        self.assertEqual(self.run_binary("kubectl-ai-audit", "snapshot", "-o", snapshot).exit, 0)
        self.assertEqual(self.drift("--snapshot", snapshot), found)
        # Of one namespace, what it can say.
        self.assertEqual(self.drift("-n", namespace),
                         [finding for finding in found if finding["object"]["kind"] != "Node"])


if __name__ == "__main__":
    unittest.main()
