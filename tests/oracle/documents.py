"""YAML documents for comparing readers: seeded, so a seed is a document for ever.

Every document is a Kubernetes object of a kind of its own, since kubectl reads nothing
else, and holds one generated value under `v`. Most are well-formed in one of the many ways
that YAML has; some are spoiled afterwards, since readers must agree on what they refuse.
"""

import json
import random
import string

# What YAML 1.1, YAML 1.2, Go or C might take for something other than a string.
TYPED = """
    y Y n N yes Yes YES yEs no No NO nO true True TRUE tRue false False FALSE on On ON oN off Off OFF
    ~ null Null NULL nULL nil none None
    0 -0 +0 00 1 -1 +1 12 017 -017 +017 08 018 09.5 0o17 0O17 -0o17 0o8 0o 0x1F 0X1f -0x1F +0x1F 0x 0xg 0x_1
    0b11 0B11 -0b11 +0b11 0b-11 0b2 0b 0b_1 1_000 1__000 _1 1_ -1_0 0_7 0x1_F 1_000.5 1_0e1_0 12e03
    1. .5 -.5 +.5 . .. 1.0 1.50 -1.5 +1.5 0.1 00.1 1.2.3 1e3 1E3 1e+3 1e-3 -1e3 1.e3 .5e3 1e 1e+ e3 1e03 1e3.5
    1e20 1e21 1e-6 1e-7 1e308 1e309 -1e309 1e-400 5e-324 1.7976931348623157e308 0.30000000000000004
    3.14159265358979323846 100000000000000000000.0 1.0e22 123456789.123456789 1e15 1e16 1e17
    9007199254740991 9007199254740993 -9007199254740993 9223372036854775807 9223372036854775808
    -9223372036854775808 -9223372036854775809 18446744073709551615 18446744073709551616
    99999999999999999999999 0x7fffffffffffffff 0xffffffffffffffff 0x10000000000000000 0777777777777777777777
    01777777777777777777777 0b111111111111111111111111111111111111111111111111111111111111111
    12:30 12:30:45 190:20:30 -12:30:45 1:60 12:30:45.5 1_2:30 0:0
    2001-12-14 2001-1-2 2001-12-14T21:59:43.10Z 2001-12-14t21:59:43.10-05:00 2001-02-30 2001-12-14T 2024-02-29
    = < > - -- ? : :: a:b a::b -a ?a :a a- a? a: = == <<x infinity nan inf NaN Inf +inf
    500m 1Gi 100Mi 1k 2Ti 1E 1e3Ki 0.5 v1.34 1.34 1.10 010 0755 0644 1e1000 0xdeadbeef 12e4a 00e1 0e0 -0.0 0.0
    nvidia.com/gpu=true:NoSchedule http://x/y?z=1 10.0.0.0/8 2001:db8::1 ::1 %d a%b a@b a`b a&b a*b a!b
    $(VAR) ${VAR} \\n C:\\x a'b a"b it's {{.x}}x a{b a}b a[b a]b a,b 1,000 a#b #! ~x ~/x .x .inf.x
""".split()
NOT_IN_JSON = [".inf", "-.inf", "+.inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN", "-.nan"]
WORDS = ["app", "gpu", "nvidia", "spec", "x", "Node", "é", "日本語", "😀", "naïve", "kube-system", "ß", "a1", "Ω"]
TAGS = ["!!str", "!!int", "!!float", "!!bool", "!!null", "!!binary", "!!timestamp", "!local", "!", "!!foo",
        "!<tag:yaml.org,2002:str>", "!e!x", "!<!bar>", "!!merge"]
ESCAPES = ["\\n", "\\t", "\\\\", "\\\"", "\\0", "\\a", "\\b", "\\e", "\\f", "\\v", "\\r", "\\N", "\\_", "\\L", "\\P",
           "\\x41", "\\xe9", "\\u00e9", "\\u2028", "\\U0001F600", "\\ ", "\\/", "\\ud83d", "\\x00", "\\q"]
