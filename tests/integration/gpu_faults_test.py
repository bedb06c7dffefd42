"""kubectl ai gpu when something goes wrong on the way: Ctrl-C, a server that goes away,
and a share of requests that meet a fault. What was written is said exactly, and running
the command again finishes it.
"""

import json
import os
import signal
import time
import unittest

from gpu_support import GPU_TAINT, OURS, GpuTest, gpu_node

NAMES = [f"gpu-{letter}" for letter in "abcdefgh"]
SEEDS = (1, 2)


class Interrupted(GpuTest):
    def setUp(self):
        super().setUp()
        self.create_nodes(*(gpu_node(name, index) for index, name in enumerate(NAMES)))
        self.before = self.settled_marks(*NAMES)
        self.audit_log.mark()

    def through(self, proxy):
        return dict(os.environ, KUBECONFIG=str(proxy.kubeconfig))

    def after_writes(self, count):
        self.eventually(lambda: len(self.audit_log.writes()) >= count)

    def assert_described(self, out):
        """Each line of the outcome against the cluster."""
        lines = [line for line in out.splitlines() if line.startswith(("done ", "not done ", "unknown ", "failed "))]
        self.assertTrue(lines, out)
        for line in lines:
            told = line.startswith("done ")
            if line.startswith(("unknown ", "failed ")):
                continue
            for path, word in zip(OURS, ("RuntimeClass", "DaemonSet", "ConfigMap")):
                if f" {word} " in line:
                    self.assertEqual(self.exists(path), told, line)
            for name in NAMES:
                if f"Node {name}: +taint" in line:
                    self.assertEqual(GPU_TAINT in self.taints(name), told, line)
                if f"Node {name}: +label" in line:
                    self.assertEqual("nvidia.com/gpu" in self.node(name)["metadata"]["labels"], told, line)
        return lines

    def finish(self):
        self.gpu_ok("setup", "--yes", "--wait=false", *NAMES)
        for name in NAMES:
            self.assertIn(GPU_TAINT, self.taints(name))
        self.audit_log.mark()
        self.assertIn("0 writes", self.gpu_ok("setup", "--yes", "--wait=false", *NAMES).stdout)
        self.gpu_ok("undo", "--yes")
        self.assertEqual({name: self.marks(name) for name in NAMES}, self.before)

    def test_ctrl_c_before_anything_is_written(self):
        proxy = self.fault_proxy(rate=0.0, latency="500ms")
        process = self.start_gpu("setup", "--yes", *NAMES, env=self.through(proxy))
        self.eventually(lambda: len(self.audit_log.requests()) >= 2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, out + err)
        self.assert_no_writes()
        self.assertEqual({name: self.marks(name) for name in NAMES}, self.before)

    def test_ctrl_c_between_writes(self):
        for count in (1, 4):
            with self.subTest(count):
                self.audit_log.mark()
                proxy = self.fault_proxy(rate=0.0, latency="200ms")
                process = self.start_gpu("setup", "--yes", *NAMES, env=self.through(proxy))
                self.after_writes(count)
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=60)
                self.assertEqual(process.returncode, 130, out + err)
                self.assertRegex(err, r"\d+ of \d+ writes were made")
                self.assert_described(out)
                self.finish()

    def test_a_server_that_goes_away_between_writes(self):
        proxy = self.fault_proxy(rate=0.0, latency="200ms")
        process = self.start_gpu("setup", "--yes", "--request-timeout=5s", *NAMES, env=self.through(proxy))
        self.after_writes(1)
        proxy.stop()
        out, err = process.communicate(timeout=120)
        self.assertIn(process.returncode, (3, 124), out + err)
        self.assertRegex(err, r"\d+ of \d+ writes were made")
        self.assertIn("run the same command again", err)
        self.assert_described(out)
        self.finish()


class Faults(GpuTest):
    def test_a_fifth_of_the_requests_meets_a_fault(self):
        names = NAMES[:3]
        for seed in SEEDS:
            with self.subTest(seed=seed):
                self.create_nodes(*(gpu_node(f"{name}-{seed}", index) for index, name in enumerate(names)))
                nodes_here = [f"{name}-{seed}" for name in names]
                before = self.settled_marks(*nodes_here)
                proxy = self.fault_proxy(rate=0.2, seed=seed, kinds=("429", "503", "reset", "stall"))
                env = {"KUBECONFIG": str(proxy.kubeconfig)}
                began = time.monotonic()
                self.gpu_ok("setup", "--yes", *nodes_here, env=env, timeout=280)
                for name in nodes_here:
                    self.assertIn(GPU_TAINT, self.taints(name))
                    self.assertEqual(self.allocatable(name), 4)
                status = self.gpu_json("status", *nodes_here, env=env, timeout=280)
                self.assertEqual(status["totals"]["allocatable"], 12)
                self.gpu_ok("undo", "--yes", env=env, timeout=280)
                self.assertEqual({name: self.marks(name) for name in nodes_here}, before)
                for path in OURS:
                    self.assertFalse(self.exists(path), path)
                kinds = [kind for kind, _, _ in proxy.injected()]
                print(f"seed {seed}: {time.monotonic() - began:.1f} s, faults: "
                      + json.dumps({kind: kinds.count(kind) for kind in sorted(set(kinds))}))
                self.assertTrue(kinds)

    def test_lost_answers_are_not_taken_for_failures(self):
        """The request was carried out, and nobody was told."""
        self.create_nodes(*(gpu_node(name, index) for index, name in enumerate(NAMES[:3])))
        before = self.settled_marks(*NAMES[:3])
        proxy = self.fault_proxy(rate=0.3, seed=5, kinds=("lost",))
        env = {"KUBECONFIG": str(proxy.kubeconfig)}
        self.gpu_ok("setup", "--yes", *NAMES[:3], env=env)
        self.gpu_ok("undo", "--yes", env=env)
        self.assertEqual({name: self.marks(name) for name in NAMES[:3]}, before)
        self.assertTrue(proxy.injected())


if __name__ == "__main__":
    unittest.main()
