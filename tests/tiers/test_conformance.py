# SPDX-License-Identifier: MIT
"""Where the public conformance data is there: how far we are, printed, tier by tier, and bars under which no tier may fall. The
cases of our own (tests/conformance/cases: the poller's scenarios, corners of CEL by its documents) are run always."""
import re
import subprocess

import pytest
from conftest import ROOT, SHARED, build

# Share of the cases of a tier that must pass; what is not named has no bar.
BARS = {"feeds core": 1, "feeds entities": 1, "feeds html": 1, "feeds real": 1, "feeds encoding-must": 1, "feeds encoding-http": 0.9,
        "feeds malformed": 0.9, "feeds robust": 0.9, "feeds base": 0.9, "entities core": 1, "dates core": 1, "dates wild": 1, "opml core": 1,
        "psl -": 1, "json accept": 1, "json reject": 1, "json either": 1, "json observe": 1, "http required": 1, "cel core": 1, "cel checker": 1, "cel ext:strings": 1, "cel ext:math": 1,
        "cel ext:optional": 1, "cel ext:base64": 1, "cel ext:cel.bind": 1, "cel ext:two-variable comprehensions": 1, "cel ext:net": 1, "cel own": 1}


def tiers_of(text):
    return {f"{folder} {tier}": (int(passed), int(total)) for folder, tier, passed, total in re.findall(r"^(\S+) (.+) (\d+)/(\d+)$", text, re.M)}


def under_the_bar(text):
    return [f"{name} {passed}/{total}" for name, (passed, total) in tiers_of(text).items() if passed < BARS.get(name, 0) * total]


def play(cases, *more):
    done = subprocess.run(["/usr/bin/python3", ROOT / "tests/conformance/run.py", "--cases", cases, "--bin", build("release"), *more],
                          capture_output=True, text=True, timeout=900)
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_our_own_cases(tmp_path):
    out = play(ROOT / "tests/conformance/cases", "--failures", tmp_path / "failures")
    assert "cel own" in out and "http required" in out
    assert not under_the_bar(out), (tmp_path / "failures").read_text()


def test_conformance_cases_are_run_and_counted(tmp_path):
    if not (SHARED / "conformance").is_dir():
        pytest.skip("the conformance data is not there")
    out = play(SHARED / "conformance", "--failures", tmp_path / "failures")
    assert set(BARS) - {"cel own"} <= set(tiers_of(out))  # a bar for a tier that is called otherwise would hold nothing
    assert not under_the_bar(out), (under_the_bar(out), (tmp_path / "failures").read_text()[-4000:])
