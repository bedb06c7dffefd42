"""What the audit writes for other programs is what they read: JSON and SARIF by their
schemas, JUnit, CSV, Prometheus and Markdown by parsers as strict as their readers.
"""

import csv
import io
import json
import re
import subprocess
import unittest
import xml.etree.ElementTree as xml
from collections import Counter

import jsonschema

import support

_GOLDEN = support.SOURCE / "tests" / "golden" / "audit"
# (case's input, arguments): a large cluster, files with lines, what could not be read,
# hostile names, hostile files, nothing at all, what does not count.
_RUNS = {
    "cluster": ("sample-cluster", ("--cluster-dump", "-f", ".")),
    "files": ("output-json", ("-f", ".")),
    "broken": ("input-broken-document", ("-f", ".")),
    "hostile": ("output-html-hostile-names", ("--cluster-dump", "-f", ".")),
    "unreadable": ("input-hostile-files", ("-f", ".")),
    "empty": ("output-empty-json", ("-f", ".")),
    "exceptions": ("exceptions-file-json", ("-f", "ml.yaml", "--exceptions", "exceptions.yaml")),
    "marks": ("exceptions-annotation-and-label", ("-f", "ml.yaml")),
    "baseline": ("baseline-only-new-json", ("-f", "ml.yaml", "--baseline", "known.yaml")),
}
_DANGEROUS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")


def audit(name, output, *more):
    case, arguments = _RUNS[name]
    return run(case, *arguments, "-o", output, *more)


def fix(case, *arguments, stdin=None):
    return run(case, "fix", *arguments, stdin=stdin)


def run(case, *arguments, stdin=None):
    # As bytes: Python's text mode would hide how lines end.
    done = subprocess.run([support.BIN / "kubectl-ai-audit", *arguments],
                          cwd=_GOLDEN / case / "input", env=support.environment(), input=stdin,
                          capture_output=True, timeout=support.PATIENCE, check=False)
    if done.returncode not in (0, 1, 4):
        raise AssertionError(done.stderr.decode())
    return done.stdout.decode()


def findings_of(name):
    return json.loads(audit(name, "json"))["findings"]


class EveryFormat(unittest.TestCase):
    def test_no_control_or_bidirectional_character_comes_out(self):
        for output in ("table", "wide", "json", "yaml", "sarif", "junit", "markdown", "csv", "html",
                       "prometheus"):
            for name in ("hostile", "unreadable"):
                with self.subTest(output, run=name):
                    text = audit(name, output).replace("\r\n", "\n")
                    self.assertIsNone(_DANGEROUS.search(text))
                    self.assertNotIn("\r", text)


class Schemas(unittest.TestCase):
    def check(self, document, path):
        schema = json.loads(path.read_text())
        jsonschema.Draft7Validator.check_schema(schema)
        problems = [f"{list(error.absolute_path)}: {error.message}"
                    for error in jsonschema.Draft7Validator(schema).iter_errors(document)]
        self.assertEqual(problems, [])

    def test_json_reports_follow_the_published_schema(self):
        path = support.SOURCE / "shared/kai/output/audit-report.schema.json"
        for name in _RUNS:
            with self.subTest(name):
                self.check(json.loads(audit(name, "json")), path)

    def test_json_of_fixes_follows_its_published_schema(self):
        path = support.SOURCE / "shared/kai/output/audit-fix.schema.json"
        told = Counter()
        for case, arguments in (("fix-plan-of-files", ("-f", "lab")), ("fix-decision-taken", ("-f", ".")),
                                ("fix-decision-taken", ("-f", ".", "--select", "rbac-cluster-admin")),
                                ("fix-anchors-are-left-alone", ("-f", ".")), ("fix-broken-document", ("-f", ".")),
                                ("output-json", ("-f", ".")), ("output-empty-json", ("-f", "."))):
            with self.subTest(case):
                document = json.loads(fix(case, *arguments, "--plan", "-o", "json"))
                self.check(document, path)
                told += Counter(files=len(document["files"]), left=len(document["left"]),
                                decisions=sum(left["undecided"] for left in document["left"]))
        self.assertTrue(told["files"] and told["left"] > told["decisions"] > 0, told)
        quota = (_GOLDEN / "fix-plan-yaml/input/quota.yaml").read_bytes()
        self.check(json.loads(fix("fix-plan-yaml", "-f", "-", "-o", "json", stdin=quota)), path)

    def test_json_of_differences_follows_its_published_schema(self):
        path = support.SOURCE / "shared/kai/output/audit-diff.schema.json"
        told = Counter()
        for case, reports in (("diff-json", ("a.json", "b.json")), ("diff-nothing-new", ("a.json", "a.json"))):
            document = json.loads(run(case, "diff", *reports, "-o", "json"))
            self.check(document, path)
            told += Counter({what: len(document[what]) for what in ("new", "gone", "unchanged")})
        self.assertEqual(len(+told), 3, told)

    def test_the_published_schemas_know_every_key(self):
        """They would refuse one that is not in them: so a new key must be published."""
        report = json.loads(audit("files", "json"))
        report["summary"]["surprise"] = 1
        fixes = json.loads(fix("fix-plan-of-files", "-f", "lab", "--plan", "-o", "json"))
        fixes["files"][0]["surprise"] = 1
        for name, document in (("audit-report", report), ("audit-fix", fixes)):
            schema = json.loads((support.SOURCE / f"shared/kai/output/{name}.schema.json").read_text())
            with self.assertRaises(jsonschema.ValidationError):
                jsonschema.validate(document, schema)

    def test_sarif_follows_the_schema_of_its_standard(self):
        path = support.SOURCE / "tests/schemas/sarif-2.1.0.json"
        for name in _RUNS:
            with self.subTest(name):
                self.check(json.loads(audit(name, "sarif")), path)


