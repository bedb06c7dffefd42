"""The fault proxy itself: that each fault is what it says."""

import json
import unittest

from kaicluster import nodes
from kaicluster.api import Api
from kaicluster.testing import ClusterTest, port_of


class Faults(ClusterTest):
    def through(self, kind, **options):
        """(proxy, an Api that speaks through it); every request meets the fault."""
        proxy = self.fault_proxy(kinds=(kind,), **({"rate": 1.0} | options))
        token = (self.state_dir / "tokens.csv").read_text().split(",", 1)[0]
        return proxy, Api(port_of(proxy.kubeconfig.read_text()), self.state_dir / "pki" / "ca.crt", token)

    def test_answers_that_ask_to_come_back(self):
        for kind, reason in (("429", "TooManyRequests"), ("503", "ServiceUnavailable")):
            with self.subTest(kind):
                proxy, api = self.through(kind)
                status, body = api.raw("GET", "/api/v1/nodes")
                self.assertEqual((status, json.loads(body)["reason"]), (int(kind), reason))
                self.assertEqual(proxy.injected(), [(kind, "GET", "/api/v1/nodes")])

    def test_broken_connections(self):
        for kind in ("reset", "disconnect", "truncate"):
            with self.subTest(kind):
                _, api = self.through(kind)
                with self.assertRaises(OSError):
                    api.raw("GET", "/version")

    def test_a_lost_answer_comes_after_the_deed(self):
        _, api = self.through("lost")
        path = "/api/v1/namespaces/default/configmaps"
        self.addCleanup(self.delete, f"{path}/lost")
        with self.assertRaises(OSError):
            api.raw("POST", path, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "lost"}})
        self.assertEqual(self.api.get(f"{path}/lost")["metadata"]["name"], "lost")

    def test_an_expired_list_can_be_taken_up_again(self):
        self.create_nodes(*(nodes.make_node(f"node-{index}", index) for index in range(3)))
        _, api = self.through("410")
        first = api.get("/api/v1/nodes?limit=1")  # no continue token, nothing to expire
        self.assertEqual(len(first["items"]), 1)
        status, body = api.raw("GET", f"/api/v1/nodes?limit=1&continue={first['metadata']['continue']}")
        self.assertEqual((status, json.loads(body)["reason"]), (410, "Expired"))
        rest = self.api.get(f"/api/v1/nodes?continue={json.loads(body)['metadata']['continue']}")
        self.assertEqual([node["metadata"]["name"] for node in rest["items"]], ["node-1", "node-2"])

    def test_a_share_of_requests_and_the_same_ones_again(self):
        seen = []
        for _ in range(2):
            proxy, api = self.through("503", rate=0.2, seed=7)
            answers = [api.raw("GET", f"/version?n={number}")[0] for number in range(200)]
            self.assertEqual({200, 503}, set(answers))
            self.assertEqual(answers.count(503), len(proxy.injected()))
            seen.append(answers)
        self.assertEqual(seen[0], seen[1])
        self.assertTrue(20 <= seen[0].count(503) <= 60, seen[0].count(503))


if __name__ == "__main__":
    unittest.main()
