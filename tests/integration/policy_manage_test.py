"""`kubectl ai policy plan`, `apply`, `undo`, `status` and `fix` on a real API server with
admission as shipped: Pod Security turns pods away, RBAC allows and denies, what is there already
costs no write, and what others made stays.
"""

import json
import os
import subprocess
import unittest
from collections import Counter
from pathlib import Path

import jsonschema

from kaicluster.testing import ClusterTest

SCHEMAS = Path(__file__).resolve().parents[2] / "shared/kai/output"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
NETWORKING = "/apis/networking.k8s.io/v1"
PREFIX = "pod-security.kubernetes.io/"
HARDENED = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
HARDENED_CONTAINER = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
RESEARCHERS = {"name": "ai-researcher", "subjects": [{"kind": "Group", "name": "researchers"}]}
OPERATORS = {"name": "ai-operator", "subjects": [{"kind": "User", "name": "anna"}]}


class ManageTest(ClusterTest):
    def policy(self, *arguments, **options):
        return self.run_binary("kubectl-ai-policy", *arguments, **options)

    def plan(self, *arguments, code=1):
        run = self.policy("plan", "-f", str(self.profile), *arguments)
        self.assertEqual(run.exit, code, run.stdout + run.stderr)
        return run

    def apply(self, *arguments, code=0):
        self.audit_log.mark()
        run = self.policy("apply", "-f", str(self.profile), "--yes", *arguments)
        self.assertEqual(run.exit, code, run.stdout + run.stderr)
        return run

    def document(self, kind, schema, *arguments):
        """What a command prints as JSON, held to its schema."""
        run = self.policy(*arguments, "-o", "json")
        document = json.loads(run.stdout)
        self.assertEqual(document["kind"], kind)
        schema = json.loads((SCHEMAS / schema).read_text())
        jsonschema.Draft7Validator.check_schema(schema)
        jsonschema.validate(document, schema)
        return document

    def labels(self, ns):
        return self.api.get(f"/api/v1/namespaces/{ns}")["metadata"]["labels"]

    def levels(self, ns):
        return {key.removeprefix(PREFIX): value for key, value in self.labels(ns).items() if key.startswith(PREFIX)}

    def names(self, path):
        return {item["metadata"]["name"] for item in self.api.get(path)["items"]}

    def add_pod(self, ns, name, labels=None, *, spec=None, container=None, annotations=None):
        """(HTTP status, what the server says of it)."""
        return self.api.raw("POST", f"/api/v1/namespaces/{ns}/pods", {
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "labels": labels or {}, "annotations": annotations or {}},
            "spec": {**(spec or {}),
                     "containers": [{"name": "main", "image": "registry.example/main:1", **(container or {})}]}})

    def must_add_pod(self, *arguments, **options):
        status, answer = self.add_pod(*arguments, **options)
        self.assertEqual(status, 201, answer)

    def add_service(self, ns, name, selector, port, *, target=None, protocol="TCP", labels=None, kind="ClusterIP"):
        path = f"/api/v1/namespaces/{ns}/services"
        self.api.create(path, {
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "labels": labels or {}},
            "spec": {"type": kind, "selector": selector,
                     "ports": [{"name": "main", "port": port, "targetPort": target or port, "protocol": protocol}]}})
        self.addCleanup(self.delete, f"{path}/{name}")

    def as_researcher(self, *arguments):
        return self.kubectl(*arguments, "--as", "somebody", "--as-group", "researchers")