class Sarif(unittest.TestCase):
    def test_findings_in_files_have_lines_and_fingerprints(self):
        run = json.loads(audit("cluster", "sarif"))["runs"][0]
        rules = run["tool"]["driver"]["rules"]
        wanted = findings_of("cluster")
        self.assertEqual(len(run["results"]), len(wanted))
        for result, finding in zip(run["results"], wanted):
            self.assertEqual(result["ruleId"], finding["rule"])
            self.assertEqual(rules[result["ruleIndex"]]["id"], finding["rule"])
            self.assertEqual(result["partialFingerprints"], {"kubectlAiAudit/v1": finding["fingerprint"]})
            place = result["locations"][0]["physicalLocation"]
            self.assertEqual(place["artifactLocation"]["uri"], finding["location"]["file"])
            self.assertEqual(place["region"], {"startLine": finding["location"]["line"],
                                               "startColumn": finding["location"]["column"]})
        for rule in rules:
            self.assertTrue(rule["help"]["text"] and rule["helpUri"].startswith("https://"))

    def test_a_run_that_did_not_see_everything_is_no_success(self):
        invocation = json.loads(audit("broken", "sarif"))["runs"][0]["invocations"][0]
        self.assertFalse(invocation["executionSuccessful"])
        self.assertTrue(invocation["toolExecutionNotifications"][0]["locations"])
        self.assertTrue(json.loads(audit("cluster", "sarif"))["runs"][0]["invocations"][0]
                        ["executionSuccessful"])


class Junit(unittest.TestCase):
    def suites(self, name, *more):
        return xml.fromstring(audit(name, "junit", *more))

    def test_one_test_for_each_rule_and_one_failure_for_each_finding(self):
        root = self.suites("cluster")
        report = json.loads(audit("cluster", "json"))
        self.assertEqual(sorted(case.get("name") for case in root.iter("testcase")),
                         sorted(report["coverage"]["rules"]))
        failing = Counter(finding["rule"] for finding in report["findings"]
                          if finding["severity"] != "info")
        self.assertEqual({case.get("name"): len(case.findall("failure"))
                          for case in root.iter("testcase") if case.find("failure") is not None}, failing)
        for suite in root.iter("testsuite"):
            cases = suite.findall("testcase")
            self.assertEqual(int(suite.get("tests")), len(cases))
            self.assertEqual(int(suite.get("failures")),
                             sum(case.find("failure") is not None for case in cases))

    def test_it_fails_where_the_command_fails(self):
        self.assertEqual(list(self.suites("cluster", "--fail-on", "never").iter("failure")), [])
        self.assertEqual({failure.get("type") for failure in
                          self.suites("cluster", "--fail-on", "error").iter("failure")}, {"error"})
        self.assertEqual({failure.get("type") for failure in
                          self.suites("cluster", "--fail-on", "info").iter("failure")},
                         {"error", "warning", "info"})

    def test_what_was_not_checked_is_an_error_unless_it_may_be_partial(self):
        self.assertTrue(list(self.suites("broken").iter("error")))
        accepted = self.suites("broken", "--allow-partial")
        self.assertFalse(list(accepted.iter("error")))
        self.assertTrue(list(accepted.iter("skipped")))


