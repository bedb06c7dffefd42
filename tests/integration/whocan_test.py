"""`kubectl ai policy whocan` and `policy access` on a real API server: for every question and
subject the answer is the server's own, as its SubjectAccessReviews give it.
"""

import itertools
import json
import tempfile
import unittest
from collections import Counter
from pathlib import Path

import jsonschema

from kaicluster.testing import ClusterTest

SCHEMAS = Path(__file__).resolve().parents[2] / "shared/kai/output"
GROUP = "rbac.authorization.k8s.io"
# What roles have: verbs, groups, resources, names.
RULES = {
    "reader": [(["get", "list"], [""], ["pods", "secrets"], [])],
    "named": [(["get", "update", "create", "delete"], [""], ["secrets", "pods/exec"], ["one", "two"])],
    "scaler": [(["get", "update"], ["*"], ["*/scale"], [])],
    "writer": [(["*"], ["apps"], ["*"], []), (["create"], [""], ["pods/*"], [])],
    "owner": [(["*"], ["*"], ["*"], [])],
    "mixed": [(["list"], ["*"], ["pods/*", "*/*"], []), (["get", "impersonate"], [""], ["users", "nodes"], ["one"])],
}
VERBS = ("get", "list", "create", "update", "delete", "impersonate")
RESOURCES = ("pods", "po/exec", "secrets", "Deployment.apps", "deploy/scale", "deployments.apps/status", "nodes",
             "users", "ns", "clusterroles")
TYPES = {"pods": ("", "pods", ""), "po/exec": ("", "pods", "exec"), "secrets": ("", "secrets", ""),
         "Deployment.apps": ("apps", "deployments", ""), "deploy/scale": ("apps", "deployments", "scale"),
         "deployments.apps/status": ("apps", "deployments", "status"), "nodes": ("", "nodes", ""),
         "users": ("", "users", ""), "ns": ("", "namespaces", ""), "clusterroles": (GROUP, "clusterroles", "")}
OF_CLUSTER = ("nodes", "users", "ns", "clusterroles")