class PodSecurity(ManageTest):
    def test_turns_pods_away_for_real_and_says_so_before(self):
        team = self.create_namespace("policy")
        for name in ("plain-1", "plain-2"):
            self.must_add_pod(team, name)
        self.must_add_pod(team, "good", spec={"securityContext": HARDENED},
                          container={"securityContext": HARDENED_CONTAINER})
        self.write_profile({"name": team, "podSecurity": "restricted"})
        plan = self.plan()
        self.assertIn("2 running pods would be refused when made again", plan.stdout)
        self.assertIn(f"Pod {team}/plain-1: Privilege Escalation", plan.stdout)
        self.assertNotIn("good", plan.stdout)
        refused = self.apply(code=3)
        self.assertIn("would be refused on their next restart", refused.stderr)
        self.assertEqual(self.audit_log.writes(), [])
        self.assertEqual(self.levels(team), {})
        forced = self.apply("--force")
        self.assertNotIn("warning:", forced.stderr)  # the plan has told it
        self.assertEqual(self.levels(team), dict.fromkeys(("enforce", "audit", "warn"), "restricted"))
        status, answer = self.add_pod(team, "plain-3")
        self.assertEqual(status, 403)
        self.assertIn("violates PodSecurity", str(answer))
        self.must_add_pod(team, "good-2", spec={"securityContext": HARDENED},
                          container={"securityContext": HARDENED_CONTAINER})

    def test_workloads_without_pods_are_told_and_no_reason_to_stop(self):
        team = self.create_namespace("policy")
        self.add_deployment(team)
        self.write_profile({"name": team, "podSecurity": {"enforce": "baseline", "audit": "restricted",
                                                          "enforceVersion": "v1.34"}})
        self.assertNotIn("could not make any", self.plan().stdout)
        self.apply()
        self.assertEqual(self.levels(team), {"enforce": "baseline", "enforce-version": "v1.34",
                                             "audit": "restricted", "warn": "baseline", "warn-version": "v1.34"})
        self.write_profile({"name": team, "podSecurity": "restricted"})
        self.assertIn(f"Deployment {team}/web: Privilege Escalation", self.apply().stdout)
        self.assertEqual(self.levels(team), dict.fromkeys(("enforce", "audit", "warn"), "restricted"))

    def add_deployment(self, ns):
        self.api.create(f"/apis/apps/v1/namespaces/{ns}/deployments", {
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
            "spec": {"replicas": 0, "selector": {"matchLabels": {"app": "web"}},
                     "template": {"metadata": {"labels": {"app": "web"}},
                                  "spec": {"containers": [{"name": "main", "image": "registry.example/web:1"}]}}}})

    def test_fix_prints_patches_that_work(self):
        team = self.create_namespace("policy")
        self.add_deployment(team)
        self.must_add_pod(team, "host", spec={"hostNetwork": True})
        document = self.document("PolicyFix", "policy-fix.schema.json", "fix", "-n", team)
        items = {item["object"]["kind"]: item for item in document["items"]}
        self.assertEqual(items["Deployment"]["left"], [])
        self.assertIn("Host Namespaces", [left["control"] for left in items["Pod"]["left"]])
        self.assertNotIn("command", items["Pod"])
        directory = Path(os.environ["KAI_KUBECTL"]).parent
        done = subprocess.run(items["Deployment"]["command"], shell=True, capture_output=True, text=True, check=False,
                              env=dict(os.environ, PATH=f"{directory}:/usr/bin:/bin"))
        self.assertEqual(done.returncode, 0, done.stderr)
        text = self.policy("fix", "-n", team)
        self.assertEqual(text.exit, 1)
        self.assertNotIn("Deployment", text.stdout)
        self.delete(f"/api/v1/namespaces/{team}/pods/host?gracePeriodSeconds=0")
        self.assertEqual(self.policy("fix", "-n", team).exit, 0)

    def test_a_label_of_others_is_a_conflict(self):
        team = self.create_namespace("policy")
        self.assertEqual(self.kubectl("label", "ns", team, f"{PREFIX}enforce=privileged").exit, 0)
        self.write_profile({"name": team, "podSecurity": "baseline"})
        run = self.apply(code=3)
        self.assertIn('enforce is managed by "kubectl-label"', run.stderr)
        self.assertEqual(self.audit_log.writes(), [])
        self.apply("--force-conflicts")
        self.assertEqual(self.levels(team)["enforce"], "baseline")

    def test_a_namespace_of_kubeflow_keeps_its_labels(self):
        team = self.create_namespace("policy", {"app.kubernetes.io/part-of": "kubeflow-profile"})
        self.write_profile({"name": team, "podSecurity": "baseline", "roles": [RESEARCHERS]})
        self.assertIn("made by a Profile of Kubeflow: its labels are left", self.apply().stdout)
        self.assertEqual(self.levels(team), {})
        self.assertIn("ai-researcher", self.names(f"{RBAC}/namespaces/{team}/roles"))
        self.apply("--force-conflicts")
        self.assertEqual(self.levels(team)["enforce"], "baseline")


