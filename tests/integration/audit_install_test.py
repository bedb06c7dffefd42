"""kubectl ai audit install on the real API server: what it creates, what its account may do,
and that uninstall takes away exactly that.
"""

import json
import os
import pty
import subprocess
import unittest

from audit_support import ageless
from kaicluster import nodes
from kaicluster.api import ApiError
from kaicluster.testing import ClusterTest

RBAC = "/apis/rbac.authorization.k8s.io/v1"
IMAGE = "registry.example/kubectl-ai:1"
WRITES = ("create", "update", "patch", "delete", "deletecollection")


def rules_of(role):
    """{(verb, group, resource)} of a role's rules, or of a rules review."""
    return {(verb, group, resource) for rule in role for verb in rule["verbs"]
            for group in rule["apiGroups"] for resource in rule["resources"]}


class InstallTest(ClusterTest):
    def setUp(self):
        super().setUp()
        self.namespace = self.create_namespace("audit-home", {"pod-security.kubernetes.io/enforce": "restricted"})
        self.accounts = f"/api/v1/namespaces/{self.namespace}/serviceaccounts"
        self.role = f"{RBAC}/clusterroles/kubectl-ai-audit:{self.namespace}"
        self.cron_job = f"/apis/batch/v1/namespaces/{self.namespace}/cronjobs/kubectl-ai-audit"
        self.job = f"/apis/batch/v1/namespaces/{self.namespace}/jobs/kubectl-ai-audit-once"
        self.addCleanup(self.run_binary, "kubectl-ai-audit", "uninstall", "-n", self.namespace, "--force-conflicts")
        self.audit_log.mark()

    def audit(self, *arguments, exit=0, **options):
        run = self.run_binary("kubectl-ai-audit", *arguments[:1], "-n", self.namespace, *arguments[1:], **options)
        self.assertEqual(run.exit, exit, run.stdout + run.stderr)
        return run

    def exists(self, path):
        try:
            self.api.get(path)
        except ApiError as error:
            self.assertEqual(error.status, 404)
            return False
        return True

    def names_of_accounts(self):
        return {account["metadata"]["name"] for account in self.api.get(self.accounts)["items"]}


