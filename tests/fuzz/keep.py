#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Grows and trims the kept corpora: tests/fuzz/keep.py [--seconds N] [TARGET ...]

Seeds are the strings of our own unit tests and what is kept already. Each target runs for a while (build/fuzz must be there), then the
smallest inputs that reach different code are kept, at most so many and so long that the folder stays small.
"""
import argparse
import ast
import hashlib
import pathlib
import re
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES_MAX, BYTES_MAX = 60, 2048

# Where the words of a target's language stand; what comes first in an input that has a head.
SOURCES = {
    "base_address": ["base/test_address.c"], "base_date": ["base/test_date.c"], "base_duration": ["base/test_date.c", "base/test_clock.c"],
    "base_json": ["base/test_value.c", "feed/test_json.c"], "base_mail": ["base/test_mail.c"], "base_text": ["base/test_text.c", "feed/test_text.c"],
    "base_tz": ["base/test_tz.c"], "cel_eval": ["cel/*.c"], "cel_parse": ["cel/*.c"], "cel_regex": ["cel/*.c"],
    "conf_feed": ["conf/test_feeds.c", "conf/test_load.c"], "conf_yaml": ["conf/test_yaml.c", "conf/test_yaml_plain.c"],
    "engine_segment": ["engine/test_segment.c"], "engine_template": ["engine/test_template.c", "engine/test_template_escape.c"],
    "feed_csv": ["feed/test_json.c", "feed/test_bounds.c"], "feed_encoding": ["feed/test_text.c"], "feed_html": ["feed/test_text.c", "feed/test_identity.c"],
    "feed_json": ["feed/test_json.c"], "feed_opml": ["feed/test_xml.c", "cli/test_words.c"], "feed_xml": ["feed/test_xml.c", "feed/test_identity.c"],
    "io_http_url": ["io/test_http.c", "feed/test_text.c"], "io_pg_result": ["io/test_pg_pure.c"], "match_rule": ["match/*.c"],
    "signal_domain": ["signal/test_domain.c"], "signal_email": ["signal/test_domain.c", "base/test_mail.c"], "signal_mapping": ["signal/test_mapping.c"],
    "signal_name": ["signal/test_names.c"], "signal_news": ["signal/test_news.c"], "signal_positions": ["signal/test_positions.c"],
    "signal_sum": ["signal/test_news.c"],
}
HEADS = {"feed_json": [b"\0", b"\1", b"\2", b"\3"], "feed_encoding": [b"text/xml\n", b"text/xml; charset=windows-1252\n"], "signal_news": [b"\0"],
         "signal_mapping": [b"\0", b"\x80"]}
LITERAL = re.compile(r'(?:"(?:[^"\\\n]|\\.)*"(?:\s|\\\n)*)+')


def strings(path):
    """C string literals, those that stand side by side as one."""
    for run in LITERAL.findall(path.read_text()):
        parts = re.findall(r'"((?:[^"\\\n]|\\.)*)"', run)
        try:
            yield b"".join(ast.literal_eval('b"' + p.replace("\\?", "?").encode("unicode_escape").decode().replace("\\\\", "\\") + '"') for p in parts)
        except (SyntaxError, ValueError):
            continue


def seed(target, folder):
    n = 0
    for pattern in SOURCES.get(target, []):
        for path in sorted((ROOT / "tests/unit").glob(pattern)):
            for text in strings(path):
                for head in HEADS.get(target, [b""]):
                    (folder / str(n)).write_bytes(head + text)
                    n += 1


def spread(files, most):
    """At most so many of them, evenly."""
    return files[:: -(-len(files) // most)] if files and most > 0 else []


def keep(target, seconds):
    program, kept = ROOT / "build/fuzz" / f"fuzz_{target}", ROOT / "tests/fuzz/corpus" / target
    with tempfile.TemporaryDirectory() as tmp:
        seeds, grown, trimmed = (pathlib.Path(tmp) / name for name in ("seeds", "grown", "trimmed"))
        for folder in (seeds, grown, trimmed):
            folder.mkdir()
        seed(target, seeds)
        old = [kept] if kept.is_dir() else []
        common = [f"-max_len={BYTES_MAX}", "-rss_limit_mb=3000", "-timeout=10", "-use_counters=0"]
        subprocess.run([program, f"-max_total_time={seconds}", *common, grown, *old, seeds], cwd=tmp, check=True, capture_output=True)
        subprocess.run([program, "-merge=1", *common, trimmed, *old, seeds, grown], cwd=tmp, check=True, capture_output=True)
        best = sorted((f for f in trimmed.iterdir() if f.stat().st_size <= BYTES_MAX), key=lambda f: (f.stat().st_size, f.name))
        chosen = spread(best, FILES_MAX)
        # a parser of another library shows no code reached: then the seeds themselves
        chosen += spread(sorted(f for f in seeds.iterdir() if 0 < f.stat().st_size <= BYTES_MAX), FILES_MAX // 2 - len(chosen))
        kept.mkdir(parents=True, exist_ok=True)
        for f in kept.iterdir():
            if re.fullmatch("[0-9a-f]{40}", f.name):  # others somebody wrote by hand
                f.unlink()
        for f in chosen:
            data = f.read_bytes()
            (kept / hashlib.sha1(data).hexdigest()).write_bytes(data)
    return len(list(kept.iterdir())), sum(f.stat().st_size for f in kept.iterdir())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("targets", nargs="*", default=sorted(p.stem for p in (ROOT / "tests/fuzz").glob("*.c")))
    options = parser.parse_args()
    for name in options.targets:
        print(name, *keep(name, options.seconds), flush=True)