class Network(ManageTest):
    def setUp(self):
        super().setUp()
        self.team = self.create_namespace("policy")
        self.web = self.create_namespace("web")
        self.slice("192.0.2.10")
        self.must_add_pod(self.team, "app", {"app": "app"}, container={"ports": [{"name": "http", "containerPort": 8080}]})
        self.add_service(self.team, "app", {"app": "app"}, 80, target="http")

    def slice(self, address):
        """The API server of this cluster is on loopback, which it tells nobody."""
        path = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
        self.delete(f"{path}/kubernetes")
        self.api.create(path, {
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": "kubernetes", "labels": {"kubernetes.io/service-name": "kubernetes"}},
            "endpoints": [{"addresses": [address]}], "ports": [{"name": "https", "port": 6443, "protocol": "TCP"}]})
        self.addCleanup(self.delete, f"{path}/kubernetes")

    def isolate(self, **more):
        self.write_profile({"name": self.team, "network": {"isolate": True, "dns": True, **more}})

    def reaches(self, source, destination):
        return self.policy("test", "--from", source, "--to", destination).exit == 0

    def test_names_the_flows_that_it_would_cut_and_so_it_is(self):
        self.must_add_pod(self.web, "front", container={
            "env": [{"name": "BACKEND", "value": f"http://app.{self.team}.svc.cluster.local"}]})
        self.must_add_pod(self.web, "nginx", container={"image": "registry.k8s.io/ingress-nginx/controller:v1"})
        self.must_add_pod(self.web, "prometheus", container={"image": "quay.io/prometheus/prometheus:v3"})
        self.must_add_pod(self.team, "metrics", annotations={"prometheus.io/scrape": "true", "prometheus.io/port": "9100"})
        self.add_service(self.team, "public", {"app": "app"}, 81, target=8080, kind="NodePort")
        self.api.create(f"{NETWORKING}/namespaces/{self.team}/ingresses", {
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "app"},
            "spec": {"defaultBackend": {"service": {"name": "app", "port": {"number": 80}}}}})
        self.isolate()
        text = self.plan().stdout
        self.assertIn("4 flows would be cut", text)
        for line in (f"Service {self.team}/app: port 8080 from Pod {self.web}/front, which names it",
                     f"port 8080 from Pod {self.web}/nginx, for Ingress {self.team}/app",
                     f"Pod {self.team}/metrics: port 9100 from Pod {self.web}/prometheus",
                     f"Service {self.team}/public: port 8080 from outside, as it is a NodePort",
                     f"allowFrom {self.web} keeps it", "cannot be seen"):
            self.assertIn(line, text)
        self.assertIn("flows that are there would be cut", self.apply(code=3).stderr)
        self.assertEqual(self.audit_log.writes(), [])
        self.isolate(allowFrom=[self.web])
        self.assertIn("1 flow would be cut", self.plan().stdout)
        self.apply("--force")
        for pod in ("front", "nginx"):
            self.assertTrue(self.reaches(f"{self.web}/{pod}", f"{self.team}/app:http"))
        self.assertFalse(self.reaches("203.0.113.1", f"{self.team}/app:http"))
        self.assertFalse(self.reaches(f"{self.team}/app", f"{self.web}/front:80"))
        self.assertTrue(self.reaches(f"{self.team}/app", f"{self.team}/metrics:9100"))
        self.assertIn("0 writes", self.apply().stdout)

    def test_dns_and_the_api_server_are_where_they_are(self):
        self.add_service("kube-system", "kube-dns", {"k8s-app": "kube-dns"}, 53, target=5353, protocol="UDP",
                         labels={"k8s-app": "kube-dns"})
        self.must_add_pod("kube-system", "coredns", {"k8s-app": "kube-dns"})
        self.addCleanup(self.delete, "/api/v1/namespaces/kube-system/pods/coredns?gracePeriodSeconds=0")
        self.isolate(apiServer=True)
        self.apply()
        app = f"{self.team}/app"
        for destination, expected in (("kube-system/coredns:53/UDP", True), ("kube-system/coredns:53", True),
                                      ("kube-system/coredns:5353/UDP", True), ("kube-system/coredns:80", False),
                                      ("192.0.2.10:6443", True), ("192.0.2.10:443", False), ("192.0.2.11:6443", False)):
            with self.subTest(destination):
                self.assertEqual(self.reaches(app, destination), expected)

    def test_what_the_api_server_calls_stays_open(self):
        self.must_add_pod(self.team, "hook", {"app": "hook"})
        self.add_service(self.team, "hook", {"app": "hook"}, 443, target=9443)
        path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
        self.api.create(path, {
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": self.team},
            "webhooks": [{"name": "pods.example.com", "failurePolicy": "Ignore", "sideEffects": "None",
                          "admissionReviewVersions": ["v1"], "rules": [],
                          "clientConfig": {"service": {"namespace": self.team, "name": "hook"}}}]})
        self.addCleanup(self.delete, f"{path}/{self.team}")
        self.isolate()
        self.assertIn("calls it for webhook pods.example.com", self.apply().stdout)
        self.assertTrue(self.reaches("192.0.2.10", f"{self.team}/hook:9443"))
        self.assertFalse(self.reaches("192.0.2.10", f"{self.team}/app:9443"))

    def test_policies_of_others_are_left_and_add_up(self):
        self.api.create(f"{NETWORKING}/namespaces/{self.team}/networkpolicies", {
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": "theirs", "labels": {"hnc.x-k8s.io/inherited-from": "parent"}},
            "spec": {"podSelector": {}, "ingress": [{}]}})
        self.must_add_pod(self.web, "front", container={"args": [f"--backend=app.{self.team}:80"]})
        self.isolate()
        text = self.apply().stdout
        self.assertIn(f"NetworkPolicy {self.team}/theirs (inherited from parent through the Hierarchical Namespace "
                      "Controller) is not ours", text)
        self.assertNotIn("would be cut", text)
        self.assertTrue(self.reaches(f"{self.web}/front", f"{self.team}/app:http"))
        self.policy("undo", "-n", self.team, "--yes")
        self.assertEqual(self.names(f"{NETWORKING}/namespaces/{self.team}/networkpolicies"), {"theirs"})


