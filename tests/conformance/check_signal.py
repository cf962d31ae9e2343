# SPDX-License-Identifier: MIT
"""Checks the folder psl/ of a conformance tree (registrable domains) against harness_signal.

run(cases_dir, bin_dir) yields (folder, tier, name, passed, detail). A folder that is missing yields nothing. The product
answers in ASCII: an expected international name is brought to xn-- before comparing.
"""
import json
import os
import subprocess


def ascii_name(name):
    return name if name is None else name.encode("idna").decode("ascii")


def cases_of(cases_dir):
    path = os.path.join(cases_dir, "psl", "cases.jsonl")
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f if line.strip()]


def ask_all(harness, cases):
    """One answer a case; None from the case on over which the harness died."""
    requests = "".join(json.dumps({"op": "psl", "host": c["host"]}) + "\n" for c in cases)
    done = subprocess.run([harness], input=requests.encode(), stdout=subprocess.PIPE, check=False)
    answers = [json.loads(line) for line in done.stdout.decode().splitlines()]
    return answers + [None] * (len(cases) - len(answers))


def run(cases_dir, bin_dir):
    cases = cases_of(cases_dir)
    if not cases:
        return
    harness = bin_dir if os.path.isfile(bin_dir) else os.path.join(bin_dir, "harness_signal")
    for case, got in zip(cases, ask_all(harness, cases)):
        expect = ascii_name(case["registrable"])
        found = got.get("value") if got else "a crash"
        yield "psl", case.get("tier", "-"), case["host"], found == expect, "expected %s, got %s" % (expect, found)


if __name__ == "__main__":
    import sys
    results = list(run(sys.argv[1], sys.argv[2]))
    for _, _, name, ok, detail in results:
        if not ok:
            print("%s: %s" % (name, detail))
    print("psl %d/%d" % (sum(r[3] for r in results), len(results)))
