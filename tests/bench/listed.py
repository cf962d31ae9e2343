# SPDX-License-Identifier: MIT
"""A private cluster that holds a list of accounts, for the benchmarks of whose it is. Made by `whynow account import`."""
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SETTINGS = "shared_buffers = 256MB\nmax_wal_size = 4GB\njit = off\nautovacuum = on\n"


def build(path, *targets):
    if not (path / "build.ninja").exists():
        subprocess.run(["cmake", "-S", ROOT, "-B", path, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=RelWithDebInfo", "-DWN_TESTING=ON"],
                       check=True, stdout=sys.stderr)
    subprocess.run(["ninja", "-C", path, "whynow", *targets], check=True, stdout=sys.stderr)


def load(whynow, info, rows, path):
    with open(path, "w", encoding="utf-8") as f:
        for row in rows:
            f.write(json.dumps(row, ensure_ascii=False) + "\n")
    began = time.monotonic()
    done = subprocess.run(whynow + [info, "account", "import", path], stdout=sys.stderr)
    if done.returncode not in (0, 1):
        sys.exit(done.returncode)
    print(f"import: {time.monotonic() - began:.1f} s", file=sys.stderr)
    subprocess.run(["psql", "-Xq", "-c", "vacuum analyze", info], check=True)


@contextlib.contextmanager
def accounts(path, rows):
    """Conninfo of a database with these accounts (dicts as a file of `account import` has them), by the programs in `path`."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="wn-acc-"))
    pg = ROOT / "tests/lib/pg.sh"
    try:
        subprocess.run([pg, "start", work], check=True, env={**os.environ, "PG_EXTRA_CONF": SETTINGS})
        info = f"host={work}/sock user=postgres dbname="
        whynow = [path / "whynow", "--set", f"dirs.vendor={ROOT}/conf", "--database"]
        subprocess.run(whynow + [info + "postgres", "db", "init", "--name", "bench", "--key-file", work / "key", "--yes"],
                       check=True, stdout=sys.stderr)
        info += "bench"
        subprocess.run(whynow + [info, "db", "migrate"], check=True, stdout=sys.stderr)
        load(whynow, info, rows, work / "accounts.jsonl")
        yield info
    finally:
        subprocess.run([pg, "stop", work])
        shutil.rmtree(work, ignore_errors=True)