class Roles(ManageTest):
    def test_allow_and_deny_for_real(self):
        team = self.create_namespace("policy")
        other = self.create_namespace("other")
        self.write_profile({"name": team, "roles": [RESEARCHERS, OPERATORS]})
        self.apply()
        run = self.as_researcher("run", "job", "--image", "registry.example/main:1", "-n", team)
        self.assertEqual(run.exit, 0, run.stderr)
        for arguments in (("get", "secrets", "-n", team), ("run", "job", "--image", "a", "-n", other),
                          ("get", "pods", "-A"), ("get", "nodes"), ("delete", "networkpolicy", "any", "-n", team),
                          ("create", "rolebinding", "more", "--clusterrole=admin", "--user=somebody", "-n", team),
                          ("create", "token", "default", "-n", team), ("label", "ns", team, f"{PREFIX}enforce=privileged")):
            with self.subTest(arguments):
                run = self.as_researcher(*arguments)
                self.assertNotEqual(run.exit, 0)
                self.assertIn("orbidden", run.stderr)
        anna = self.kubectl("create", "secret", "generic", "pull", "--from-literal=a=b", "-n", team, "--as", "anna")
        self.assertEqual(anna.exit, 0, anna.stderr)
        self.assertIn("orbidden", self.kubectl("get", "secret", "pull", "-n", team, "--as", "anna").stderr)

    def test_status_proves_it(self):
        team = self.create_namespace("policy")
        self.write_profile({"name": team, "podSecurity": "baseline", "network": {"isolate": "ingress"},
                            "roles": [RESEARCHERS, OPERATORS]})
        self.apply()
        self.audit_log.mark()
        run = self.policy("status", "-n", team)
        self.assertEqual(run.exit, 0, run.stdout + run.stderr)
        self.assertEqual(run.stdout.count("answers are as they should be"), 2)
        self.assertEqual(self.audit_log.writes(), [])
        self.bind("view", {"kind": "Group", "name": "researchers", "apiGroup": "rbac.authorization.k8s.io"})
        self.eventually(lambda: self.policy("status", "-n", team).exit == 1)
        document = self.document("PolicyStatus", "policy-status.schema.json", "status", "-n", team)
        wrong = [answer for entry in document["access"] for answer in entry["wrong"]]
        self.assertEqual([answer["what"] for answer in wrong], ["list pods in all namespaces"])
        self.assertIn(f'ClusterRoleBinding "{self.bound}"', wrong[0]["reason"])
        self.assertEqual(document["items"][0]["closed"], {"ingress": True, "egress": False})

    def test_status_sees_service_accounts_that_lead_out(self):
        team = self.create_namespace("policy")
        self.write_profile({"name": team, "roles": [RESEARCHERS]})
        self.apply()
        self.bind("cluster-admin", {"kind": "ServiceAccount", "name": "robot", "namespace": team})
        run = self.policy("status", "-n", team)
        self.assertEqual(run.exit, 1)
        self.assertIn(f"as ServiceAccount {team}/robot, to which", run.stdout)

    def bind(self, role, subject):
        self.bound = f"policy-{os.getpid()}-{role}"
        self.api.create(f"{RBAC}/clusterrolebindings", {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": self.bound}, "subjects": [subject],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}})
        self.addCleanup(self.delete, f"{RBAC}/clusterrolebindings/{self.bound}")

    def test_who_may_not_ask_is_told_so(self):
        run = self.policy("status", context="outsider")
        self.assertEqual(run.exit, 3)
        self.assertIn("forbidden", run.stderr.lower())


class Ownership(ManageTest):
    def whole(self, ns, **more):
        return {"name": ns, "podSecurity": "restricted", "network": {"isolate": True, "dns": True},
                "roles": [RESEARCHERS], **more}

    def test_what_is_there_costs_no_write_and_one_list_a_kind(self):
        teams = [self.create_namespace("policy") for _ in range(3)]
        self.write_profile(*(self.whole(team) for team in teams))
        document = self.document("PolicyPlan", "policy-plan.schema.json", "plan", "-f", str(self.profile))
        self.assertEqual(document["summary"]["create"], 9)
        self.apply()
        self.assertEqual(len(self.audit_log.writes()), 12)
        run = self.apply()
        self.assertIn("0 writes", run.stdout)
        self.assertEqual(self.audit_log.writes(), [])
        requests = [event for event in self.audit_log.requests() if event["stage"] == "ResponseComplete"]
        lists = Counter(event["objectRef"]["resource"] for event in requests
                        if event["verb"] == "list" and "continue=" not in event["requestURI"])
        self.assertEqual(set(lists.values()), {1}, lists)
        self.assertEqual([event["requestURI"] for event in requests if "dryRun" in event["requestURI"]], [])
        self.plan(code=0)

    def test_makes_the_namespace_and_undo_takes_back_the_rest(self):
        team = self.create_namespace("policy", {"team": "lab"})
        before = self.api.get(f"/api/v1/namespaces/{team}")["metadata"]["labels"]
        self.api.create(f"{RBAC}/namespaces/{team}/rolebindings", {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "theirs"},
            "subjects": [], "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}})
        self.write_profile(self.whole(team))
        self.assertIn(f"RoleBinding {team}/theirs is not ours", self.apply().stdout)
        self.assertEqual(self.policy("undo", "-n", team, "--yes").exit, 0)
        self.assertEqual(self.labels(team), before)
        self.assertEqual(self.names(f"{NETWORKING}/namespaces/{team}/networkpolicies"), set())
        self.assertEqual(self.names(f"{RBAC}/namespaces/{team}/roles"), set())
        self.assertEqual(self.names(f"{RBAC}/namespaces/{team}/rolebindings"), {"theirs"})
        self.assertIn("Nothing to do", self.policy("undo", "-n", team, "--yes").stdout)
        new = f"{team}-new"
        self.addCleanup(self.delete_namespace, new)
        self.write_profile(self.whole(new))
        self.apply()
        self.assertEqual(self.levels(new)["enforce"], "restricted")

    def test_what_the_profile_has_no_more_goes_and_flags_leave_the_rest(self):
        team = self.create_namespace("policy")
        self.write_profile(self.whole(team))
        self.apply()
        run = self.policy("apply", "-n", team, "--role", "ai-operator=user:anna", "--yes")
        self.assertEqual(run.exit, 0, run.stderr)
        self.assertEqual(self.names(f"{RBAC}/namespaces/{team}/roles"), {"ai-operator", "ai-researcher"})
        self.write_profile({"name": team, "roles": [OPERATORS]})
        self.apply()
        self.assertEqual(self.levels(team), {})
        self.assertEqual(self.names(f"{RBAC}/namespaces/{team}/roles"), {"ai-operator"})
        self.assertEqual(self.names(f"{NETWORKING}/namespaces/{team}/networkpolicies"), set())

    def test_an_object_of_others_is_not_taken_over(self):
        team = self.create_namespace("policy")
        self.api.create(f"{RBAC}/namespaces/{team}/roles", {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "ai-researcher"}, "rules": []})
        self.write_profile({"name": team, "roles": [RESEARCHERS]})
        self.assertIn("was not made by kubectl ai policy", self.apply(code=3).stderr)
        self.assertEqual(self.audit_log.writes(), [])

    def test_nothing_of_a_wrong_profile_is_written(self):
        team = self.create_namespace("policy")
        self.write_profile({"name": team, "podSecurity": "strict"},
                           {"name": "b", "network": {"isolate": True, "dns": True, "allowFrom": [{"cidr": "10.0.0.0/99"}]}},
                           {"name": "c", "roles": [{"name": "ai-king", "subjects": []}]})
        run = self.apply(code=3)
        for problem in ("strict", "10.0.0.0/99", "ai-king"):
            self.assertIn(problem, run.stderr)
        self.assertEqual(self.audit_log.requests(), [])
        self.write_profile({"name": "kube-system", "podSecurity": "baseline"}, {"name": "monitoring", "podSecurity": "baseline"})
        run = self.apply(code=2)
        for problem in ("kube-system belongs to the cluster itself", "monitoring is a namespace of infrastructure"):
            self.assertIn(problem, run.stderr)
        self.assertEqual(self.audit_log.requests(), [])

    def test_a_server_that_goes_away_between_writes(self):
        teams = [self.create_namespace("policy") for _ in range(20)]
        self.write_profile(*(self.whole(team) for team in teams))
        self.audit_log.mark()
        proxy = self.fault_proxy(rate=0.0, latency="200ms")
        process = subprocess.Popen(
            [self.binary("kubectl-ai-policy"), "apply", "-f", str(self.profile), "--yes", "--request-timeout=5s"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=dict(os.environ, KUBECONFIG=str(proxy.kubeconfig)))
        self.eventually(self.audit_log.writes)
        proxy.stop()
        out, err = process.communicate(timeout=120)
        self.assertIn(process.returncode, (3, 124), out + err)
        self.assertRegex(err, r"\d+ of 80 writes were made")
        self.assertIn("run the same command again", err)
        self.apply()
        self.assertIn("0 writes", self.apply().stdout)


if __name__ == "__main__":
    unittest.main()
