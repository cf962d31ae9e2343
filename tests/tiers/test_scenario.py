# SPDX-License-Identifier: MIT
"""Every scenario, each on an empty database; and the same scenario twice gives the same history."""
import os
import subprocess

import pytest
from conftest import ROOT, build

SCENARIOS = sorted((ROOT / "tests/scenario").glob("*.scn"))


def play(cluster, path, *more, env=None, bin_dir=None):
    bin_dir = bin_dir or build("san")
    name = cluster.database(bin_dir)
    try:
        return subprocess.run([bin_dir / "scenario", path, "--database", cluster.conninfo(name), *more], capture_output=True, text=True,
                              timeout=180, env=dict(os.environ, **(env or {})))
    finally:
        cluster.drop(name)


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda p: p.stem)
def test_scenario(cluster, path):
    done = play(cluster, path)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-6000:]


@pytest.mark.parametrize("path", SCENARIOS[:3], ids=lambda p: p.stem)
def test_the_same_scenario_gives_the_same_history(cluster, path):
    one, two = play(cluster, path, "--trace"), play(cluster, path, "--trace")
    assert one.stdout == two.stdout
