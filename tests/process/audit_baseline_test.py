"""kubectl ai audit --write-baseline, and what a run with that baseline says."""

import tempfile
import unittest
from pathlib import Path

from support import BIN, run

AUDIT = BIN / "kubectl-ai-audit"
QUOTA = """---
apiVersion: v1
kind: ResourceQuota
metadata: {{name: {name}, namespace: team}}
spec: {{hard: {{limits.nvidia.com/gpu: 4}}}}
"""


class Baseline(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.manifests = self.directory / "manifests.yaml"
        self.baseline = self.directory / "known.yaml"

    def audit(self, *arguments, names, exit):
        self.manifests.write_text("".join(QUOTA.format(name=name) for name in names))
        done = run("-f", self.manifests, *arguments, program=AUDIT)
        self.assertEqual(done.returncode, exit, done.stdout + done.stderr)
        return done

    def test_what_was_written_does_not_fail(self):
        self.audit(names=["a", "b"], exit=1)
        done = self.audit("--write-baseline", self.baseline, names=["a", "b"], exit=0)
        self.assertEqual(done.stderr, f"wrote the baseline {self.baseline}\n")
        self.assertEqual([path.name for path in self.directory.iterdir() if path.suffix == ".new"], [])
        done = self.audit("--baseline", self.baseline, names=["b", "a"], exit=0)
        self.assertIn("2 findings known", done.stdout)
        done = self.audit("--baseline", self.baseline, names=["b", "c"], exit=1)
        self.assertIn("1 error", done.stdout)
        self.assertIn("ResourceQuota team/a", done.stdout)  # gone

    def test_written_again_it_forgets_what_is_gone_and_new_ones_fail_once(self):
        self.audit("--write-baseline", self.baseline, names=["a", "b"], exit=0)
        again = ("--baseline", self.baseline, "--write-baseline", self.baseline)
        self.audit(*again, names=["b", "c"], exit=1)
        done = self.audit(*again, names=["b", "c"], exit=0)
        self.assertIn("2 findings known", done.stdout)
        self.assertIn("0 gone", done.stdout)
        self.assertNotIn("name: a\n", self.baseline.read_text())

    def test_the_same_findings_write_the_same_bytes(self):
        self.audit("--write-baseline", self.baseline, names=["a", "b", "c"], exit=0)
        first = self.baseline.read_bytes()
        self.audit("--write-baseline", self.baseline, names=["c", "a", "b"], exit=0)
        self.assertEqual(self.baseline.read_bytes(), first)

    def test_a_report_is_a_baseline(self):
        report = self.directory / "report.json"
        report.write_text(self.audit("-o", "json", names=["a"], exit=1).stdout)
        self.audit("--baseline", report, names=["a"], exit=0)
        self.audit("--baseline", report, names=["a", "b"], exit=1)

    def test_a_place_that_cannot_be_written_to(self):
        done = self.audit("--write-baseline", self.directory / "no" / "known.yaml", names=["a"], exit=3)
        self.assertIn("No such file or directory", done.stderr)

    def test_incomplete_stays_incomplete(self):
        done = self.audit("--write-baseline", self.baseline, "-f", "/dev/null", names=["a"], exit=0)
        self.assertEqual(done.returncode, 0)
        broken = self.directory / "broken.yaml"
        broken.write_text("a: [\n")
        self.audit("--write-baseline", self.baseline, "-f", broken, names=["a"], exit=4)


if __name__ == "__main__":
    unittest.main()
