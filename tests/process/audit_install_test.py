"""The manifests that kubectl ai audit install prints, judged by the audit itself."""

import json
import unittest

from support import BIN, run


def audit(*arguments, **options):
    return run(*arguments, program=BIN / "kubectl-ai-audit", **options)


class Printed(unittest.TestCase):
    def test_the_audit_finds_nothing_wrong_with_them(self):
        for what in ((), ("--once",), ("--select", "gpu-workloads"), ("--skip", "rbac-wildcard", "--", "-o", "csv")):
            printed = audit("install", "-n", "audit", "--image", "registry.example.org/kubectl-ai:1", "--print", *what)
            self.assertEqual(printed.returncode, 0, printed.stderr)
            # In files, with their namespace, and as all that a cluster holds.
            home = ("---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: audit\n  labels:\n"
                    "    pod-security.kubernetes.io/enforce: restricted\n")
            for view, text in ((("-f", "-"), printed.stdout), (("-f", "-"), printed.stdout + home),
                               (("--cluster-dump", "-f", "-"), printed.stdout + home)):
                judged = audit(*view, "-o", "json", input=text)
                report = json.loads(judged.stdout)
                # What a dump lacks beside them is not their fault.
                self.assertEqual([(finding["rule"], finding["message"]) for finding in report["findings"]
                                  if "--cluster-dump" not in view or "kubectl-ai-audit" in str(finding["object"])],
                                 [], (what, view))


if __name__ == "__main__":
    unittest.main()
