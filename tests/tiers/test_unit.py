# SPDX-License-Identifier: MIT
"""Every unit test program, under the sanitizers. Those that need a database get one of their own."""
import os
import pathlib
import re
import subprocess

import pytest
from conftest import ROOT, build, run

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


def test_the_thread_of_requests_under_the_thread_sanitizer(tmp_path):
    """It goes with no other sanitizer, so what the thread reaches is built apart."""
    base = [ROOT / "lib/base" / f"{name}.c" for name in ("address", "arena", "base", "buf", "clock")]
    io = [ROOT / "lib/io" / f"{name}.c" for name in ("curl_pool", "fiber", "http", "http_call", "http_client", "http_hop", "http_thread", "loop", "stack", "timer")]
    defines = ["-D_GNU_SOURCE", '-DWN_VERSION="test"', f'-DWN_SOURCE_DIR="{ROOT}"']
    libs = run(["pkg-config", "--cflags", "--libs", "libcurl", "libevent", "cmocka"]).split() + ["-lm"]
    run(["cc", "-std=gnu17", "-g", "-O1", "-fsanitize=thread", *defines, "-I", ROOT / "include", ROOT / "tests/unit/io/test_http_thread.c", *io, *base, "-o",
         tmp_path / "races", *libs])
    run(["setarch", "-R", tmp_path / "races"])  # where addresses are drawn from more bits than this sanitizer knows, it ends at the start


# ------------------------------------------------------------------------------------------------ libwhynow, as a stranger meets it
SANITIZED = ["-fsanitize=address,undefined"]  # as the library that is built for this tier
HEADERS = ("base", "arena", "buf", "value", "cel")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The component installed below a folder of its own; what pkg-config says about it there."""
    root = tmp_path_factory.mktemp("prefix")
    run(["cmake", "--install", build("san"), "--prefix", root, "--component", "libwhynow"])
    pc = next(root.rglob("libwhynow.pc"))
    env = dict(os.environ, PKG_CONFIG_PATH=str(pc.parent))
    return root, run(["pkg-config", "--cflags", "--libs", "libwhynow"], env=env).split()


def test_a_strangers_program_builds_and_runs_against_what_is_installed(installed, tmp_path):
    root, flags = installed
    assert all(str(root) in pathlib.Path(f[2:]).resolve().as_posix() for f in flags if f.startswith(("-I", "-L"))), flags
    run(["cc", "-std=c17", "-Wall", "-Wextra", "-Werror", *SANITIZED, ROOT / "tests/example/rule.c", "-o", tmp_path / "rule", *flags])
    lib = next(root.rglob("libwhynow.so")).parent
    said = run([tmp_path / "rule"], env=dict(os.environ, LD_LIBRARY_PATH=str(lib), ASAN_OPTIONS="detect_leaks=1"))
    assert said.splitlines()[0].startswith("line 2, column 3: ") and "did you mean `path`" in said
    assert said.splitlines()[-1] == "true"


def test_each_installed_header_stands_alone_in_c_and_in_cpp(installed, tmp_path):
    root, flags = installed
    cflags = [f for f in flags if f.startswith("-I")]
    for h in HEADERS:
        source = tmp_path / f"{h}.c"
        source.write_text(f"#include <whynow/{h}.h>\nint main(void) {{ return 0; }}\n")
        run(["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", *cflags, source])
        run(["c++", "-std=c++20", "-Wall", "-Werror", "-fsyntax-only", "-x", "c++", *cflags, source])


def test_the_library_exports_what_its_headers_declare_and_nothing_else(installed):
    root, _ = installed
    names = run(["nm", "-D", "--defined-only", next(root.rglob("libwhynow.so"))])
    exported = set(re.findall(r" [TDBRV] (\w+)", names))
    declared, inline = set(), {"cel_function", "cel_collect_fn"}
    for h in HEADERS:
        text = re.sub(r"/\*.*?\*/", "", (root / f"include/whynow/{h}.h").read_text(), flags=re.S)
        text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*$|^typedef[^;]*;", "", text, flags=re.M)
        inline |= set(re.findall(r"static inline [^(]*?(\w+)\(", text))
        declared |= set(re.findall(r"\b((?:wn|cel)_\w+)\(", text))
        for constants in re.findall(r"extern const struct cel_type ([^;]+);", text):
            declared |= set(re.findall(r"\w+", constants))
    assert exported == declared - inline