class WhoCan(ClusterTest):
    def setUp(self):
        super().setUp()
        self.a, self.b = self.create_namespace("whocan-a"), self.create_namespace("whocan-b")
        for name, rules in RULES.items():
            self.make("ClusterRole", "", name, rules=[
                {"verbs": verbs, "apiGroups": groups, "resources": resources, "resourceNames": names}
                for verbs, groups, resources, names in rules])
        self.make("ClusterRole", "", "urls", rules=[{"verbs": ["get"], "nonResourceURLs": ["/kai/*", "/kai-one"]}])
        self.make("Role", self.a, "reader", rules=[{"verbs": ["delete"], "apiGroups": [""], "resources": ["pods"]}])
        user = [{"kind": "User", "apiGroup": GROUP, "name": name} for name in ("kai:ann", "kai:bob", "kai:cid")]
        group = [{"kind": "Group", "apiGroup": GROUP, "name": name} for name in (
            "kai:team", f"system:serviceaccounts:{self.a}", "system:serviceaccounts", "system:authenticated")]
        account = {"kind": "ServiceAccount", "name": "runner", "namespace": self.b}
        self.bind("", "reader", user[0])
        self.bind("", "scaler", group[2])
        self.bind("", "mixed", group[3])
        self.bind("", "named", user[2])
        self.bind("", "urls", group[0])
        self.bind(self.a, "owner", group[0])
        self.bind(self.a, "writer", account)
        self.bind(self.a, "reader", user[1], kind="Role")
        self.bind(self.b, "named", group[1], user[1])
        self.bind(self.b, "reader", {"kind": "User", "apiGroup": GROUP, "name": f"system:serviceaccount:{self.a}:runner"})
        self.bind(self.b, "missing", user[1])
        self.bind(self.b, "owner", user[2])
        self.subjects = {
            "kai:ann": (["system:authenticated"], {("User", None, "kai:ann")}),
            "kai:bob": (["system:authenticated"], {("User", None, "kai:bob")}),
            "kai:cid": (["system:authenticated"], {("User", None, "kai:cid")}),
            "kai:dan": (["kai:team", "system:authenticated"], {("User", None, "kai:dan")}),
            "kai:nobody": ([], {("User", None, "kai:nobody")}),
        }
        for namespace in (self.a, self.b):
            name = f"system:serviceaccount:{namespace}:runner"
            self.subjects[name] = (
                ["system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated"],
                {("ServiceAccount", namespace, "runner"), ("User", None, name)})
        # The authorizer's informers have seen the last of them.
        self.eventually(lambda: self.server_says("kai:cid", resourceAttributes={
            "verb": "delete", "resource": "pods", "namespace": self.b}))

    def make(self, kind, namespace, name, **parts):
        where = f"/namespaces/{namespace}" if namespace else ""
        path = f"/apis/{GROUP}/v1{where}/{kind.lower()}s"
        full = name if namespace else f"{self.a}-{name}"
        self.api.create(path, {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": {"name": full}, **parts})
        if not namespace:
            self.addCleanup(self.delete, f"{path}/{full}")
        return full

    def bind(self, namespace, role, *subjects, kind="ClusterRole"):
        name = f"{role}-{kind.lower()}"
        return self.make("RoleBinding" if namespace else "ClusterRoleBinding", namespace, name, subjects=list(subjects),
                         roleRef={"apiGroup": GROUP, "kind": kind,
                                  "name": role if kind == "Role" else f"{self.a}-{role}"})

    def server_says(self, user, groups=("system:authenticated",), **attributes):
        review = self.api.create("/apis/authorization.k8s.io/v1/subjectaccessreviews", {
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": {"user": user, "groups": list(groups), **attributes}})
        return review["status"].get("allowed", False)

    def ask(self, *arguments, exit=0, **options):
        done = self.run_binary("kubectl-ai-policy", *arguments, "-o", "json", **options)
        self.assertEqual(done.exit, exit, done.stderr)
        document = json.loads(done.stdout)
        name = {"WhoCan": "whocan", "AccessReview": "access"}[document["kind"]]
        jsonschema.validate(document, json.loads((SCHEMAS / f"policy-{name}.schema.json").read_text()))
        return document

    @staticmethod
    def allowed(document):
        return {(grant["subject"]["kind"], grant["subject"].get("namespace"), grant["subject"]["name"])
                for grant in document["grants"] if "names" not in grant}

    def differences(self, document, question, **attributes):
        found = self.allowed(document)
        for user, (groups, own) in self.subjects.items():
            ours = bool(found & (own | {("Group", None, group) for group in groups}))
            theirs = self.server_says(user, groups, **attributes)
            self.answers[theirs] += 1
            if ours != theirs:
                yield question, user, ours, theirs

    def test_the_answer_is_the_servers(self):
        self.answers = Counter()
        wrong = []
        for verb, resource, name in itertools.product(VERBS, RESOURCES, ("", "one")):
            group, plural, subresource = TYPES[resource]
            for namespace in (self.a, self.b):
                if resource in OF_CLUSTER and namespace == self.b:
                    continue
                document = self.ask("whocan", verb, resource, *([name] if name else []), "-n", namespace)
                where = namespace
                if resource in OF_CLUSTER:
                    where = name if resource == "ns" else ""
                self.assertEqual(document["request"].get("namespace", ""), where)
                wrong += self.differences(document, (verb, resource, name, namespace), resourceAttributes={
                    "verb": verb, "group": group, "resource": plural, "subresource": subresource, "name": name,
                    "namespace": where})
        for url in ("/kai/x/y", "/kai", "/kai-one", "/kai-one/x", "/healthz"):
            for verb in ("get", "post"):
                document = self.ask("whocan", verb, url)
                wrong += self.differences(document, (verb, url), nonResourceAttributes={"verb": verb, "path": url})
        self.assertEqual(wrong, [])
        self.assertGreater(min(self.answers[True], self.answers[False]), 200, self.answers)
        self.assertEqual(self.audit_log.writes(), [])

    def test_live_equals_offline_and_lists_each_kind_once(self):
        dump = self.kubectl("get", "roles,rolebindings,clusterroles,clusterrolebindings", "-A", "-o", "yaml").stdout
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(dump)
            file.flush()
            for command in (("whocan", "get", "secrets", "-A"), ("whocan", "create", "pods/exec", "-n", self.a),
                            ("whocan", "delete", "nodes"), ("access",), ("access", "secrets", "pods"),
                            ("access", "-n", self.b)):
                with self.subTest(command=command):
                    self.audit_log.mark()
                    live = self.ask(*command)
                    lists = Counter(event["objectRef"]["resource"] for event in self.audit_log.requests()
                                    if event["verb"] == "list")
                    self.assertLessEqual(set(lists.values()), {1})
                    self.assertEqual(len(lists), 2 if "nodes" in command else 4)
                    # Files lack a role that a binding names, where a cluster has none.
                    is_concerned = "nodes" not in command and self.a not in command
                    offline = self.ask(*command, "-f", file.name, exit=4 if is_concerned else 0)
                    missing = f"ClusterRole {self.a}-missing" in [item["what"] for item in offline["notSeen"]]
                    self.assertEqual(missing, is_concerned)
                    self.assertEqual(live["grants"], offline["grants"])

    def test_access_names_what_is_dangerous(self):
        by_binding = {}
        for grant in self.ask("access", "-n", self.b)["grants"]:
            by_binding[grant["binding"]["name"]] = grant
        self.assertEqual(by_binding["owner-clusterrole"]["abilities"], ["everything"])
        self.assertEqual(by_binding["named-clusterrole"]["abilities"], ["exec"])
        self.assertEqual(by_binding[f"{self.a}-reader-clusterrole"]["abilities"], ["secrets"])
        self.assertEqual(by_binding[f"{self.a}-reader-clusterrole"]["subject"], {"kind": "User", "name": "kai:ann"})
        self.assertNotIn(f"{self.a}-urls-clusterrole", by_binding)
        table = self.run_binary("kubectl-ai-policy", "access", "-n", self.b).stdout
        self.assertIn("User kai:cid ", table)
        self.assertNotIn("generic-garbage-collector", table)

    def test_what_may_not_be_read_is_said(self):
        document = self.ask("whocan", "get", "secrets", "-n", "team", context="team-viewer", exit=4)
        self.assertEqual([item["what"] for item in document["notSeen"]],
                         ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"])
        for item in document["notSeen"]:
            self.assertIn("forbidden", item["reason"])
        done = self.run_binary("kubectl-ai-policy", "whocan", "get", "secrets", "-n", "team", context="team-viewer")
        self.assertEqual(done.exit, 4)
        self.assertIn("nobody that was seen may get secrets in namespace team", done.stdout)


if __name__ == "__main__":
    unittest.main()
