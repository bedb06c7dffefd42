"""`kubectl ai audit` on a real API server: what it asks for, and that it finds the same through
faults and in a dump.
"""

import signal
import socket
import subprocess
import threading
import unittest
from collections import Counter
from urllib.parse import parse_qs, urlsplit

from audit_support import AuditTest, Between, ageless, path_of, role

# Three pages of 250.
MANY = 600


class Requests(AuditTest):
    def test_nothing_is_written_and_each_kind_is_listed_once(self):
        self.audit()
        self.assertEqual(self.audit_log.writes(), [])
        requests = self.audit_log.requests()
        self.assertEqual({event["verb"] for event in requests} - {"list", "get"}, set())
        lists = Counter(event["objectRef"]["resource"] for event in requests
                        if event["verb"] == "list" and "continue=" not in event["requestURI"])
        self.assertEqual(set(lists.values()), {1}, lists)
        self.assertEqual(set(lists), {
            "pods", "nodes", "namespaces", "resourcequotas", "networkpolicies", "deployments",
            "statefulsets", "daemonsets", "jobs", "cronjobs", "replicationcontrollers", "roles",
            "rolebindings", "prometheusrules", "ingresses", "horizontalpodautoscalers",
            "poddisruptionbudgets", "clusterroles", "clusterrolebindings", "services",
            "validatingwebhookconfigurations", "mutatingwebhookconfigurations",
            "persistentvolumes", "persistentvolumeclaims", "storageclasses", "apiservices",
            "configmaps", "runtimeclasses", "limitranges", "priorityclasses"})
        for event in requests:
            if event["verb"] == "list":
                # ConfigMaps may be a megabyte each, nodes name all their images.
                limit = {"configmaps": 50, "nodes": 100}.get(event["objectRef"]["resource"], 250)
                self.assertEqual(parse_qs(urlsplit(event["requestURI"]).query)["limit"], [str(limit)])

    def test_only_kinds_that_a_rule_needs(self):
        for rules, kinds in (("gpu-withdrawn", {"nodes"}), ("quota-gpu-key-inert", {"resourcequotas", "namespaces"}),
                             ("netpol-dns-tcp-missing,psa-missing", None)):
            with self.subTest(rules):
                self.audit_log.mark()
                report, _ = self.audit("--select", rules)
                listed = {event["objectRef"]["resource"] for event in self.audit_log.requests()
                          if event["verb"] == "list"}
                self.assertEqual({finding["rule"] for finding in report["findings"]} - set(rules.split(",")), set())
                if kinds:
                    self.assertEqual(listed, kinds)
                self.assertNotIn("roles", listed)

    def test_secrets_are_never_asked_for(self):
        self.audit()
        self.audit("-n", self.bad)
        for event in self.audit_log.requests():
            self.assertNotEqual(event.get("objectRef", {}).get("resource"), "secrets")

    def test_long_lists_come_in_pages(self):
        many = self.create_namespace("audit-many")
        roles = path_of(role(many, "any"))
        for index in range(MANY):
            self.api.create(roles, role(many, f"role-{index:04}"))
        self.audit_log.mark()
        report, _ = self.audit("-n", many, "--select", "rbac-unbound-role", exit=0)
        self.assertEqual([finding["object"]["name"] for finding in report["findings"]],
                         [f"role-{index:04}" for index in range(MANY)])
        pages = [parse_qs(urlsplit(event["requestURI"]).query) for event in self.audit_log.requests()
                 if event.get("objectRef", {}).get("resource") == "roles"]
        self.assertEqual([page["limit"] for page in pages], [["250"]] * 3)
        self.assertEqual(["continue" in page for page in pages], [False, True, True])

        with self.subTest("the server goes away between two pages"):
            gone = Between(self, lasts=1)
            run = self.run_binary("kubectl-ai-audit", "-n", many, "--select", "rbac-unbound-role",
                                  "--server", gone.address, "--request-timeout", "3s")
            # The one answer is the first page of Roles, and nothing was read; or it is all
            # RoleBindings, and something was. Which, is up to the threads.
            if run.exit == 4:
                self.assertIn("Role: ", run.stdout)
                self.assertIn("connection refused", run.stdout)
            else:
                self.assertEqual(run.exit, 3, run.stdout + run.stderr)
                self.assertEqual(run.stderr.count("error:"), 1, run.stderr)
                self.assertEqual(run.stdout, "")
        with self.subTest("some kinds had been read"):
            gone = Between(self, lasts=6)
            report, run = self.audit("--server", gone.address, "--request-timeout", "3s", exit=4)
            self.assertTrue(report["coverage"]["notChecked"])
            self.assertTrue(report["coverage"]["checked"])

        faults = ("429", "503", "reset", "stall", "truncate", "410")
        select = ("-n", many, "--select", "rbac-unbound-role")
        for seed in (1, 2, 3):
            with self.subTest("faults", seed=seed):
                proxy = self.fault_proxy(rate=0.2, seed=seed, kinds=faults)
                through, _ = self.audit(*select, exit=0, env={"KUBECONFIG": str(proxy.kubeconfig)})
                self.assertEqual(through, self.audit(*select)[0])

    def test_interrupt_while_the_server_is_silent(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            reached = threading.Event()

            def accept():
                connection, _ = silent.accept()
                reached.set()
                while connection.recv(4096):
                    pass
                connection.close()
            threading.Thread(target=accept, daemon=True).start()
            command = [self.binary("kubectl-ai-audit"), "--server", f"http://127.0.0.1:{silent.getsockname()[1]}"]
            with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True) as process:
                self.assertTrue(reached.wait(60))
                process.send_signal(signal.SIGINT)
                stdout, stderr = process.communicate(timeout=60)
            self.assertEqual((process.returncode, stdout), (130, ""), stderr)


