# SPDX-License-Identifier: MIT
"""The first command of the README: it must show everything it promises, clean up, and stay under two minutes."""
import pathlib
import subprocess
import time

import pytest
from conftest import ROOT, build


@pytest.mark.xdist_group("try")
def test_the_demonstration_shows_everything_and_leaves_nothing():
    build("release")
    before = set(pathlib.Path("/tmp").glob("whynow-try-*"))
    began = time.monotonic()
    done = subprocess.run([ROOT / "daemon/try"], capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-3000:]
    assert "NO " not in done.stdout
    assert set(pathlib.Path("/tmp").glob("whynow-try-*")) <= before
    print(f"{time.monotonic() - began:.0f} s")
