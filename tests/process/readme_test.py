"""What the README shows is what the commands print."""

import re
import unittest

from support import SOURCE, on_terminal, run

COLUMNS = 80


class Readme(unittest.TestCase):
    def samples(self):
        """(words, shown text) of each sample that needs no cluster."""
        blocks = re.findall(r"^```\n\$ kubectl ai ([^\n]*)\n(.*?)^```$", (SOURCE / "README.md").read_text(),
                            re.MULTILINE | re.DOTALL)
        return [(command.split(), text) for command, text in blocks if "-f tests/" in command]

    def test_samples_are_real_output(self):
        samples = self.samples()
        self.assertTrue(samples)
        for words, shown in samples:
            printed = on_terminal(*words, columns=COLUMNS, cwd=SOURCE, NO_COLOR="1")
            at = 0
            # A line with an ellipsis alone stands for lines that are left out.
            for part in re.split(r"^…\n", shown, flags=re.MULTILINE):
                found = printed.find(part, at)
                self.assertNotEqual(found, -1, f"kubectl ai {' '.join(words)} at {COLUMNS} columns does not print\n"
                                    f"{part}but\n{printed[at:]}")
                at = found + len(part)
            self.assertEqual(printed[at:], "", "the sample ends early")

    def test_commands_exist(self):
        """Every `kubectl ai …` of the README is a command that explains itself."""
        text = (SOURCE / "README.md").read_text()
        for command in sorted(set(re.findall(r"kubectl ai ((?:gpu|audit|policy|quota)(?: [a-z]+)?|[a-z]+)(?=[ `])", text))):
            done = run(*command.split(), "--help")
            self.assertEqual((done.returncode, done.stderr), (0, ""), command)


if __name__ == "__main__":
    unittest.main()
