# SPDX-License-Identifier: MIT
"""Every libFuzzer target for six seconds, what reads strangers' bytes first for thirty, under address and undefined behaviour sanitizers: from the
kept corpus, and from every conformance input of its language."""
import json
import os
import re
import subprocess

import pytest
from conftest import ROOT, SHARED

BIN = ROOT / "build" / "fuzz"
TARGETS = sorted(p.stem for p in (ROOT / "tests/fuzz").glob("*.c"))
READERS = [t for t in TARGETS if t.startswith("feed_")] + ["base_date", "base_json", "io_http_url"]


def cases(folder):
    """The conformance cases of a folder; none where they are not at hand."""
    path = SHARED / "conformance" / folder / "cases.jsonl"
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as f:
        return [json.loads(line) for line in f if line.strip()]


def files(folder, *suffixes):
    return [(case, (SHARED / "conformance" / folder / case["file"]).read_bytes()) for case in cases(folder) if case["file"].endswith(suffixes or "")]


def texts(folder, key="text"):
    return [case[key].encode("utf-8", "surrogatepass") for case in cases(folder)]


def media_type(case):
    headers = {name.lower(): value for name, value in case.get("headers", {}).items()}
    return headers.get("content-type", "text/xml").encode()


def expressions():
    """Of the conformance cases, and of our own in their form."""
    own = [json.loads(line) for line in (ROOT / "tests/conformance/cases/cel/cases.jsonl").read_text(encoding="utf-8").splitlines()]
    return [case["expr"] for case in cases("cel") + own]


def patterns():
    found = [pair for text in expressions() for pair in re.findall(r"['\"]([^'\"]*)['\"](?:\.matches\(|\s*,\s*)r?['\"]([^'\"]+)", text)
             if "matches(" in text]
    return [f"{pattern}\0{text}".encode() for text, pattern in found]


def headlines():
    """Our own invented news, with the fields that they are labelled with."""
    for file in sorted((ROOT / "tests/extraction").glob("*.jsonl")):
        yield from (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())


def news_files():
    """The data as shipped, as signal_news takes a file: a byte that says which kind it is, then the text."""
    for number, end in enumerate(("words", "patterns", "technologies", "currencies")):
        yield chr(number << 2) + (ROOT / f"conf/extract/news.{end}").read_text(encoding="utf-8")


def of_headlines(pattern):
    return [found.encode() for h in headlines() for found in re.findall(pattern, h["text"])]


def names():
    return [h[field].encode() for h in headlines() for field in ("company", "target", "person") if h.get(field)]


def posts():
    return [(ROOT / "conf/extract/positions").read_bytes(), *(b"vp | - | 5\0" + h["title"].encode() for h in headlines() if h.get("title"))]


# Every input of the conformance folders, and our own news, is where a fuzzer begins that reads its like, behind the head that the target wants.
SEEDS = {
    "cel_parse": lambda: [text.encode() for text in expressions()], "cel_eval": lambda: [text.encode() for text in expressions()], "cel_regex": patterns,
    "feed_xml": lambda: [data for _, data in files("feeds", ".xml", ".rss", ".atom", ".rdf")],
    "feed_encoding": lambda: [media_type(case) + b"\n" + data for case, data in files("feeds") if len(data) < 65536],
    "feed_json": lambda: [b"\0" + data for _, data in files("feeds", ".json")] + [head + data for _, data in files("json") for head in (b"\1", b"\2")],
    "feed_csv": lambda: [data for _, data in files("json")], "feed_opml": lambda: [data for _, data in files("opml")],
    "feed_html": lambda: texts("entities"), "base_text": lambda: texts("entities"), "base_date": lambda: texts("dates"),
    "base_json": lambda: [data for _, data in files("json")], "signal_domain": lambda: texts("psl", "host"),
    "engine_template": lambda: texts("mustache", "template"),
    "signal_news": lambda: [*(text.encode() for text in news_files()), *(b"\1" + h["text"].encode() for h in headlines())],
    "signal_sum": lambda: of_headlines(r"[$€£₹][\d.,]+ ?\w*|\b[A-Z]{2,3}\$? ?[\d.,]+ \w+|[\d.,]+ \w+ \w+"),
    "signal_name": names, "signal_positions": posts,
}


def seeds_of(target, into):
    into.mkdir()
    for i, data in enumerate(dict.fromkeys(SEEDS.get(target, list)())):
        (into / str(i)).write_bytes(data)


def seconds(target):
    return os.environ.get("WHYNOW_FUZZ_SECONDS") or ("30" if target in READERS else "6")


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
                           f"-artifact_prefix={tmp_path}/crash-", *dirs], capture_output=True, text=True, timeout=180, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-5000:]
