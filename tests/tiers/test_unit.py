# SPDX-License-Identifier: MIT
"""Every unit test program, under the sanitizers. Those that need a database get one of their own."""
import os
import subprocess

import pytest
from conftest import ROOT, build

BIN = ROOT / "build" / "san"
PROGRAMS = sorted(p.name for p in BIN.glob("test_*") if os.access(p, os.X_OK) and p.is_file())
DATABASE = ("test_io_pg", "test_store_", "test_daemon_", "test_cli_")


@pytest.mark.parametrize("program", PROGRAMS)
def test_unit(program, request, tmp_path):
    env = dict(os.environ, ASAN_OPTIONS="detect_leaks=1:abort_on_error=0", UBSAN_OPTIONS="print_stacktrace=1", TMPDIR=str(tmp_path))
    name = None
    if program.startswith(DATABASE):
        cluster = request.getfixturevalue("cluster")
        name = "u_" + os.urandom(5).hex()
        cluster.sql(f"create database {name}")
        env["WHYNOW_TEST_DB"] = cluster.conninfo(name)
    done = subprocess.run([BIN / program], env=env, capture_output=True, text=True, errors="replace", timeout=300, cwd=ROOT)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-6000:]


def test_there_are_unit_tests():
    build("san")
    assert PROGRAMS