# Where a value may not stand as it is written.
_FLOW_INDICATORS = set(",[]{}?")


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        r = self.random
        self.seed = seed
        self.anchors = []
        self.counter = 0
        # Each document has a character: mostly plain, or full of one thing.
        self.odd = r.choice([0.02, 0.1, 0.1, 0.3])  # tags, anchors, comments, odd keys
        self.wrong = r.choice([0, 0, 0, 0, 0.02])   # what no reader should take
        self.depth = r.choice([1, 2, 3, 4])
        self.step = r.choice([1, 2, 2, 2, 3, 4, 8])
        self.flush = r.random() < 0.5  # sequences at the column of their key

    def chance(self, probability):
        return self.random.random() < probability

    # Scalars

    def plain(self, flow):
        r = self.random
        if self.chance(self.wrong):
            return r.choice(NOT_IN_JSON + ["@x", "`x", "%x", "a: b", "a #b: c", "\tx", "*nowhere", "!!int x", "&", "x\ty"])
        text = r.choice(TYPED) if self.chance(0.6) else self.phrase(" ")
        if flow and _FLOW_INDICATORS & set(text) or text in ("-", "?", ":", "--", "&x") or self._reads_badly(text, flow):
            return "x" + str(r.randrange(100))
        return text

    @staticmethod
    def _reads_badly(text, flow):
        if text[0] in "#,[]{}&*!|>'\"%@`" or text[-1] == ":" or text.startswith(("- ", "? ", ": ", "---", "...")):
            return True
        return flow and (text[0] in "-?:" or ":" in text)

    def phrase(self, gap):
        r = self.random
        return gap.join(r.choice(WORDS) for _ in range(r.randint(1, 4)))

    def number(self):
        """A number of random digits, in one of the ways in which numbers are written."""
        r = self.random
        digits = "".join(r.choice(string.digits) for _ in range(r.choice([1, 2, 5, 10, 16, 17, 19, 20, 25])))
        sign = r.choice(["", "", "-", "+"])
        kind = r.randrange(6)
        if kind == 0:
            return sign + digits
        if kind == 1:
            at = r.randrange(len(digits) + 1)
            return sign + digits[:at] + "." + digits[at:]
        if kind == 2:
            return f"{sign}{digits[0]}.{digits[1:]}e{r.randint(-330, 310)}"
        if kind == 3:
            return sign + r.choice(["0x", "0", "0b", "0o"]) + digits
        if kind == 4:
            return repr(r.uniform(-1, 1) * 10 ** r.randint(-25, 25))
        return repr(float(r.randint(-2**63, 2**63)) / 2 ** r.randint(0, 80))

    def single_quoted(self, indent):
        text = self.folded_text(indent, ["''", "\\", "\"", ": ", " #", "{", "yes", "12", "\t"])
        return f"'{text}'"

    def double_quoted(self, indent):
        escapes = ESCAPES if self.chance(self.wrong * 5) else ESCAPES[:-4]
        text = self.folded_text(indent, escapes + ["'", ": ", " #", "{", "yes"])
        if self.chance(0.1):
            text += "\\\n" + " " * (indent + self.random.randint(0, 3)) + "joined"
        return f'"{text}"'

    def folded_text(self, indent, pieces):
        r = self.random
        text = ""
        for _ in range(r.randint(0, 5)):
            text += r.choice(pieces) if self.chance(0.5) else r.choice(WORDS)
            if self.chance(0.12):
                text += "\n" * r.randint(1, 3) + " " * (indent + r.randint(0, 3))
            elif self.chance(0.3):
                text += " " * r.randint(1, 2)
        return text

    def block_scalar(self, indent):
        """A literal or folded text whose lines stand deeper than `indent`."""
        r = self.random
        column = indent + r.randint(1, 4)
        header = r.choice("|>")
        explicit = self.chance(0.2)
        marks = [str(column - indent) if explicit and indent >= 0 else "", r.choice(["", "", "-", "+"])]
        r.shuffle(marks)
        header += "".join(marks)
        if self.chance(0.1):
            header += " # comment"
        lines = []
        for _ in range(r.randint(0 if self.chance(0.1) else 1, 6)):
            line = r.choice(["", "one", "two words", "  deeper", "- item", "key: value", "# no comment", "\ttab",
                             "trailing  ", "yes", "é 😀", "   ", "'", "\"", "%x", "--", "{", " deeper", ". ."])
            if not lines and not explicit and line.startswith((" ", "\t")):
                line = "first"
            lines.append(" " * column + line if line.strip() else " " * r.choice([0, 0, column]))
        lines += [""] * r.choice([0, 0, 1, 2])
        return header + "\n" + "\n".join(lines)

    def multi_line_plain(self, indent):
        r = self.random
        lines = [r.choice(WORDS) for _ in range(r.randint(2, 3))]
        gap = "\n" * r.randint(1, 2) + " " * (indent + r.randint(1, 3))
        return gap.join(lines)

    def scalar(self, indent, flow):
        r = self.random
        kind = r.random()
        if kind < 0.5:
            text = self.plain(flow)
        elif kind < 0.6:
            text = self.number()
        elif kind < 0.72:
            text = self.single_quoted(indent + 1)
        elif kind < 0.86:
            text = self.double_quoted(indent + 1)
        elif flow:
            text = self.phrase(" ")
        elif kind < 0.96:
            text = self.block_scalar(indent)
        elif kind < 0.98:
            text = self.multi_line_plain(indent)
        else:
            return ""
        if self.chance(self.odd / 3):
            text = self.tagged(text)
        return self.anchored(text)

    def tagged(self, text):
        r = self.random
        if self.chance(self.wrong):
            return f"{r.choice(TAGS)} {text}"
        if text[0] in "|>":
            return f"{r.choice(['!!str', '!local', '!'])} {text}"
        fitting = {"!!int": ["12", "0x1F", "'12'", "017", "\"1_0\""], "!!float": ["1.5", "12", "'1e3'", "1.0"],
                   "!!bool": ["yes", "'true'", "off"], "!!null": ["~", "", "null", "'null'"],
                   "!!binary": ["aGVsbG8=", "'aGVsbG8='", "/+8="], "!!timestamp": ["2001-12-14", "'2001-12-14'"]}
        tag = r.choice(list(fitting) + ["!!str", "!!str", "!local", "!", "!<tag:yaml.org,2002:str>"])
        return f"{tag} {r.choice(fitting[tag]) if tag in fitting else text}"

    def anchored(self, text):
        if not self.chance(self.odd / 4):
            return text
        name = self.random.choice(["a", "b1", "c-d", "e_f", str(len(self.anchors))])
        self.anchors.append(name)
        return f"&{name} {text}"

    # Keys

    def key(self, flow):
        """One that no other key of the document equals, unless it is a rare one."""
        r = self.random
        self.counter += 1
        if not self.chance(self.odd / 2):
            return f"{r.choice(['k', 'k', 'key-', 'example.com/k', 'K_', 'é', 'k '])}{self.counter}"
        n = self.counter
        kinds = [f"{n}", f"0x{n:x}0000", f"{n}.5", f"{n}e30", f"'{n} x'", f"\"\\u00e9{n}\"", f"! k{n}", f"!!str {n}00",
                 f"&k{n} anchored{n}", f"{n}-", f"-{n}.25", f"{n}_000_000", f"~{n}", f"={n}", f"1e-{n + 20}",
                 f"\"{'long' * 20}{n}\"", f"{n}:{n}:00", f"2001-12-{n % 28 + 1:02}x{n}"]
        if not flow:
            kinds += [f"? complex{n}\n{{indent}}", f"? |\n{{indent}} text{n}\n{{indent}}", f"k{n} "]
        if self.chance(self.wrong * 3):
            kinds = ["~", "[a]", "{a: b}", "*nowhere ", f"{2**64 - n}", ""]
        return r.choice(kinds)

    # Collections. A value in block style is what stands behind "key:" or "-": on the same
    # line, or on the lines below.

    def value(self, indent, depth, flow=False):
        r = self.random
        if self.anchors and self.chance(self.odd / 3):
            return "*" + r.choice(self.anchors)
        if depth == 0 or self.chance(0.35):
            return self.scalar(indent, flow)
        if flow or self.chance(0.3):
            return self.anchored(self.flow(indent, depth))
        return self.block(indent, depth)

    def gap(self, indent):
        """What may stand between the parts of a flow collection."""
        r = self.random
        if self.chance(0.06):
            return "\n" * r.randint(1, 2) + " " * (indent + r.randint(1, 3))
        if self.chance(self.odd / 10):
            return " # comment, [\n" + " " * (indent + 1)
        return r.choice(["", " ", " ", "  "])

    def flow(self, indent, depth):
        r = self.random
        count = r.choice([0, 1, 2, 2, 3, 5])
        parts = []
        is_map = self.chance(0.5)
        for _ in range(count):
            if is_map:
                parts.append(self.flow_member(indent, depth))
            elif self.chance(self.odd / 8):
                parts.append(f"pair{self.counter}: {self.value(indent, 0, True) or 'x'}")
            else:
                parts.append(self.value(indent, depth - 1, True) or "''")
        if is_map and self.chance(self.odd / 3):
            parts.insert(r.randint(0, len(parts)), f"<<: {{merged: {r.choice(TYPED[:40])}}}")
        text = ""
        for i, part in enumerate(parts):
            comma = "," if i + 1 < len(parts) or self.chance(0.1) else ""
            text += self.gap(indent) + part + comma
            if comma:
                text += " "
        text += self.gap(indent)
        return "{" + text + "}" if is_map else "[" + text + "]"

    def flow_member(self, indent, depth):
        key = self.key(True)
        if self.chance(0.04):
            return f'"lone{self.counter}"'
        value = self.value(indent, depth - 1, True) or "''"
        if key[-1:] in "\"'" and self.chance(0.3):
            return f"{key}:{value}" if value[0] in "\"'[{" else f"{key}: {value}"
        return f"{key}: {value}"

    def comment(self, indent):
        if not self.chance(self.odd / 4):
            return ""
        return self.random.choice(["", " " * indent, "  "]) + self.random.choice(
            ["# comment", "#", "# key: value", "#\ttab", "# é"]) + "\n"

    def block(self, indent, depth):
        """A block collection deeper than `indent`, from its line break on."""
        is_map = self.chance(0.65)
        column = indent + self.step
        if not is_map and self.flush and indent >= 0 and self.chance(0.7):
            column = indent
        head = ""
        if self.chance(self.odd / 4):
            name = f"n{len(self.anchors)}"
            head = f" &{name}"
        body = self.block_map(column, depth) if is_map else self.block_sequence(column, depth)
        if head:
            self.anchors.append(name)
        if is_map and self.chance(self.odd / 12):
            head += " !!map"
        return f"{head}\n{body}".lstrip(" ")

    def ending(self):
        if self.chance(self.odd / 5):
            return self.random.choice([" # comment", "  ", " #", "\t# tab" if self.chance(0.2) else " # x: y"])
        return ""

    def put(self, value):
        """A value behind its ":" or "-", with what may follow it on its last line."""
        if value.startswith("\n"):
            return value
        end = "" if "\n" in value or value[:1] in "|>" else self.ending()
        return " " * self.random.choice([1, 1, 1, 2, 4]) + value + end + "\n" if value else end + "\n"

    def block_map(self, column, depth):
        r = self.random
        text = ""
        pad = " " * column
        for _ in range(r.choice([1, 1, 2, 3, 4])):
            text += self.comment(column)
            key = self.key(False)
            if "{indent}" in key:
                text += pad + key.replace("{indent}", pad) + ":"
            else:
                text += pad + key + ":"
            text += self.ensure_break(self.put(self.value(column, depth - 1)))
            if self.chance(0.05):
                text += r.choice(["\n", "   \n"])
        maps = [name for name in self.anchors if name.startswith("n")]
        if maps and self.chance(self.odd):
            names = r.sample(maps, r.randint(1, min(2, len(maps))))
            text += pad + "<<: " + ("*" + names[0] if len(names) == 1 else "[" + ", ".join("*" + n for n in names) + "]") + "\n"
        return text

    def block_sequence(self, column, depth):
        r = self.random
        text = ""
        pad = " " * column
        for _ in range(r.choice([1, 2, 2, 3])):
            text += self.comment(column)
            if depth > 1 and self.chance(0.35):
                # A map that begins on the line of its "-".
                gap = r.randint(1, 3)
                inner = column + 1 + gap
                body = self.block_map(inner, depth - 1)
                while body.lstrip(" ").startswith(("#", "\n")):
                    body = body.split("\n", 1)[1]
                text += pad + "-" + " " * gap + body[inner:]
            else:
                text += self.ensure_break(pad + "-" + self.put(self.value(column, depth - 1)))
        return text

    @staticmethod
    def ensure_break(text):
        return text if text.endswith("\n") else text + "\n"

    # Documents

    def document(self, name):
        r = self.random
        kind = r.random()
        if kind < 0.08:
            return self.json_document(name)
        if kind < 0.16:
            return self.workload(name)
        head = f"apiVersion: v1\nkind: Thing\nmetadata:\n  name: {name}\n"
        if kind < 0.22:
            return f"{{apiVersion: v1, kind: Thing, metadata: {{name: {name}}}, v: {self.flow(0, self.depth)}}}\n"
        return head + "v:" + self.put(self.value(0, self.depth))

    def json_value(self, depth):
        r = self.random
        kind = r.randrange(9 if depth else 7)
        if kind < 2:
            return r.choice(TYPED)
        if kind == 2:
            return r.choice([0, 1, -1, 2**53, 2**63 - 1, -2**63, 2**63, 2**64, 10**25, r.randint(-10**6, 10**6)])
        if kind == 3:
            return r.choice([0.5, 1.0, 1e21, 1e-7, -0.0, 1e300, r.uniform(-1e6, 1e6), r.random() * 10**r.randint(-30, 30)])
        if kind == 4:
            return r.choice([True, False, None, [], {}])
        if kind < 7:
            return "".join(r.choice("ab é😀\n\t\"\\/<>&'#:{}[]\u2028\u0085\u007f\u00a0\ufeff\u200b-?|>%@`!*=~,") for _ in range(r.randint(0, 12)))
        if kind == 7:
            return [self.json_value(depth - 1) for _ in range(r.randint(0, 4))]
        return {f"{self.json_value(0)}{i}": self.json_value(depth - 1) for i in range(r.randint(0, 4))}

    def json_document(self, name):
        r = self.random
        body = {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": name}, "v": self.json_value(self.depth)}
        text = json.dumps(body, ensure_ascii=self.chance(0.5), indent=r.choice([None, 0, 1, 2, 4]),
                          separators=r.choice([None, (",", ":"), (", ", ": ")]))
        return text + "\n"

    def workload(self, name):
        """What people write: a Deployment with values that are easily mistyped."""
        def one():
            return self.plain(False)
        args = "".join(f"        - {one()}\n" for _ in range(self.random.randint(1, 4)))
        return f"""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  annotations:
    note: >-
      folded
      text

      {self.phrase(" ")}
    script: |
      #!/bin/sh
      echo {self.phrase(" ")}
spec:
  replicas: {self.number()}
  selector: {{version: {self.plain(True)}, "tier": {self.plain(True)}}}
  template:
    spec:
      containers:
      - name: c
        image: {one()}
        args:
{args}        env:
        - name: A
          value: {one()}
        - {{name: B, value: {self.plain(True)}}}
        resources:
          limits: {{nvidia.com/gpu: {self.plain(True)}, memory: {self.plain(True)}}}
"""

    def spoil(self, text, name):
        """One or two small accidents, behind the object's name."""
        r = self.random
        start = text.index(name) + len(name) + 2
        for _ in range(r.randint(1, 2)):
            at = r.randint(min(start, len(text)), len(text))
            kind = r.randrange(6)
            if kind == 0:
                text = text[:at] + text[at + 1:]
            elif kind == 1:
                text = text[:at] + r.choice("'\"[]{},:#&*!|>%@`-? \n\t\r=~\\é\u2028\u0085") + text[at:]
            elif kind == 2:
                line = text.rfind("\n", 0, at) + 1
                text = text[:line] + " " * r.randint(1, 2) + text[line:]
            elif kind == 3:
                line = text.rfind("\n", 0, at) + 1
                text = text[:line] + text[line:].removeprefix(" ")
            elif kind == 4:
                text = text[:at] + r.choice([": ", "- ", "? ", " #", "\n", "{}", "[]", "''", "\n\t", "--- ", "---\n"]) + text[at:]
            else:
                text = text[:at]
        return text

    def file(self):
        """(text, names): a whole file and the names of the objects in it."""
        r = self.random
        count = 1 if self.chance(0.85) else r.randint(2, 4)
        names = [f"d{self.seed}-{i}" for i in range(count)]
        documents = []
        for name in names:
            self.anchors = []
            documents.append(self.document(name))
        if self.chance(0.12):
            documents[-1] = self.spoil(documents[-1], names[-1])
        text = ""
        for i, document in enumerate(documents):
            if i > 0:
                text += r.choice(["---\n", "--- # next\n", "---\n---\n", "---   \n", "---\n# only a comment\n---\n"])
            elif self.chance(0.1):
                text += r.choice(["---\n", "# comment\n", "\n\n", "# comment\n---\n", "%YAML 1.1\n---\n" if self.wrong else "\n"])
            text += self.ensure_break(document)
        if self.chance(0.06):
            text = text.replace("\n", "\r\n")
        if self.chance(0.06):
            text = text.rstrip("\n")
        return text, names
