# SPDX-License-Identifier: MIT
"""Runs cel/cases.jsonl through harness_cel; one row per case."""
import json
import os
import subprocess


def run(cases_dir, harness_path):
    """Yields (folder, tier, name, passed, detail)."""
    path = os.path.join(cases_dir, "cel", "cases.jsonl")
    if not os.path.exists(path):
        return
    with open(path, "rb") as f:
        lines = [line.strip() for line in f if line.strip()]
    done = subprocess.run([os.path.join(harness_path, "harness_cel")], input=b"\n".join(lines) + b"\n",
                          stdout=subprocess.PIPE, check=False)
    answers = {}
    for line in done.stdout.splitlines():
        answer = json.loads(line)
        answers[answer["id"]] = answer
    for line in lines:
        case = json.loads(line)
        answer = answers.get(case["id"], {"pass": False, "detail": "the harness gave no answer"})
        detail = "" if answer["pass"] else "%s: want %s, got %s" % (
            case["expr"], json.dumps(case["expect"], ensure_ascii=False), answer["detail"])
        yield "cel", case["tier"], case["id"], answer["pass"], detail


if __name__ == "__main__":
    import collections
    import sys
    totals = collections.OrderedDict()
    for _, tier, name, passed, why in run(sys.argv[1], sys.argv[2]):
        good, total = totals.get(tier, (0, 0))
        totals[tier] = (good + passed, total + 1)
        if not passed:
            print(name, why)
    for tier, (good, total) in totals.items():
        print("cel %s %d/%d" % (tier, good, total))