class Csv(unittest.TestCase):
    def test_a_line_for_each_finding(self):
        for name in _RUNS:
            with self.subTest(name):
                text = audit(name, "csv")
                self.assertEqual(text.count("\n"), text.count("\r\n"))
                rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
                self.assertEqual({len(row) for row in rows}, {17})
                found = [row for row in rows[1:] if row[0] in ("error", "warning", "info")]
                self.assertEqual([row[14] for row in found],
                                 [finding["fingerprint"] for finding in findings_of(name)])

    def test_no_cell_is_a_formula(self):
        rows = [row for name in ("hostile", "unreadable")
                for row in csv.reader(io.StringIO(audit(name, "csv"), newline=""), strict=True)]
        self.assertTrue(any(cell.startswith("'=") for row in rows for cell in row))
        for row in rows:
            for cell in row:
                self.assertFalse(cell.lstrip().startswith(("=", "+", "-", "@")), cell)


class Prometheus(unittest.TestCase):
    """The rules of the text format 0.0.4 and of `promtool check metrics`."""
    _NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
    _LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'

    def samples(self, text):
        """{(name, labels): value}; fails on anything that a server would refuse."""
        self.assertTrue(text.endswith("\n"))
        helped, typed, found, current = set(), set(), {}, None
        for line in text.splitlines():
            if match := re.fullmatch(rf"# HELP ({self._NAME}) (\S.*)", line):
                self.assertNotIn(match[1], helped)
                helped.add(match[1])
            elif match := re.fullmatch(rf"# TYPE ({self._NAME}) gauge", line):
                current = match[1]
                self.assertIn(current, helped)
                self.assertNotIn(current, typed)
                self.assertNotRegex(current, "_(total|count|sum|bucket|info)$")
                typed.add(current)
            else:
                match = re.fullmatch(rf"({self._NAME})(?:\{{({self._LABEL}(?:,{self._LABEL})*)\}})? (\d+)", line)
                self.assertIsNotNone(match, line)
                self.assertEqual(match[1], current, "samples of a metric stand together")
                labels = tuple(re.findall(self._LABEL, match[2] or ""))
                self.assertEqual(len({label for label, _ in labels}), len(labels), line)
                self.assertNotIn((current, labels), found, "a series comes once")
                found[current, labels] = int(line.rsplit(" ", 1)[1])
        self.assertEqual(helped, typed)
        return found

    def test_every_report_can_be_scraped(self):
        for name in _RUNS:
            with self.subTest(name):
                samples = self.samples(audit(name, "prometheus"))
                counts = Counter(finding["rule"] for finding in findings_of(name))
                self.assertEqual({dict(labels)["rule"]: value for (metric, labels), value in samples.items()
                                  if metric == "kubectl_ai_audit_findings" and value}, counts)

    def test_gpus_are_the_summary_s(self):
        samples = self.samples(audit("cluster", "prometheus"))
        gpus = json.loads(audit("cluster", "json"))["summary"]["gpus"]
        by_state = Counter()
        for (metric, labels), value in samples.items():
            if metric == "kubectl_ai_audit_node_gpus":
                by_state[dict(labels)["state"]] += value
        self.assertEqual(sum(by_state.values()), gpus["total"])
        self.assertEqual(by_state["lost"], gpus["lost"])
        self.assertEqual(by_state["stranded"], gpus["stranded"])


