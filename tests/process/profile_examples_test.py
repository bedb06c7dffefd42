"""The profiles in manifests/examples are short, and what every plugin takes."""

import re
import unittest

from support import SOURCE, run

EXAMPLES = sorted((SOURCE / "manifests" / "examples").glob("*.yaml"))
MOST_LINES = 40


class Examples(unittest.TestCase):
    def test_each_guide_has_one(self):
        self.assertEqual([path.stem for path in EXAMPLES], ["kubeadm-ubuntu", "kubeflow-rhel"])

    def test_they_are_valid_without_a_warning(self):
        for path in EXAMPLES:
            done = run("profile", "check", "-f", path)
            self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
            self.assertRegex(done.stdout, rf"\A{re.escape(str(path))}: valid: [^\n]*\n\Z")

    def test_they_are_short(self):
        for path in EXAMPLES:
            self.assertLessEqual(len(path.read_text().splitlines()), MOST_LINES, path.name)

    def test_the_readme_s_profile_is_valid(self):
        (shown,) = re.findall(r"^```yaml\n(apiVersion: kubectl-ai.*?)^```$",
                              (SOURCE / "README.md").read_text(), re.MULTILINE | re.DOTALL)
        done = run("profile", "check", "-f", "-", input=shown)
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main()
