# SPDX-License-Identifier: MIT
"""Where the public conformance data is there: how far we are, printed; no bar in this version but that nothing crashes."""
import subprocess

import pytest
from conftest import ROOT, SHARED, build


def test_conformance_cases_are_run_and_counted():
    if not (SHARED / "conformance").is_dir():
        pytest.skip("the conformance data is not there")
    done = subprocess.run(["/usr/bin/python3", ROOT / "tests/conformance/run.py", "--cases", SHARED / "conformance", "--bin", build("release")],
                          capture_output=True, text=True, timeout=600)
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "cel core" in done.stdout and "feeds core" in done.stdout
