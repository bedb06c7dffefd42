"""`kubectl ai quota` on a real API server with admission as shipped: GPUs are counted and plain
pods still admitted, what is there already costs no write, and what others made stays.
"""

import json
import unittest
from collections import Counter

from kaicluster.testing import ClusterTest

GPU = "nvidia.com/gpu"


class QuotaTest(ClusterTest):
    def quota(self, *arguments, **options):
        return self.run_binary("kubectl-ai-quota", *arguments, **options)

    def apply(self, *arguments, code=0):
        self.audit_log.mark()
        run = self.quota("apply", "-f", str(self.profile), "--yes", *arguments)
        self.assertEqual(run.exit, code, run.stdout + run.stderr)
        return run

    def add_pod(self, ns, name, resources=None):
        """(HTTP status, what the server says of it)."""
        return self.api.raw("POST", f"/api/v1/namespaces/{ns}/pods", {
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
            "spec": {"containers": [{"name": "main", "image": "registry.example/main:1",
                                     "resources": resources or {}}]}})

    def quotas_of(self, ns):
        return {item["metadata"]["name"]: item
                for item in self.api.get(f"/api/v1/namespaces/{ns}/resourcequotas")["items"]}

    def wait_until_counted(self, ns, key, amount):
        self.eventually(lambda: self.quotas_of(ns)["kubectl-ai"].get("status", {}).get("used", {}).get(key) == amount)

    def test_gpus_are_counted_and_plain_pods_admitted(self):
        team = self.create_namespace("quota")
        self.write_profile({"name": team, "quota": {"requests.cpu": 4, "limits.cpu": 8, "gpus": 3},
                            "defaults": {"cpu": "500m"}})
        self.apply()
        self.wait_until_counted(team, f"requests.{GPU}", "0")
        self.assertEqual(self.add_pod(team, "plain")[0], 201)
        self.assertEqual(self.add_pod(team, "two", {"limits": {GPU: 2}})[0], 201)
        status, answer = self.add_pod(team, "two-more", {"limits": {GPU: 2}})
        self.assertEqual(status, 403)
        self.assertIn("exceeded quota: kubectl-ai", str(answer))
        self.wait_until_counted(team, f"requests.{GPU}", "2")
        items = json.loads(self.quota("status", "-n", team, "-o", "json").stdout)["items"]
        gpus = next(item for item in items if item["resource"] == f"requests.{GPU}")
        self.assertEqual((gpus["used"], gpus["hard"], gpus["ours"]), ("2", "3", True))
        # What the plan says is in use is what the server has counted.
        plan = json.loads(self.quota("plan", "-f", str(self.profile), "-o", "json").stdout)
        counted = self.quotas_of(team)["kubectl-ai"]["status"]["used"]
        self.assertEqual({line["resource"]: line["used"] for line in plan["use"]}, counted)

    def test_what_is_there_costs_no_write_and_one_list_a_kind(self):
        teams = [self.create_namespace("quota") for _ in range(3)]
        self.write_profile(*({"name": team, "quota": {"gpus": 2}, "defaults": {"cpu": "1"}} for team in teams))
        self.apply()
        self.assertEqual(len(self.audit_log.writes()), 6)
        run = self.apply()
        self.assertIn("0 writes", run.stdout)
        self.assertEqual(self.audit_log.writes(), [])
        requests = [event for event in self.audit_log.requests() if event["stage"] == "ResponseComplete"]
        lists = Counter(event["objectRef"]["resource"] for event in requests
                        if event["verb"] == "list" and "continue=" not in event["requestURI"])
        self.assertEqual(set(lists.values()), {1}, lists)
        self.assertEqual(self.quota("plan", "-f", str(self.profile)).exit, 0)

    def test_says_which_pods_could_not_come_again_before_it_writes(self):
        team = self.create_namespace("quota")
        self.assertEqual(self.add_pod(team, "plain")[0], 201)
        self.write_profile({"name": team, "quota": {"requests.cpu": 4}})
        self.audit_log.mark()
        run = self.quota("plan", "-f", str(self.profile))
        self.assertEqual(run.exit, 1)
        self.assertIn(f"Pod {team}/plain: container main has no request of cpu", run.stdout)
        self.assertEqual(self.audit_log.writes(), [])
        # And so it is.
        self.apply()
        self.eventually(lambda: self.add_pod(team, "plain-2")[0] == 403)

    def test_undo_takes_back_ours_alone(self):
        team = self.create_namespace("quota")
        self.api.create(f"/api/v1/namespaces/{team}/resourcequotas", {
            "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "theirs"},
            "spec": {"hard": {"pods": "9"}}})
        self.write_profile({"name": team, "quota": {"gpus": 2}, "defaults": {"cpu": "1"}})
        self.assertIn(f"ResourceQuota {team}/theirs is not ours, and counts as well", self.apply().stdout)
        self.assertEqual(set(self.quotas_of(team)), {"kubectl-ai", "theirs"})
        run = self.quota("undo", "-n", team, "--yes")
        self.assertEqual(run.exit, 0, run.stderr)
        self.assertEqual(set(self.quotas_of(team)), {"theirs"})
        self.assertEqual(self.api.get(f"/api/v1/namespaces/{team}/limitranges")["items"], [])
        self.assertIn("Nothing to do", self.quota("undo", "-n", team, "--yes").stdout)

    def test_an_object_of_others_is_not_taken_over(self):
        team = self.create_namespace("quota")
        self.api.create(f"/api/v1/namespaces/{team}/resourcequotas", {
            "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "kubectl-ai"},
            "spec": {"hard": {"pods": "9"}}})
        self.write_profile({"name": team, "quota": {"gpus": 2}})
        run = self.apply(code=3)
        self.assertIn("was not made by kubectl ai quota", run.stderr)
        self.assertEqual(self.audit_log.writes(), [])
        self.assertEqual(self.quotas_of(team)["kubectl-ai"]["spec"], {"hard": {"pods": "9"}})

    def test_nothing_of_a_wrong_profile_is_written(self):
        team = self.create_namespace("quota")
        self.write_profile({"name": team, "quota": {"gpus": 2}}, {"name": "Wrong", "quota": {"gpus": "1.5"}})
        run = self.apply(code=3)
        for problem in ("Wrong", "whole number"):
            self.assertIn(problem, run.stderr)
        self.assertEqual(self.audit_log.requests(), [])


if __name__ == "__main__":
    unittest.main()
