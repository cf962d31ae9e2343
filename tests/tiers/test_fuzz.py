# SPDX-License-Identifier: MIT
"""Every libFuzzer target for ten seconds, what reads strangers' bytes first for thirty, under address and undefined behaviour sanitizers, from what is known to be of its language."""
import json
import os
import re
import subprocess

import pytest
from conftest import ROOT, SHARED

BIN = ROOT / "build" / "fuzz"
TARGETS = sorted(p.stem for p in (ROOT / "tests/fuzz").glob("*.c"))
READERS = [t for t in TARGETS if t.startswith("feed_")] + ["base_date", "base_json", "io_http_url"]
CASES = SHARED / "conformance/cel/cases.jsonl"


def expressions():
    """The texts of the conformance cases of CEL; none where they are not at hand."""
    if not CASES.exists():
        return []
    with CASES.open(encoding="utf-8") as f:
        return [json.loads(line)["expr"] for line in f if line.strip()]


def headlines():
    """Our own invented news, with the fields that they are labelled with."""
    for file in sorted((ROOT / "tests/extraction").glob("*.jsonl")):
        yield from (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())


def news_files():
    """The data as shipped, as signal_news takes a file: a byte that says which kind it is, then the text."""
    for number, end in enumerate(("words", "patterns", "technologies", "currencies")):
        yield chr(number << 2) + (ROOT / f"conf/extract/news.{end}").read_text(encoding="utf-8")


def seeds_of(target, into):
    if target in ("cel_parse", "cel_eval"):
        texts = expressions()
    elif target == "cel_regex":  # PATTERN NUL TEXT
        texts = [f"{pattern}\0{text}" for e in expressions() for text, pattern in re.findall(r"['\"]([^'\"]*)['\"]\.matches\(r?['\"]([^'\"]+)", e)]
    elif target == "signal_news":
        texts = [*news_files(), *("\1" + h["text"] for h in headlines())]
    elif target == "signal_sum":
        texts = [s for h in headlines() for s in re.findall(r"[$€£₹][\d.,]+ ?\w*|\b[A-Z]{2,3}\$? ?[\d.,]+ \w+|[\d.,]+ \w+ \w+", h["text"])]
    elif target == "signal_name":
        texts = [h[field] for h in headlines() for field in ("company", "target", "person") if h.get(field)]
    elif target == "signal_positions":
        table = (ROOT / "conf/extract/positions").read_text(encoding="utf-8")
        texts = [table, *("vp | - | 5\0" + h["title"] for h in headlines() if h.get("title"))]
    else:
        return
    into.mkdir()
    for i, text in enumerate(dict.fromkeys(texts)):
        (into / str(i)).write_bytes(text.encode())


def seconds(target):
    return os.environ.get("WHYNOW_FUZZ_SECONDS") or ("30" if target in READERS else "10")


def test_every_target_has_a_kept_corpus():
    """tests/fuzz/keep.py makes one; the input that found a fault is added by hand."""
    assert [t for t in TARGETS if not any((ROOT / "tests/fuzz/corpus" / t).glob("*"))] == []
    assert sorted(d.name for d in (ROOT / "tests/fuzz/corpus").iterdir()) == TARGETS


@pytest.mark.parametrize("target", TARGETS)
def test_fuzz(target, tmp_path):
    corpus, seeds, found = ROOT / "tests/fuzz/corpus" / target, tmp_path / "seeds", tmp_path / "found"
    found.mkdir()
    seeds_of(target, seeds)
    dirs = [str(d) for d in (found, corpus, seeds) if d.is_dir()]
    done = subprocess.run([BIN / f"fuzz_{target}", f"-max_total_time={seconds(target)}", "-rss_limit_mb=3000", "-timeout=10", "-max_len=65536",
                           f"-artifact_prefix={tmp_path}/crash-", *dirs], capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-5000:]
