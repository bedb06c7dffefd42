"""The sources keep to ARCHITECTURE.md, and the check would notice if they did not."""

import sys
import tempfile
import unittest
from pathlib import Path

import structure

_ROOT = Path(__file__).resolve().parents[2]


class Sources(unittest.TestCase):
    def test_the_sources(self):
        problems, warnings = structure.check(_ROOT)
        for line in warnings:
            print(f"warning: {line}", file=sys.stderr)
        self.assertEqual(problems, [])


class Check(unittest.TestCase):
    """Each case is a small tree of sources, and the words of what is wrong with it."""

    def check(self, files):
        with tempfile.TemporaryDirectory() as directory:
            for name, text in files.items():
                path = Path(directory, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return structure.check(directory)

    def assert_wrong(self, files, *words):
        problems, _ = self.check(files)
        self.assertEqual(len(problems), len(words), problems)
        for problem, word in zip(problems, words):
            self.assertIn(word, problem)

    def assert_right(self, files):
        self.assertEqual(self.check(files)[0], [])

    def test_arrows_that_are_allowed(self):
        self.assert_right({
            "shared/kai/kube/client.cpp": "#include <kai/http/transport.hpp>\n#include <string>\n",
            "shared/kai/audit/source/live.cpp": "#include <kai/kube/client.hpp>\n",
            "shared/kai/audit/rules/x.cpp": "#include <kai/audit/rule.hpp>\n#include <kai/model/json.hpp>\n",
            "shared/kai/cli/session.cpp": "#include <kai/http/curl_transport.hpp>\n#include <CLI/CLI.hpp>\n",
            "shared/kai/output/table.cpp": "#include <kai/audit/report.hpp>\n",
            "shared/kai/http/curl.cpp": "#include <curl/curl.h>\n",
            "plugins/gpu/main.cpp": '#include "command.hpp"\n#include <kai/cli/run.hpp>\n',
            "tests/unit/http/x_test.cpp": "#include <kai/audit/rule.hpp>\n#include <support/fake.hpp>\n",
        })

    def test_arrows_that_point_up_or_aside(self):
        for name, header in (
                ("base/error.cpp", "kai/model/json.hpp"), ("model/json.cpp", "kai/http/transport.hpp"),
                ("http/retry.cpp", "kai/kube/client.hpp"), ("kube/client.cpp", "kai/apply/plan.hpp"),
                ("apply/plan.cpp", "kai/output/table.hpp"), ("output/table.cpp", "kai/cli/run.hpp"),
                ("apply/plan.cpp", "kai/audit/rule.hpp"), ("host/pods.cpp", "kai/apply/plan.hpp"),
                ("audit/rules/x.cpp", "kai/kube/client.hpp"), ("audit/runner.cpp", "kai/http/transport.hpp"),
                ("audit/runner.cpp", "kai/audit/source/live.hpp"),
                ("host/tasks/swap.cpp", "kai/kube/client.hpp")):
            with self.subTest(name=name, header=header):
                self.assert_wrong({f"shared/kai/{name}": f"#include <{header}>\n"}, "may not include")

    def test_a_comment_before_an_include_hides_nothing(self):
        self.assert_wrong({"shared/kai/model/x.cpp": "/* why */\n  #  include <kai/kube/client.hpp>\n"},
                          "may not include")

    def test_a_rule_reaches_the_network_through_a_header(self):
        self.assert_wrong({
            "shared/kai/host/tasks/swap.cpp": "#include <kai/host/task.hpp>\n",
            "shared/kai/host/task.hpp": "#include <kai/host/pods.hpp>\n",
            "shared/kai/host/pods.hpp": "#include <kai/kube/client.hpp>\n",
            "shared/kai/kube/client.hpp": "",
        }, "reaches kai/kube/client.hpp through kai/host/task.hpp, kai/host/pods.hpp")

    def test_a_new_layer_needs_a_decision(self):
        self.assert_wrong({"shared/kai/misc/x.cpp": "#include <string>\n"}, "in no layer")

    def test_libraries_that_one_layer_wraps(self):
        self.assert_wrong({"shared/kai/kube/x.cpp": "#include <curl/curl.h>\n"}, "shared/kai/http/")
        self.assert_wrong({"plugins/gpu/x.cpp": "#include <yaml-cpp/yaml.h>\n"}, "shared/kai/model/")
        self.assert_wrong({"shared/kai/audit/x.cpp": "#include <CLI/CLI.hpp>\n"}, "shared/kai/cli/")

    def test_plugins_stand_alone(self):
        self.assert_wrong({"plugins/gpu/x.cpp": '#include "../audit/command.hpp"\n'}, "stand beside it")
        self.assert_wrong({"shared/kai/cli/x.cpp": "#include <support/fake.hpp>\n"}, "only tests")

    def test_printing(self):
        for line in ("std::cout << 1;", "std::cerr << 1;", "printf(\"x\");", "std::fprintf(stderr, \"x\");",
                     "fmt::print(\"x\");", "puts(\"x\");"):
            with self.subTest(line):
                self.assert_wrong({"shared/kai/kube/x.cpp": f"void f() {{ {line} }}\n"}, "prints by")
                self.assert_wrong({"plugins/gpu/x.cpp": f"void f() {{ {line} }}\n"}, "prints by")
                self.assert_right({"shared/kai/cli/x.cpp": f"void f() {{ {line} }}\n"})

    def test_what_only_looks_like_printing(self):
        self.assert_right({"shared/kai/kube/x.cpp":
                           '// std::cout\n/* printf( */ const char* s = "puts(\\"";\nstd::snprintf(b, 1, "x");\n'
                           'auto script = R"(printf "x" (1); puts())";\n'})

    def test_the_top_level(self):
        self.assert_wrong({"scripts/x.sh": ""}, "scripts: does not belong")
        self.assert_right({".ci/run": "", "LICENSE": "", "tests/all": "", "build-release/x": ""})

    def test_a_long_file_is_a_warning(self):
        problems, warnings = self.check({"shared/kai/kube/x.cpp": "\n" * 601})
        self.assertEqual((problems, len(warnings)), ([], 1))


if __name__ == "__main__":
    unittest.main()
