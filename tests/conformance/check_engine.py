# SPDX-License-Identifier: MIT
"""Checks the folder mustache/ of a conformance tree against harness_engine.

run(cases_dir, bin_dir) yields (folder, tier, name, passed, detail). A folder that is missing yields nothing. bin_dir is
the folder of the built programs, or the harness itself. A harness that dies fails the case at hand and is started anew.
"""
import json
import os
import subprocess


class Harness:
    def __init__(self, path):
        self.path = path
        self.process = None

    def ask(self, request):
        """The answer, or None if the harness died over it."""
        if self.process is None:
            self.process = subprocess.Popen([self.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = b""
        if not line:
            self.process.wait()
            self.process = None
            return None
        return json.loads(line)

    def close(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()


def check(harness, case):
    request = {"template": case["template"], "data": case.get("data"), "partials": case.get("partials") or {}}
    got = harness.ask(request)
    if got is None:
        return False, "crashed"
    if not got.get("ok"):
        return False, "refused: %s" % got.get("error")
    return got["text"] == case["expect"], "expected %r, got %r" % (case["expect"], got["text"])


def run(cases_dir, bin_dir):
    path = os.path.join(cases_dir, "mustache", "cases.jsonl")
    if not os.path.exists(path):
        return
    harness = Harness(os.path.join(bin_dir, "harness_engine") if os.path.isdir(bin_dir) else bin_dir)
    try:
        with open(path, encoding="utf-8") as f:
            for line in f:
                if line.strip():
                    case = json.loads(line)
                    passed, detail = check(harness, case)
                    yield "mustache", case["tier"], case["name"], passed, detail
    finally:
        harness.close()
