# SPDX-License-Identifier: MIT
"""Checks the folders dates/, json/, webhooks/ and cloudevents/ of a conformance tree against harness_base.

run(cases_dir, bin_dir) yields (folder, tier, name, passed, detail); bin_dir holds harness_base. A folder or program
that is missing yields nothing.
A harness that dies fails the case at hand and is started anew, so that one crash does not hide the others.
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


def lines_of(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f if line.strip()]


def check_date(harness, case):
    got = harness.ask({"op": "date", "text": case["text"]})
    if got is None:
        return False, "crashed"
    expect = case["expect"]
    if expect is None:
        return not got["ok"], "expected no date, got %s" % got.get("value")
    if expect == "accepted":
        return got["ok"], "expected a date, got none"
    return got.get("value") == expect, "expected %s, got %s" % (expect, got.get("value"))


def check_json(harness, case, folder):
    path = os.path.abspath(os.path.join(folder, case["file"]))
    got, again = harness.ask({"op": "json", "path": path}), harness.ask({"op": "json", "path": path})
    if got is None:
        return False, "crashed"
    if case["expect"] in ("accept", "reject"):
        return got["ok"] == (case["expect"] == "accept"), "expected %s, got %s" % (case["expect"], got)
    return got == again, "answers differ: %s, then %s" % (got, again)


def check_webhook(harness, case):
    request = dict(case)
    if not case.get("enforce_timestamp", True):
        request["tolerance_s"] = 0
    got = harness.ask(request)
    if got is None:
        return False, "crashed"
    if case["op"] == "sign":
        return got.get("value") == case["expect"], "expected %s, got %s" % (case["expect"], got)
    return got["ok"] == case["valid"], "expected valid %s, got %s" % (case["valid"], got)


def check_cloudevent(harness, case):
    got = harness.ask({"op": "cloudevent", "event": case["event"]})
    if got is None:
        return False, "crashed"
    return got["ok"] == case["valid"], "expected valid %s, got %s" % (case["valid"], got)


def run(cases_dir, bin_dir):
    program = os.path.join(bin_dir, "harness_base")
    if not os.path.exists(program):
        return
    harness = Harness(program)
    try:
        for case in lines_of(os.path.join(cases_dir, "dates", "cases.jsonl")):
            passed, detail = check_date(harness, case)
            yield "dates", case["tier"], case["text"], passed, detail
        folder = os.path.join(cases_dir, "json")
        for case in lines_of(os.path.join(folder, "cases.jsonl")):
            passed, detail = check_json(harness, case, folder)
            yield "json", case["expect"], case["file"], passed, detail
        for case in lines_of(os.path.join(cases_dir, "webhooks", "cases.jsonl")):
            passed, detail = check_webhook(harness, case)
            yield "webhooks", case["op"], case["name"], passed, detail
        for case in lines_of(os.path.join(cases_dir, "cloudevents", "cases.jsonl")):
            passed, detail = check_cloudevent(harness, case)
            yield "cloudevents", "valid" if case["valid"] else "invalid", case["name"], passed, detail
    finally:
        harness.close()
