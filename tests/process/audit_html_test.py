"""The audit's HTML report in a real browser: it shows, it filters, and nothing in it can
be made to run.
"""

import json
import re
import shutil
import subprocess
import tempfile
import unittest
from html.parser import HTMLParser
from pathlib import Path

import support

_GOLDEN = support.SOURCE / "tests" / "golden" / "audit"
_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def report(case, output="html"):
    done = support.run("--cluster-dump", "-f", ".", "-o", output, program=support.BIN / "kubectl-ai-audit",
                       cwd=_GOLDEN / case / "input")
    if done.returncode != 1:
        raise AssertionError(done.stderr)
    return done.stdout


class Page(HTMLParser):
    """What a DOM dump shows: findings that are not hidden, and every element's attributes."""

    def __init__(self, text):
        super().__init__()
        self.findings, self.hidden_findings, self.elements, self.texts = [], [], [], {}
        self._ids = []
        self._section_hidden = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        self._ids.append(attributes.get("id"))
        classes = (attributes.get("class") or "").split()
        if "rule" in classes:
            self._section_hidden = "hidden" in attributes
        if "finding" in classes:
            hidden = self._section_hidden or "hidden" in attributes
            (self.hidden_findings if hidden else self.findings).append(
                attributes["id"].removeprefix("finding-"))

    def handle_endtag(self, tag):
        self._ids.pop() if self._ids else None

    def handle_data(self, data):
        if self._ids and self._ids[-1]:
            self.texts[self._ids[-1]] = self.texts.get(self._ids[-1], "") + data


