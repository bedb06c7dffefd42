"""Every rule of the audit has its texts, and golden cases that show what it finds and
what it lets pass.
"""

import json
import os
import re
import subprocess
import unittest
from collections import defaultdict
from pathlib import Path

_CASES = Path(__file__).with_name("audit")
_LEAST = 2  # cases of each sort


def _rules():
    audit = Path(os.environ["KAI_BIN_DIR"]) / "kubectl-ai-audit"
    done = subprocess.run([audit, "rules", "-o", "json"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["items"]


def _cases():
    """{(rule, "finds" or "allows"): [case, …]}"""
    cases = defaultdict(list)
    for case in sorted(_CASES.iterdir()):
        if named := re.fullmatch(r"(.+?)-(finds|allows)-.+", case.name):
            cases[named.groups()].append(case)
    return cases


class Rules(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rules = _rules()
        cls.cases = _cases()

    def test_ids_are_unique_and_kebab_case(self):
        ids = [rule["id"] for rule in self.rules]
        self.assertEqual(len(ids), len(set(ids)))
        for name in ids:
            self.assertRegex(name, r"^[a-z0-9]+(-[a-z0-9]+)+$")

    def test_every_rule_says_what_why_and_how_to_fix_it(self):
        for rule in self.rules:
            with self.subTest(rule["id"]):
                self.assertIn(rule["severity"], ("error", "warning", "info"))
                for text in ("title", "why", "fix"):
                    self.assertGreater(len(rule[text]), 10, text)
                self.assertFalse(rule["title"].endswith("."), "a title is no sentence")
                self.assertRegex(rule["reference"], r"^https://\S+$")

    def test_every_rule_has_cases_that_it_finds_and_that_it_allows(self):
        for rule in self.rules:
            for sort in ("finds", "allows"):
                with self.subTest(rule["id"], sort=sort):
                    self.assertGreaterEqual(len(self.cases[rule["id"], sort]), _LEAST)

    def test_every_case_belongs_to_a_rule(self):
        self.assertEqual({name for name, _ in self.cases} - {rule["id"] for rule in self.rules}, set())

    def test_cases_show_what_their_names_say(self):
        for (name, sort), cases in self.cases.items():
            for case in cases:
                with self.subTest(case.name):
                    # Otherwise nothing shows that the rule looked at all.
                    self.assertIn(f"--select {name}", (case / "args").read_text())
                    output = (case / "stdout").read_text()
                    self.assertEqual(f"{name}:" in output, sort == "finds")
                    self.assertNotIn("Nothing checked", output)
                    self.assertNotIn("NOT CHECKED", output)


if __name__ == "__main__":
    unittest.main()
