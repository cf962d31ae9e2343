# SPDX-License-Identifier: MIT
"""The layout shows the architecture: includes point down, foreign libraries have their files, every file has its room."""
import fnmatch
import json
import os
import pathlib
import re
import subprocess

import pytest
from conftest import ROOT

TABLE = json.loads((ROOT / "tests/lint/layers.json").read_text())
FILES = [f for f in subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True,
                                   check=True).stdout.split("\n") if f and (ROOT / f).exists()]
SOURCES = [f for f in FILES if f.endswith((".c", ".h", ".cc")) and f.startswith(("lib/", "daemon/", "include/"))]
LAYER_OF_HEADER = {h: layer for layer, hs in TABLE["headers"].items() for h in hs}


def text(f):
    return (ROOT / f).read_text(errors="replace")


def code(f):
    """Without comments and string literals."""
    t = re.sub(r"/\*.*?\*/", " ", text(f), flags=re.S)
    t = re.sub(r"//[^\n]*", " ", t)
    return re.sub(r'"(?:\\.|[^"\\\n])*"', '""', t)


def layer(f):
    best = ""
    for name, row in TABLE["layers"].items():
        if f.startswith(row["dir"] + "/") and len(row["dir"]) > len(TABLE["layers"].get(best, {"dir": ""})["dir"]):
            best = name
    return best


def includes(f):
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', text(f), flags=re.M)


def test_every_contract_header_belongs_to_a_layer():
    headers = {pathlib.Path(f).stem for f in FILES if f.startswith("include/whynow/")}
    assert headers == set(LAYER_OF_HEADER), headers ^ set(LAYER_OF_HEADER)


def test_includes_point_down():
    wrong = []
    for f in SOURCES:
        here = layer(f)
        may = set(TABLE["layers"][here]["may"]) | {here} if here else set()
        if f.startswith("include/"):
            stem = pathlib.Path(f).stem
            here = LAYER_OF_HEADER.get(stem, "base")
            may = set(TABLE["header_may"].get(stem, ["base"])) | {here}
        for inc in includes(f):
            m = re.match(r"whynow/(\w+)\.h", inc)
            if m and LAYER_OF_HEADER.get(m[1]) not in may:
                wrong.append(f"{f} includes {inc}")
    assert not wrong, "\n".join(wrong)


def test_foreign_libraries_stay_in_their_files():
    wrong = []
    for f in SOURCES:
        for inc in includes(f):
            for lib, where in TABLE["foreign"].items():
                if inc.startswith(lib) and not inc.startswith("unistd") and not any(fnmatch.fnmatch(f, w) for w in where):
                    wrong.append(f"{f} includes {inc}")
    assert not wrong, "\n".join(wrong)


def test_pure_layers_have_no_clock_and_no_socket():
    wrong = []
    for f in SOURCES:
        words = TABLE["everywhere_forbids"] + (TABLE["pure_forbids"] if layer(f) in TABLE["pure"] else [])
        body = code(f)
        wrong += [f"{f}: {w}" for w in words if re.search(r"(?<![\w.>])" + re.escape(w), body)]
    assert not wrong, "\n".join(wrong)


def test_there_is_one_cpp_file_of_at_most_80_lines():
    cc = [f for f in FILES if f.endswith((".cc", ".cpp", ".cxx"))]
    assert cc == ["lib/cel/regex.cc"], cc
    assert text(cc[0]).count("\n") <= 80


def test_every_file_has_its_room():
    wrong = [f for f in FILES if not (f in TABLE["top"] if "/" not in f else f.startswith(tuple(TABLE["rooms"])))]
    assert not wrong, wrong


def test_files_open_with_licence_and_purpose():
    wrong = []
    for f in SOURCES:
        head = text(f)[:1200]
        if "SPDX-License-Identifier: MIT" not in head.split("\n")[0]:
            wrong.append(f"{f}: no SPDX line")
        elif "/*" not in head.split("\n", 1)[1][:200] and not f.endswith("main.c") and "//" not in head.split("\n", 1)[1][:200]:
            wrong.append(f"{f}: says nothing of its purpose")
    assert not wrong, "\n".join(wrong)


def test_files_keep_one_job_and_lines_fit():
    wrong = []
    for f in SOURCES:
        lines = text(f).split("\n")
        if len(lines) > 700:
            wrong.append(f"{f}: {len(lines)} lines")
        wrong += [f"{f}:{i + 1}: {len(l.expandtabs(8))} columns" for i, l in enumerate(lines) if len(l.expandtabs(8)) > 160]
    assert not wrong, "\n".join(wrong[:40])


def test_exported_functions_have_the_prefix():
    """Everything that is not static in lib/ is declared in a header: wn_ or cel_ in a contract, plain only in an internal one."""
    wrong = []
    for archive in sorted((ROOT / "build/release").glob("libwn_*.a")):
        names = subprocess.run(["nm", "-g", "--defined-only", archive], capture_output=True, text=True).stdout
        internal = "".join(text(f) for f in SOURCES if f.endswith(".h"))
        for n in sorted(set(re.findall(r" [TDBR] (\w+)$", names, flags=re.M))):
            if not n.startswith(("wn_", "cel_", "_Z")) and not re.search(rf"\b{n}\b", internal):
                wrong.append(f"{archive.name}: {n}")
    assert not wrong, "\n".join(wrong[:40])


def test_message_ids_and_catalogue_agree():
    ids = dict(re.findall(r'#define WN_MSG_(\w+) "([0-9a-f]{32})"', text("include/whynow/message_ids.h")))
    entries = re.findall(r"^-- ([0-9a-f]{32})$", text("systemd/whynow.catalog"), flags=re.M)
    assert sorted(ids.values()) == sorted(entries) and len(set(entries)) == len(entries)
    used = "".join(text(f) for f in SOURCES if not f.endswith("message_ids.h"))
    unused = [n for n in ids if f"WN_MSG_{n}" not in used and n != "TRACE"]
    assert not unused, unused


def test_the_unit_is_hardened():
    if not pathlib.Path("/usr/bin/systemd-analyze").exists():
        pytest.skip("systemd-analyze is not there")
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=11", ROOT / "systemd/whynowd.service"],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-300:]


def test_the_project_speaks_of_itself_alone():
    words = re.compile(r"/work/|\bLLM\b|\bGPT\b|\bclaude\b|copilot|registry\.npmjs|deb\.debian\.org", re.I)
    wrong = [f for f in FILES if f != "tests/tiers/test_lint.py" and not f.startswith("tests/fuzz/corpus") and words.search(text(f))]
    assert not wrong, wrong


@pytest.mark.parametrize("lint", sorted(p.name for p in (ROOT / "tests/lint").glob("*_lint.py")))
def test_lint_of_statements(lint):
    done = subprocess.run(["/usr/bin/python3", ROOT / "tests/lint" / lint], capture_output=True, text=True, cwd=ROOT, env=dict(os.environ))
    assert done.returncode == 0, done.stdout + done.stderr