class Browser(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if _CHROMIUM is None:
            raise RuntimeError("there is no chromium: run tests/setup tests")
        cls.html = report("sample-cluster")
        cls.findings = json.loads(report("sample-cluster", "json"))["findings"]

    def run_chromium(self, html, fragment, *flags):
        with tempfile.TemporaryDirectory(prefix="kai-chromium-") as home:
            page = Path(home) / "report.html"
            page.write_text(html)
            return subprocess.run(
                [_CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
                 "--no-first-run", "--disable-background-networking", "--disable-component-update",
                 "--disable-sync", "--disable-dev-shm-usage", "--disable-extensions",
                 "--enable-logging=stderr", f"--user-data-dir={home}/profile", *flags,
                 f"file://{page}{fragment}"],
                capture_output=True, text=True, timeout=200, check=False)

    def dom(self, html, fragment=""):
        done = self.run_chromium(html, fragment, "--dump-dom")
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        self.assertNotIn("Content Security Policy", done.stderr)
        self.assertNotRegex(done.stderr, "Uncaught|SyntaxError|TypeError")
        return Page(done.stdout)

    def prints(self, wanted):
        return sorted(finding["fingerprint"] for finding in self.findings if wanted(finding))

    def test_everything_is_shown_and_counted_at_first(self):
        page = self.dom(self.html)
        self.assertEqual(sorted(page.findings), self.prints(lambda finding: True))
        self.assertEqual(page.texts["count"], f"{len(self.findings)} findings")
        self.assertNotIn("hidden", dict(next(a for t, a in page.elements if a.get("id") == "filters")))

    def test_a_filter_in_the_address(self):
        page = self.dom(self.html, "#severity=error&namespace=ai-projects")
        wanted = self.prints(lambda finding: finding["severity"] == "error" and
                             finding["object"].get("namespace") == "ai-projects")
        self.assertTrue(wanted)
        self.assertEqual(sorted(page.findings), wanted)
        self.assertEqual(page.texts["count"], f"{len(wanted)} of {len(self.findings)} findings")

    def test_every_filter_by_hand(self):
        """The policy of the page admits only its own script, so the one that plays the person
        comes with the policy taken off: all steps in one start of the browser.
        """
        rule = self.findings[0]["rule"]
        steps = [
            ("rule", f"form.elements.rule.value = {json.dumps(rule)}",
             lambda finding: finding["rule"] == rule),
            ("namespace", "form.elements.namespace.value = 'vision'",
             lambda finding: finding["object"].get("namespace") == "vision"),
            ("cluster", "form.elements.namespace.value = '*'",
             lambda finding: "namespace" not in finding["object"]),
            ("severity", "form.querySelectorAll('[name=severity]').forEach(b => b.checked = b.value === 'info')",
             lambda finding: finding["severity"] == "info"),
            ("find", "form.elements.find.value = 'GPU-D1 taint'", None),
            ("nothing", "form.elements.find.value = 'no such word'", lambda finding: False),
        ]
        script = "".join(
            f"form.reset(); {change}; form.dispatchEvent(new Event('input', {{bubbles: true}}));"
            f"log[{json.dumps(name)}] = seen(); address[{json.dumps(name)}] = location.hash;"
            for name, change, _ in steps)
        driver = ("<script>(() => { const form = document.getElementById('filters');"
                  "const log = {}, address = {};"
                  "const seen = () => [...document.querySelectorAll('.finding')].filter("
                  "f => f.offsetParent !== null).map(f => f.id.slice(8)).sort();"
                  f"{script}"
                  "const out = document.createElement('p'); out.id = 'log';"
                  "out.textContent = JSON.stringify({log, address, empty: document.getElementById('empty').hidden});"
                  "document.body.append(out); })();</script></body>")
        html = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", self.html)
        self.assertNotEqual(html, self.html)
        page = self.dom(html.replace("</body>", driver))
        played = json.loads(page.texts["log"])
        for name, _, wanted in steps:
            with self.subTest(name):
                if wanted is not None:
                    self.assertEqual(played["log"][name], self.prints(wanted))
        found = self.prints(lambda finding: finding["rule"] == "gpu-node-untainted")
        self.assertTrue(set(found) <= set(played["log"]["find"]))
        self.assertLess(len(played["log"]["find"]), len(self.findings))
        self.assertEqual(played["address"]["namespace"], "#namespace=vision")
        self.assertFalse(played["empty"], "an empty view says so")

    def test_the_policy_stops_every_other_script(self):
        html = self.html.replace("</body>", "<script>document.title = 'owned'</script>"
                                            "<img src='x' onerror=\"document.title = 'owned'\"></body>")
        done = self.run_chromium(html, "", "--dump-dom")
        self.assertEqual(done.returncode, 0)
        self.assertIn("<title>GPU cluster audit", done.stdout)

    def test_hostile_names_are_text(self):
        page = self.dom(report("output-html-hostile-names"))
        self.assertGreater(len(page.findings), 1)
        allowed = {tag for tag, _ in Page(self.html).elements}
        self.assertLessEqual({tag for tag, _ in page.elements}, allowed)
        self.assertEqual(sum(tag == "script" for tag, _ in page.elements), 1)
        for tag, attributes in page.elements:
            self.assertFalse([name for name in attributes if name.startswith("on")], (tag, attributes))

    def test_nothing_is_wider_than_a_phone(self):
        """Headless windows cannot be as narrow as a phone; a frame can."""
        html = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", self.html)
        text = json.dumps(html).replace("</", "<\\/")
        page = self.dom("<!DOCTYPE html><p id=log></p><iframe id=frame width=360 height=800></iframe>"
                        "<script>const frame = document.getElementById('frame');"
                        "frame.onload = () => { document.getElementById('log').textContent ="
                        " frame.contentDocument.documentElement.scrollWidth; };"
                        f"frame.srcdoc = {text};</script>")
        self.assertLessEqual(int(page.texts["log"]), 360)


class Source(unittest.TestCase):
    def test_nothing_comes_from_elsewhere(self):
        page = Page(report("sample-cluster"))
        for tag, attributes in page.elements:
            self.assertNotIn(tag, ("link", "iframe", "object", "embed", "img", "base"))
            self.assertNotIn("src", attributes)
            self.assertNotIn("style", attributes)
            if "href" in attributes:
                self.assertEqual(tag, "a")
                self.assertRegex(attributes["href"], r"^(#|https://)")


if __name__ == "__main__":
    unittest.main()
