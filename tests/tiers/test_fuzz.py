# SPDX-License-Identifier: MIT
"""Every libFuzzer target for ten seconds under address and undefined behaviour sanitizers."""
import os
import subprocess

import pytest
from conftest import ROOT

BIN = ROOT / "build" / "fuzz"
TARGETS = sorted(p.stem for p in (ROOT / "tests/fuzz").glob("*.c"))
SECONDS = os.environ.get("WHYNOW_FUZZ_SECONDS", "10")


@pytest.mark.parametrize("target", TARGETS)
def test_fuzz(target, tmp_path):
    seeds = ROOT / "tests/fuzz/corpus" / target
    dirs = [str(tmp_path)] + ([str(seeds)] if seeds.is_dir() else [])
    done = subprocess.run([BIN / f"fuzz_{target}", f"-max_total_time={SECONDS}", "-rss_limit_mb=3000", "-timeout=10", "-max_len=65536",
                           f"-artifact_prefix={tmp_path}/crash-", *dirs], capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-5000:]