class Account(InstallTest):
    def token(self):
        review = self.api.create(f"{self.accounts}/kubectl-ai-audit/token", {
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}})
        return review["status"]["token"]

    def may(self, verb, resource, group="", namespace=None, subresource=""):
        review = self.api.create("/apis/authorization.k8s.io/v1/subjectaccessreviews", {
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": {"user": f"system:serviceaccount:{self.namespace}:kubectl-ai-audit",
                     "groups": ["system:serviceaccounts", f"system:serviceaccounts:{self.namespace}",
                                "system:authenticated"],
                     "resourceAttributes": {"verb": verb, "resource": resource, "group": group,
                                            "subresource": subresource, "namespace": namespace or ""}}})
        return review["status"]["allowed"]

    def served(self):
        """{(group, resource): verbs} of everything that the server has."""
        groups = ["/api/v1"] + [f"/apis/{group['preferredVersion']['groupVersion']}"
                                for group in self.api.get("/apis")["groups"]]
        return {("" if path == "/api/v1" else path.split("/")[2], resource["name"]): resource["verbs"]
                for path in groups for resource in self.api.get(path)["resources"]}

    def make_flaws(self):
        """Something to find of many kinds, so that equal findings say something."""
        self.create_nodes(nodes.make_node("install-a", 0, resources={"nvidia.com/gpu": "2"}))
        team = self.create_namespace("install-team")
        quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "gpus"},
                 "spec": {"hard": {"limits.nvidia.com/gpu": "4"}}}
        self.api.create(f"/api/v1/namespaces/{team}/resourcequotas", quota)
        self.api.create(f"/apis/autoscaling/v2/namespaces/{team}/horizontalpodautoscalers", {
            "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "gone"},
            "spec": {"maxReplicas": 2, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment",
                                                          "name": "gone"}}})
        self.api.create(f"{RBAC}/namespaces/{team}/rolebindings", {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "gone"},
            "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": team}],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "gone"}})
        labels = {"app": "train"}
        self.api.create(f"/apis/apps/v1/namespaces/{team}/deployments", {
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "train"},
            "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": {
                "metadata": {"labels": labels}, "spec": {"containers": [{
                    "name": "main", "image": "registry.example/train",
                    "resources": {"limits": {"nvidia.com/gpu": "2"}}}]}}}})
        pods = f"/api/v1/namespaces/{team}/pods"
        self.eventually(lambda: [pod for pod in self.api.get(pods)["items"]
                                 if pod["status"]["phase"] == "Running"])

    def test_it_finds_what_an_administrator_finds(self):
        self.wait_until_nothing_goes_away()
        self.make_flaws()
        self.audit("install", "--image", IMAGE)
        mine = self.run_binary("kubectl-ai-audit", "-o", "json")
        seen = self.run_binary("kubectl-ai-audit", "-o", "json", "--token", self.token())
        self.assertEqual((mine.exit, seen.exit), (1, 1), seen.stderr)
        report = json.loads(ageless(seen.stdout))
        rules = {finding["rule"] for finding in report["findings"]}
        self.assertLessEqual({"quota-gpu-key-inert", "hpa-target-missing", "rbac-dangling-binding", "psa-missing",
                              "gpu-image-floating", "gpu-node-unlabelled"}, rules)
        self.assertEqual(report["coverage"]["notChecked"], [])
        self.assertEqual(report, json.loads(ageless(mine.stdout)))

    def test_it_finds_nothing_wrong_with_what_was_installed(self):
        self.audit("install", "--image", IMAGE)
        self.audit("install", "--image", IMAGE, "--once")
        self.eventually(lambda: self.api.get(f"/api/v1/namespaces/{self.namespace}/pods")["items"])
        report = json.loads(self.run_binary("kubectl-ai-audit", "-o", "json").stdout)
        self.assertEqual([finding for finding in report["findings"]
                          if "kubectl-ai-audit" in finding["object"]["name"]], [])

    def test_it_may_list_what_the_rules_look_at_and_nothing_else(self):
        self.audit("install", "--image", IMAGE)
        wanted = rules_of(self.api.get(self.role)["rules"])
        self.assertEqual({verb for verb, _, _ in wanted}, {"list"})

        # All that it may do, by its own account, in its own namespace and in another; what
        # every account may do is left out.
        for namespace in (self.namespace, "kube-system"):
            mine = rules_of(self.reviewed_rules(namespace))
            self.assertEqual({rule for rule in mine if rule[1] not in ("authentication.k8s.io", "authorization.k8s.io")},
                             wanted)

        # And resource by resource, by the server's own: each that it has, and each verb.
        served = self.served()
        for verb, group, resource in wanted:
            if any(known == group for known, _ in served):
                self.assertIn((group, resource), served)
        for (group, name), verbs in served.items():
            resource, _, subresource = name.partition("/")
            if group in ("authentication.k8s.io", "authorization.k8s.io"):
                continue
            for verb in {"get", "list", "watch", *verbs}:
                self.assertEqual(self.may(verb, resource, group, "kube-system", subresource),
                                 (verb, group, name) in wanted, (verb, group, name))
        for verb in ("get", "list", "watch"):
            self.assertFalse(self.may(verb, "secrets", namespace=self.namespace))
        for verb in WRITES:
            self.assertFalse(self.may(verb, "pods", namespace=self.namespace), verb)

    def reviewed_rules(self, namespace):
        run = self.kubectl("create", "--raw", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", "-f", "-",
                           "--token", self.token(), stdin=json.dumps({
                               "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview",
                               "spec": {"namespace": namespace}}))
        self.assertEqual(run.exit, 0, run.stderr)
        return json.loads(run.stdout)["status"]["resourceRules"]

    def test_fewer_rules_mean_fewer_rights(self):
        self.audit("install", "--image", IMAGE, "--select", "quota-gpu-key-inert")
        # Labels of namespaces may hold exceptions.
        self.assertEqual(rules_of(self.api.get(self.role)["rules"]),
                         {("list", "", "resourcequotas"), ("list", "", "namespaces")})
        seen = self.run_binary("kubectl-ai-audit", "--select", "quota-gpu-key-inert", "-o", "json",
                               "--token", self.token())
        self.assertEqual(json.loads(seen.stdout)["coverage"]["notChecked"], [])
        spec = self.api.get(self.cron_job)["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        self.assertEqual(spec["containers"][0]["args"], ["--select", "quota-gpu-key-inert", "-o", "json"])

    def test_custom_kinds_that_are_served_are_listed(self):
        self.api.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "profiles.kubeflow.org"},
            "spec": {"group": "kubeflow.org", "scope": "Cluster",
                     "names": {"plural": "profiles", "singular": "profile", "kind": "Profile"},
                     "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
                         "type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]}})
        self.addCleanup(self.delete, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/profiles.kubeflow.org")
        profiles = "/apis/kubeflow.org/v1/profiles"
        self.eventually(lambda: self.api.raw("GET", profiles)[0] == 200)
        self.api.create(profiles, {"apiVersion": "kubeflow.org/v1", "kind": "Profile", "metadata": {"name": "dave"},
                                   "spec": {"owner": {"kind": "User", "name": "dave"}}})
        self.audit("install", "--image", IMAGE)
        seen = self.run_binary("kubectl-ai-audit", "--select", "kubeflow-profile-no-quota", "-o", "json",
                               "--token", self.token())
        report = json.loads(seen.stdout)
        self.assertEqual(report["coverage"]["notChecked"], [])
        self.assertEqual([finding["object"]["name"] for finding in report["findings"]], ["dave"])


class Writing(InstallTest):
    def test_again_it_writes_nothing_and_uninstall_takes_back_its_own(self):
        self.api.create(self.accounts, {"apiVersion": "v1", "kind": "ServiceAccount",
                                        "metadata": {"name": "somebody-else"}})
        for mode in ("client", "server"):
            plan = self.audit("install", "--image", IMAGE, f"--dry-run={mode}")
            self.assertIn("5 to create\n", plan.stdout)
            self.assertFalse(self.exists(self.cron_job))
        self.assertEqual(self.audit_log.writes(), [])
        done = self.audit("install", "--image", IMAGE, "--schedule", "0 5 * * 1")
        self.assertIn("5 to create\n5 created in 5 writes\n", done.stdout)
        self.assertEqual(self.api.get(self.cron_job)["spec"]["schedule"], "0 5 * * 1")
        self.audit_log.mark()
        again = self.audit("install", "--image", IMAGE, "--schedule", "0 5 * * 1")
        self.assertEqual(again.stdout, "Nothing to do: it is installed like this, 0 writes\n")
        self.assertEqual(self.audit_log.writes(), [])
        changed = self.audit("install", "--image", IMAGE, "--schedule", "0 4 * * 1")
        self.assertIn("~ spec.schedule: 0 5 * * 1 → 0 4 * * 1\n", changed.stdout)
        self.assertEqual(len(self.audit_log.writes()), 1)

        self.assertIn("5 to delete\n", self.audit("uninstall", "--dry-run=server").stdout)
        self.assertTrue(self.exists(self.cron_job))
        self.audit("uninstall")
        self.eventually(lambda: not self.exists(self.cron_job))
        for path in (self.role, self.role.replace("roles/", "rolebindings/")):
            self.assertFalse(self.exists(path), path)
        self.assertEqual(self.names_of_accounts(), {"default", "somebody-else"})
        self.assertIn("0 writes", self.audit("uninstall").stdout)

    def on_terminal(self, answer, *arguments):
        """(exit, text) of a run whose question gets this answer."""
        ours, theirs = pty.openpty()
        with subprocess.Popen([self.binary("kubectl-ai-audit"), *arguments, "-n", self.namespace],
                              stdin=theirs, stdout=theirs, stderr=theirs) as run:
            os.close(theirs)
            text = b""
            try:
                while chunk := os.read(ours, 4096):
                    text += chunk
                    if answer and b"?" in text:
                        os.write(ours, answer)
                        answer = None
            except OSError:  # its end of the terminal is closed
                pass
        os.close(ours)
        return run.returncode, text.decode()

    def test_it_asks_first(self):
        exit, text = self.on_terminal(b"n\n", "install", "--image", IMAGE)
        self.assertEqual(exit, 1, text)
        self.assertLess(text.index("5 to create"), text.index(f"Install this in the namespace {self.namespace}?"))
        self.assertEqual(self.audit_log.writes(), [])
        exit, text = self.on_terminal(b"y\n", "install", "--image", IMAGE)
        self.assertEqual(exit, 0, text)
        self.assertEqual(len(self.audit_log.writes()), 5)
        exit, text = self.on_terminal(b"n\n", "uninstall")
        self.assertEqual(exit, 1, text)
        self.assertIn("Delete this?", text)
        self.assertEqual(len(self.audit_log.writes()), 5)

    def test_as_a_document(self):
        document = json.loads(self.audit("install", "--image", IMAGE, "-o", "json", "--dry-run=client").stdout)
        self.assertEqual((document["kind"], document["pending"], document["summary"]["create"]),
                         ("AuditInstallation", True, 5))
        self.assertEqual(self.audit_log.writes(), [])

    def test_two_namespaces_do_not_share_and_uninstall_leaves_the_other(self):
        other = self.create_namespace("audit-home")
        self.addCleanup(self.run_binary, "kubectl-ai-audit", "uninstall", "-n", other)
        self.audit("install", "--image", IMAGE)
        run = self.run_binary("kubectl-ai-audit", "install", "-n", other, "--image", IMAGE, "--select", "quota")
        self.assertEqual(run.exit, 0, run.stderr)
        self.audit("uninstall")
        self.assertFalse(self.exists(self.role))
        self.assertTrue(self.exists(f"{RBAC}/clusterroles/kubectl-ai-audit:{other}"))
        self.assertTrue(self.exists(f"/apis/batch/v1/namespaces/{other}/cronjobs/kubectl-ai-audit"))
        self.run_binary("kubectl-ai-audit", "uninstall", "-A")
        self.assertFalse(self.exists(f"{RBAC}/clusterroles/kubectl-ai-audit:{other}"))

    def test_once_is_admitted_where_only_restricted_pods_are_and_leaves_the_schedule_alone(self):
        self.audit("install", "--image", IMAGE)
        role = self.api.get(self.role)
        once = ("install", "--image", IMAGE, "--once", "--select", "quota", "--", "-o", "prometheus", "--fail-on", "never")
        self.audit(*once)
        pods = f"/api/v1/namespaces/{self.namespace}/pods"
        self.eventually(lambda: self.api.get(pods)["items"])
        container = self.api.get(pods)["items"][0]["spec"]["containers"][0]
        self.assertEqual((container["command"], container["args"]),
                         (["kubectl-ai-audit"], ["--select", "quota", "-o", "prometheus", "--fail-on", "never"]))
        self.assertEqual(self.api.get(self.role), role)
        self.audit_log.mark()
        self.assertIn("0 writes", self.audit(*once).stdout)
        different = self.audit("install", "--image", "registry.example/kubectl-ai:2", "--once", exit=3)
        self.assertEqual(different.stderr.splitlines()[0],
                         f"error: Job {self.namespace}/kubectl-ai-audit-once exists with other arguments, "
                         "and a Job cannot be changed")
        self.assertEqual(self.audit_log.writes(), [])
        self.assertIn("10 deleted in 10 writes", self.audit("uninstall").stdout)
        self.eventually(lambda: not self.api.get(pods)["items"])
        self.assertFalse(self.exists(self.job))

    def test_what_others_made_under_its_name_stays(self):
        self.api.create(self.accounts, {"apiVersion": "v1", "kind": "ServiceAccount",
                                        "metadata": {"name": "kubectl-ai-audit", "labels": {"team": "a"}}})
        refused = self.audit("install", "--image", IMAGE, exit=3)
        self.assertIn(f"ServiceAccount {self.namespace}/kubectl-ai-audit exists, and was not made by install",
                      refused.stderr)
        self.audit("uninstall")
        self.assertIn("kubectl-ai-audit", self.names_of_accounts())
        self.assertEqual(self.audit_log.writes(), [])

    def test_what_others_apply_as_well_stays_unless_forced(self):
        self.audit("install", "--image", IMAGE)
        self.api.apply(self.cron_job, {"apiVersion": "batch/v1", "kind": "CronJob",
                                       "metadata": {"name": "kubectl-ai-audit"}, "spec": {"suspend": True}})
        kept = self.audit("uninstall")
        self.assertIn(f'CronJob {self.namespace}/kubectl-ai-audit stays: "kubectl-ai-tests" applies it as well',
                      kept.stderr)
        self.assertTrue(self.exists(self.cron_job))
        self.audit("uninstall", "--force-conflicts")
        self.eventually(lambda: not self.exists(self.cron_job))

    def test_without_rights_nothing_is_half_done(self):
        run = self.audit("install", "--image", IMAGE, context="viewer", exit=3)
        self.assertIn("is forbidden", run.stderr)
        self.assertEqual(self.audit_log.writes(), [])
        missing = self.run_binary("kubectl-ai-audit", "install", "-n", "not-there", "--image", IMAGE)
        self.assertEqual(missing.exit, 3)
        self.assertIn('namespaces "not-there" not found', missing.stderr)

    def test_printed_manifests_are_what_it_would_apply(self):
        printed = self.audit("install", "--image", IMAGE, "--print")
        self.assertEqual(self.audit_log.requests(), [])
        applied = self.kubectl("apply", "--server-side", "--field-manager", "kubectl-ai", "-f", "-", stdin=printed.stdout)
        self.assertEqual(applied.exit, 0, applied.stderr)
        self.assertIn("0 writes", self.audit("install", "--image", IMAGE).stdout)


if __name__ == "__main__":
    unittest.main()
