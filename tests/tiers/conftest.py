# SPDX-License-Identifier: MIT
"""What every tier needs: where the builds are, a private PostgreSQL, an empty database with the schema."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import uuid

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("WHYNOW_SHARED", ROOT.parent / "shared"))
KEY = "07" * 32


def build(name):
    path = ROOT / "build" / name
    if not (path / "build.ninja").exists():
        pytest.skip(f"build/{name} is not there; run through tests/run")
    return path


class Cluster:
    """A private PostgreSQL cluster on a Unix socket, run as a non-root user, gone at the end."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="whynow-pg-"))
        subprocess.run([ROOT / "tests/lib/pg.sh", "start", self.dir], check=True)
        self.templates = {}

    def conninfo(self, database="postgres"):
        return f"host={self.dir}/sock dbname={database} user=postgres"

    def sql(self, text, database="postgres"):
        done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", text, self.conninfo(database)],
                              capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    def script(self, text, database="postgres"):
        subprocess.run(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", self.conninfo(database)], input=text, text=True, check=True,
                       stdout=subprocess.DEVNULL)

    def database(self, bin_dir):
        """A new database that has the schema; made from a template, so it costs little."""
        template = self.templates.get(bin_dir)
        if not template:
            template = "whynow_template_" + uuid.uuid4().hex[:8]
            key = self.dir / "installation.key"
            run([bin_dir / "whynow", "--database", self.conninfo(), "db", "init", "--name", template, "--key-file", key, "--yes"])
            run([bin_dir / "whynow", "--database", self.conninfo(template), "db", "migrate"])
            self.templates[bin_dir] = template
        name = "w_" + uuid.uuid4().hex[:12]
        self.sql(f'create database {name} template {template}')
        return name

    def drop(self, name):
        self.sql(f"drop database if exists {name} with (force)")

    def stop(self):
        subprocess.run([ROOT / "tests/lib/pg.sh", "stop", self.dir])
        shutil.rmtree(self.dir, ignore_errors=True)


def run(argv, **kw):
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, **kw)
    if done.returncode:
        raise AssertionError(f"{' '.join(map(str, argv))}\nended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


@pytest.fixture(scope="session")
def cluster():
    c = Cluster()
    yield c
    c.stop()


@pytest.fixture
def smtp():
    if subprocess.run(["/usr/bin/python3", "-c", "import aiosmtpd"], capture_output=True).returncode:
        pytest.skip("python3-aiosmtpd is not installed")
    server = subprocess.Popen(["/usr/bin/python3", ROOT / "tests/unit/io/smtp_server.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    server.port = server.stdout.readline().split()[0]
    yield server
    server.stdin.close()
    server.wait()
