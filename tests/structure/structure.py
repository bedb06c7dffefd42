"""Checks the sources against shared/ARCHITECTURE.md. check(root) returns what is wrong.

Every rule is a table below; a rule that changes there changes here in the same commit.
"""

import re
import subprocess
import sys
from pathlib import Path

# What each part of the sources may include besides itself. A part is the longest of
# these prefixes; a file of shared/kai that matches none is in no layer, which is wrong.
_BELOW = ("kai/base/", "kai/model/")
_KUBE = (*_BELOW, "kai/http/", "kai/kube/")
_OUTPUT = (*_KUBE, "kai/apply/", "kai/audit/", "kai/host/")
MAY_INCLUDE = {
    "kai/base/": (),
    "kai/model/": ("kai/base/",),
    "kai/http/": _BELOW,
    "kai/kube/": (*_BELOW, "kai/http/"),
    "kai/apply/": _KUBE,
    "kai/audit/": _BELOW,
    "kai/audit/source/": (*_BELOW, "kai/audit/", "kai/kube/"),
    "kai/host/": _KUBE,
    "kai/host/tasks/": (*_BELOW, "kai/host/"),
    "kai/output/": _OUTPUT,
    "kai/cli/": (*_OUTPUT, "kai/output/"),
}

# Parts that must not even get there through the headers that they include: a rule can
# never touch the network, and what a task does to a host can be read without one.
MUST_NOT_REACH = {
    "kai/audit/": ("kai/http/", "kai/kube/", "kai/audit/source/"),
    "kai/host/tasks/": ("kai/http/", "kai/kube/"),
}

# Third-party headers that one place wraps for everybody.
ONLY_IN = {
    r"curl/": ("shared/kai/http/",),
    r"yaml\.h$|yaml-cpp/": ("shared/kai/model/",),
    r"zlib\.h$": ("shared/kai/model/",),
    r"tl/expected\.hpp$": ("shared/kai/base/",),
    r"CLI/": ("shared/kai/cli/", "plugins/"),
}

PRINTS = re.compile(r"\bstd::(cout|cerr|clog|print|println)\b|\bfmt::print\b"
                    r"|\b(v?f?printf|v?dprintf|f?puts|putchar|perror)\s*\(")
MAY_PRINT = ("shared/kai/cli/", "shared/kai/output/")

TOP_LEVEL = {"CMakeLists.txt", "CHANGELOG.md", "LICENSE", "README.md", "completions", "krew",
             "manifests", "plugins", "shared", "tests"}

_LONG_FILE = 600
_INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
# Comments, and literals with what they hold: neither prints nor includes anything.
_NOT_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"', re.DOTALL)


def check(root):
    """(problems, warnings), each a list of lines."""
    root = Path(root)
    problems, warnings = _check_top_level(root), []
    sources = {path.relative_to(root).as_posix(): path.read_text(errors="replace")
               for top in ("shared", "plugins", "tests") for path in sorted((root / top).rglob("*"))
               if path.suffix in (".cpp", ".hpp") and path.is_file()}
    includes = {name: _INCLUDE.findall(text) for name, text in sources.items()}
    for name, text in sources.items():
        if (lines := text.count("\n")) > _LONG_FILE:
            warnings.append(f"{name}: {lines} lines: is it two files?")
        if name.startswith("tests/"):
            continue
        for form, header in includes[name]:
            problems += [f"{name}: includes {header}: {why}"
                         for why in _wrong_include(name, form, header)]
        if not name.startswith(MAY_PRINT):
            problems += [f"{name}: prints by {match.group().strip('( ')}: only cli and output touch streams"
                         for match in PRINTS.finditer(_NOT_CODE.sub(_blank, text))]
    problems += _wrong_reach(includes)
    return problems, warnings


def _blank(match):
    return '""' if match.group().endswith('"') else " "


def _check_top_level(root):
    # A build directory beside the sources is ignored by git and none of our business.
    if (root / ".git").exists():
        listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True,
                                check=True).stdout.splitlines()
        names = {line.split("/", 1)[0].strip('"') for line in listed}
    else:
        names = {path.name for path in root.iterdir() if not path.name.startswith("build")}
    return [f"{name}: does not belong at the top level" for name in sorted(names - TOP_LEVEL)
            if not name.startswith(".")]


def _part(header):
    """The part of the library that a path such as kai/audit/rules/x.cpp belongs to."""
    return max((part for part in MAY_INCLUDE if header.startswith(part)), key=len, default=None)


def _wrong_include(name, form, header):
    if name.startswith("shared/kai/"):
        part = _part(name.removeprefix("shared/"))
        if part is None:
            yield "the file is in no layer of ARCHITECTURE.md"
        elif header.startswith("kai/"):
            target = _part(header)
            if target != part and target not in MAY_INCLUDE[part]:
                yield f"{part} may not include {target or 'what is in no layer'}"
        if form == '"':
            yield "the library includes as <kai/layer/file.hpp>"
    elif name.startswith("plugins/"):
        if form == '"' and "/" in header:
            yield "a plugin's own headers stand beside it"
        if form == "<" and header.startswith("plugins/"):
            yield "nothing includes a plugin"
    if header.startswith(("tests/", "support/")):
        yield "only tests include tests"
    for pattern, places in ONLY_IN.items():
        if form == "<" and re.match(pattern, header) and not name.startswith(places):
            yield f"only {' and '.join(places)} may"


def _wrong_reach(includes):
    headers = {name.removeprefix("shared/"): [header for _, header in found]
               for name, found in includes.items() if name.startswith("shared/")}
    for name in headers:
        part = _part(name)
        seen, waiting = {name: None}, [name]
        while waiting:
            current = waiting.pop()
            for header in headers.get(current, []):
                if header not in seen and header in headers:
                    seen[header] = current
                    waiting.append(header)
        for header, includer in seen.items():
            # What a file includes itself is _wrong_include's matter.
            if _part(header) in MUST_NOT_REACH.get(part, ()) and includer != name:
                chain = []
                while includer is not None:
                    chain.append(includer)
                    includer = seen[includer]
                yield f"shared/{name}: reaches {header} through {', '.join(chain[-2::-1])}"


def main():
    problems, warnings = check(sys.argv[1])
    for line in warnings:
        print(f"structure: warning: {line}")
    for line in problems:
        print(f"structure: {line}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