class Elsewhere(AuditTest):
    def test_faults_change_nothing(self):
        want = ageless(self.run_binary("kubectl-ai-audit", "-o", "json").stdout)
        injected = 0
        for seed in (11, 12, 13):
            proxy = self.fault_proxy(rate=0.2, seed=seed,
                                     kinds=("429", "503", "reset", "stall", "truncate", "410"))
            run = self.run_binary("kubectl-ai-audit", "-o", "json", env={"KUBECONFIG": str(proxy.kubeconfig)},
                                  timeout=300)
            self.assertEqual(run.exit, 1, run.stderr)
            self.assertEqual(ageless(run.stdout), want)
            injected += len(proxy.injected())
        self.assertGreater(injected, 0)

    def test_a_dump_says_the_same_as_the_cluster(self):
        self.wait_until_nothing_goes_away()
        live, _ = self.audit("-A")
        kinds = ("nodes,namespaces,pods,resourcequotas,networkpolicies,deployments,statefulsets,daemonsets,jobs,"
                 "cronjobs,replicationcontrollers,roles,rolebindings,prometheusrules,ingresses,hpa,pdb,"
                 "clusterroles,clusterrolebindings,services,validatingwebhookconfigurations,"
                 "mutatingwebhookconfigurations,persistentvolumeclaims,persistentvolumes,storageclasses,"
                 "apiservices,configmaps,runtimeclasses,limitranges,priorityclasses")
        for form in ("yaml", "json"):
            with self.subTest(form):
                dump = self.kubectl("get", kinds, "-A", "--show-managed-fields", "-o", form)
                self.assertEqual(dump.exit, 0, dump.stderr)
                version = self.api.get("/version")
                again, _ = self.audit("--cluster-dump", "-f", "-", "--target-version",
                                      f"{version['major']}.{version['minor']}", stdin=dump.stdout, exit=1)
                for report in (live, again):
                    for finding in report["findings"]:
                        finding.pop("location", None)
                        finding["message"] = ageless(finding["message"])
                self.assertEqual(again["findings"], live["findings"])
                self.assertEqual(again["summary"], live["summary"])


if __name__ == "__main__":
    unittest.main()
