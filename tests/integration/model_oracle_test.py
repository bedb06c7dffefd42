"""Quantities, selectors and tolerations against Kubernetes' own code, on generated input.

The testkit answers with apimachinery; needs no server. KAI_ORACLE_QUESTIONS asks more than
ctest does.
"""

import json
import os
import random
import subprocess
import unittest

from kaicluster.programs import build_testkit

QUESTIONS = int(os.environ.get("KAI_ORACLE_QUESTIONS", "6000"))
SUFFIXES = ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]
KEYS = ["a", "env", "nvidia.com/gpu.present", "in", "notin", "x_y.z"]
VALUES = ["", "a", "prod", "true", "5", "05", "-1", "in", "a.b_c-d", "9223372036854775807", "9223372036854775808"]
_INT64_MAX = 2**63 - 1


def quantity(rand):
    digits = "".join(rand.choice("0123456789") for _ in range(rand.choice([1, 1, 2, 3, 4, 6, 9, 12, 16, 19])))
    if rand.random() < 0.3:
        digits = rand.choice(["1024", "512", "1000", "1", "8", "7", "9223372036854775807", "0", "00", "1048576"])
    suffix = rand.choice(SUFFIXES)
    if rand.random() < 0.15:
        suffix = rand.choice("eE") + rand.choice(["", "", "-", "+"]) + str(rand.randrange(8))
    elif suffix[:1] in ("T", "P", "E"):
        digits = digits[:3]  # Kubernetes writes 1000E as "1"; we end at 1e29
    if rand.random() < 0.35:
        at = rand.randrange(len(digits) + 1)
        digits = digits[:at] + "." + digits[at:]
    if rand.random() < 0.03:
        suffix = rand.choice(["K", "ki", "mi", "i", "B", "Gb", " ", "e", "e-", "e1.5", "eE", "mm", "kk", "e+-1"])
    return rand.choice(["", "", "", "", "-", "+"]) + digits + suffix


def selector(rand):
    def requirement():
        key = rand.choice(KEYS)
        values = ",".join(rand.choice(VALUES) for _ in range(rand.randrange(4)))
        return rand.choice([key, f"!{key}", f"{key}={rand.choice(VALUES)}", f"{key}=={rand.choice(VALUES)}",
                            f"{key}!={rand.choice(VALUES)}", f"{key} in ({values})", f"{key} notin ({values})",
                            f"{key}>{rand.choice(VALUES)}", f"{key} < {rand.choice(VALUES)}"])
    text = rand.choice([",", ",", " , "]).join(requirement() for _ in range(rand.choice([0, 1, 1, 2, 3])))
    if text and rand.random() < 0.15:
        at = rand.randrange(len(text))
        text = text[:at] + rand.choice(["", "!", "=", ",", "(", ")", " ", ">", "-", "/", "in"]) + text[at + 1:]
    return text


def label_selector(rand):
    made = {}
    if rand.random() < 0.6:
        made["matchLabels"] = {rand.choice(KEYS): rand.choice(VALUES) for _ in range(rand.randrange(3))}
    if rand.random() < 0.7:
        made["matchExpressions"] = [
            {"key": rand.choice(KEYS + ["", "-"]) if rand.random() < 0.1 else rand.choice(KEYS),
             "operator": rand.choice(["In", "NotIn", "Exists", "DoesNotExist", "In", "NotIn", "Gt", "in"]),
             "values": [rand.choice(VALUES) for _ in range(rand.choice([0, 1, 2, 3]))]}
            for _ in range(rand.randrange(3))]
    return made


def labels(rand):
    return {rand.choice(KEYS): rand.choice(VALUES[:9]) for _ in range(rand.randrange(5))}


def toleration(rand):
    numbers = ["", "true", "5", "4", "-5", "05", "+5", "-0", "0", "9223372036854775807", "9223372036854775808", "5.0", " 5"]
    effects = ["", "NoSchedule", "NoExecute", "PreferNoSchedule"]
    return ({"key": rand.choice(["", "gpu", "gpu", "x"]), "value": rand.choice(numbers), "effect": rand.choice(effects),
             "operator": rand.choice(["", "Equal", "Exists", "Gt", "Lt", "Gt", "Lt", "exists", "In"])},
            {"key": rand.choice(["gpu", "gpu", "x"]), "value": rand.choice(numbers), "effect": rand.choice(effects[1:])})


def ask(program, questions):
    text = "".join(json.dumps(question) + "\n" for question in questions)
    done = subprocess.run(program, input=text, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


class ModelOracle(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.oracle = [build_testkit(), "model"]

    def compare(self, questions, adjust=lambda kubernetes, model: None):
        theirs, ours = ask(self.oracle, questions), ask([os.environ["KAI_MODEL_ANSWERS"]], questions)
        self.assertEqual(len(theirs), len(questions))
        differences = []
        for question, kubernetes, model in zip(questions, theirs, ours):
            adjust(kubernetes, model)
            if kubernetes != model:
                differences.append(f"{question}\n  Kubernetes {kubernetes}\n  we         {model}")
        refused = sum("error" in one for one in theirs)
        print(f"{len(questions)} questions, {refused} refused, {len(differences)} differences")
        self.assertEqual("\n".join(differences[:10]), "")
        return theirs

    def test_quantities(self):
        # Go gives 0 or some other number for what int64 does not hold, we give the limit;
        # and it rounds what is below zero up, down or away from it, we always away.
        def ignore_what_go_has_wrong(kubernetes, model):
            for field in ("value", "milli"):
                if not 0 <= model.get(field, 0) < _INT64_MAX:
                    del kubernetes[field], model[field]

        rand = random.Random(1)
        answers = self.compare([{"quantity": quantity(rand), "other": quantity(rand)} for _ in range(QUESTIONS)],
                               ignore_what_go_has_wrong)
        self.assertGreater(sum("error" not in one for one in answers), QUESTIONS * 0.8)

    def test_selectors(self):
        def write_equals_once(kubernetes, _):
            if "text" in kubernetes:
                kubernetes["text"] = kubernetes["text"].replace("==", "=")

        rand = random.Random(2)
        answers = self.compare([{"selector": selector(rand), "labels": labels(rand)} for _ in range(QUESTIONS)],
                               write_equals_once)
        self.assertGreater(sum(one.get("matches", False) for one in answers), QUESTIONS / 20)

    def test_selector_objects(self):
        rand = random.Random(3)
        answers = self.compare([{"labelSelector": label_selector(rand), "labels": labels(rand)} for _ in range(QUESTIONS)])
        self.assertGreater(sum(one.get("matches", False) for one in answers), QUESTIONS / 20)

    def test_tolerations(self):
        rand = random.Random(4)
        pairs = [toleration(rand) for _ in range(QUESTIONS)]
        answers = self.compare([{"toleration": one, "taint": taint} for one, taint in pairs])
        self.assertGreater(sum(one["matches"] for one in answers), QUESTIONS / 50)


if __name__ == "__main__":
    unittest.main()