class Markdown(unittest.TestCase):
    def test_the_table_has_five_columns_in_every_row(self):
        for name in _RUNS:
            with self.subTest(name):
                counted, _, aside = audit(name, "markdown").partition(" set aside, not counted")
                for text, separators in ((counted, 6), (aside, 5)):
                    for row in text.splitlines():
                        if row.startswith("|"):
                            self.assertEqual(len(re.findall(r"(?<!\\)\|", row)), separators, row)

    def test_hostile_names_are_no_markup(self):
        text = audit("hostile", "markdown")
        prose = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)|```.*?```", "", text, flags=re.DOTALL)
        for markup in ("<script", "<img", "](http", "@everyone"):
            self.assertNotIn(markup, prose.replace("[Reference](http", ""))

    def test_it_fits_into_a_comment(self):
        documents = "".join(
            "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: quota-%d, namespace: n%d}\n"
            "spec: {hard: {limits.nvidia.com/gpu: 4}}\n---\n" % (i, i) for i in range(2000))
        done = support.run("-f", "-", "-o", "markdown", program=support.BIN / "kubectl-ai-audit",
                           input=documents)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertLess(len(done.stdout.encode()), 65536)
        self.assertRegex(done.stdout, r"\*\*\d+ more did not fit into this comment\*\*")


class SetAside(unittest.TestCase):
    """What an exception or a baseline covers is shown with its reason, and never counted."""

    def aside(self, name):
        """[(rule, reason)] by the JSON report."""
        report = json.loads(audit(name, "json"))
        return ([(finding["rule"], finding["exception"]["reason"]) for finding in report.get("excepted", [])]
                + [(finding["rule"], "known.yaml") for finding in report.get("baseline", {}).get("known", [])])

    def test_sarif_says_where_and_why(self):
        for name, kind in (("exceptions", "external"), ("marks", "inSource"), ("baseline", "external")):
            with self.subTest(name):
                results = json.loads(audit(name, "sarif"))["runs"][0]["results"]
                wanted = self.aside(name)
                self.assertTrue(wanted)
                # Where one result has the property all of them need it.
                self.assertTrue(all("suppressions" in result for result in results))
                self.assertEqual([result["ruleId"] for result in results if not result["suppressions"]],
                                 [finding["rule"] for finding in findings_of(name)])
                suppressed = [result for result in results if result["suppressions"]]
                self.assertEqual(len(suppressed), len(wanted))
                for result, (rule, reason) in zip(suppressed, wanted):
                    self.assertEqual(result["ruleId"], rule)
                    self.assertEqual({entry["kind"] for entry in result["suppressions"]}, {kind})
                    self.assertIn(reason, result["suppressions"][0]["justification"])
        # Nothing is suppressed, so nothing speaks of it.
        self.assertNotIn("suppressions", audit("files", "sarif"))

    def test_junit_passes_and_tells(self):
        for name in ("exceptions", "marks", "baseline"):
            root = xml.fromstring(audit(name, "junit", "--fail-on", "info"))
            told = {case.get("name"): "".join(out.text for out in case.iter("system-out"))
                    for case in root.iter("testcase")}
            for rule, reason in self.aside(name):
                self.assertIn(reason, told[rule])
            failures = Counter(case.get("name") for case in root.iter("testcase") for _ in case.iter("failure"))
            self.assertEqual(failures, Counter(finding["rule"] for finding in findings_of(name)))

    def test_csv_has_another_word_where_the_severity_stands(self):
        for name, state in (("exceptions", "excepted"), ("marks", "excepted"), ("baseline", "known")):
            rows = csv.DictReader(io.StringIO(audit(name, "csv"), newline=""))
            found = [(row["rule"], row["setAside"]) for row in rows if row["severity"] == state]
            wanted = self.aside(name)
            self.assertEqual([rule for rule, _ in found], [rule for rule, _ in wanted])
            for (_, told), (_, reason) in zip(found, wanted):
                self.assertIn(reason, told)

    def test_markdown_and_html_show_it_apart(self):
        for name in ("exceptions", "marks", "baseline"):
            wanted = self.aside(name)
            for output, mark in (("markdown", " set aside, not counted</summary>"), ("html", 'id="set-aside"')):
                with self.subTest(output, run=name):
                    _, found, text = audit(name, output).partition(mark)
                    self.assertTrue(found)
                    for rule, reason in wanted:
                        self.assertIn(rule, text)
                        self.assertIn(reason, text.replace("\\", ""))
            self.assertNotIn("set aside", audit("files", "markdown"))


if __name__ == "__main__":
    unittest.main()
