#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How well `extract: news` reads labelled texts.

    extraction.py --cases DIR --harness PROGRAM [--data DIR] [--part dev|held] [--quiet]

DIR holds items.jsonl (and natural.jsonl): one JSON object a line with text, kind (or none) and fields. Printed: precision,
recall and F1 of each kind and of all, the confusion table, the share of fields that are exact where the kind is right, and
every error with what each pattern said. A further event of a text (`also`) counts in either order; a signal of a kind that
no label of its text has is a false positive. Texts marked ambiguous are left out of the figures and reported apart.
--part: a fifth of the items by the hash of their id are held back, so that patterns are not made for what judges them.
"""
import argparse
import hashlib
import json
import pathlib
import re
import subprocess
import sys

KINDS = ["funding", "acquisition", "hire", "departure", "tech_adopted", "tech_dropped"]
LEGAL = re.compile(r"[ ,]+(inc|llc|ltd|limited|corp|corporation|gmbh|ag|sa|plc|co|company)\.?$", re.I)
FEW = 12  # kinds with fewer clear cases count only in the total


def held(item):
    return int(hashlib.sha256(item["id"].encode()).hexdigest(), 16) % 5 == 1


def read(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def extract(harness, items, data):
    files = sorted(str(p) for p in pathlib.Path(data).glob("news.*")) if data else []
    lines = []
    for item in items:
        headline, _, body = item["text"].partition("\n")
        lines.append(json.dumps({"headline": headline, "body": body}))
    done = subprocess.run([str(harness), *files], input="\n".join(lines) + "\n", capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr or f"{harness}: status {done.returncode}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def name(text):
    text = (text or "").casefold().replace("\u2019", "'").strip()
    return LEGAL.sub("", text)


def round_of(text):
    return re.sub(r"[^a-z]", "", (text or "").casefold())


def fields(label, signal):
    """(field, right?, wanted, found) of one rightly found signal; a field is asked where the label or the signal has it."""
    out = [("company", name(label.get("company")) == name(signal.get("company")), label.get("company"), signal.get("company"))]
    if label["kind"] in ("funding", "acquisition"):
        got = signal.get("amount") if signal.get("amount_currency") == "USD" else None
        want = label.get("amount_usd")
        if want or got:
            out.append(("amount", bool(want and got) and abs(want - got) < 0.5, want, got))
    if label["kind"] == "funding" and (label.get("round") or signal.get("round")):
        out.append(("round", round_of(label.get("round")) == round_of(signal.get("round")), label.get("round"), signal.get("round")))
    if label["kind"] in ("hire", "departure") and (label.get("person") or signal.get("person")):
        out.append(("person", name(label.get("person")) == name(signal.get("person")), label.get("person"), signal.get("person")))
    return out


class Score:
    def __init__(self):
        self.true, self.false, self.missed = ({k: 0 for k in KINDS} for _ in range(3))
        self.clear, self.confusion, self.fields, self.errors = {}, {}, {}, []

    def add(self, item, answer):
        events = [item, *item.get("also", [])] if item["kind"] != "none" else []
        wanted = {e["kind"]: e for e in reversed(events)}
        found = {s["kind"]: s for s in reversed(answer["signals"])}
        self.clear[item["kind"]] = self.clear.get(item["kind"], 0) + 1
        right = [k for k in found if k in wanted]
        shown = item["kind"] if item["kind"] in right else (right or list(found) or ["none"])[0]
        if right and shown != item["kind"]:
            shown = item["kind"]
        self.confusion[item["kind"], shown] = self.confusion.get((item["kind"], shown), 0) + 1
        wrong = [k for k in found if k not in wanted]
        for k in wrong:
            self.false[k] += 1
        if item["kind"] != "none":
            if right:
                self.true[item["kind"]] += 1
            else:
                self.missed[item["kind"]] += 1
        if wrong or (item["kind"] != "none" and not right):
            self.errors.append((f"{item['kind']} read as {','.join(found) or 'none'}", item, answer))
        for k in right:
            label = wanted[k] if "kind" in wanted[k] else item
            if k != item["kind"]:
                continue
            for field, good, want, got in fields(label, found[k]):
                row = self.fields.setdefault(field, [0, 0])
                row[0] += good
                row[1] += 1
                if not good:
                    self.errors.append((f"{field}: expected {want}, found {got}", item, answer))

    def figures(self):
        t, f, m = (sum(d.values()) for d in (self.true, self.false, self.missed))
        return {"precision": t / (t + f) if t + f else 1.0, "recall": t / (t + m) if t + m else 1.0, "true": t, "false": f, "missed": m,
                "false_on_none": sum(1 for what, item, _ in self.errors if item["kind"] == "none"),
                "fields": {k: v[0] / v[1] for k, v in self.fields.items()}, "field_counts": self.fields}

    def kind(self, k):
        t, f, m = self.true[k], self.false[k], self.missed[k]
        p, r = (t / (t + f) if t + f else 1.0), (t / (t + m) if t + m else 1.0)
        return p, r, 2 * p * r / (p + r) if p + r else 0.0

    def print(self, title, quiet):
        print(f"== {title}")
        for k in KINDS:
            if self.clear.get(k) or self.false[k]:
                p, r, f1 = self.kind(k)
                few = "" if self.clear.get(k, 0) >= FEW else "  (few: counts only in the total)"
                print(f"{k:14} P {p:.3f} R {r:.3f} F1 {f1:.3f}  of {self.clear.get(k, 0)}{few}")
        g = self.figures()
        print(f"{'all':14} P {g['precision']:.3f} R {g['recall']:.3f}  right {g['true']} wrong {g['false']} missed {g['missed']}"
              f"  on none {g['false_on_none']} of {self.clear.get('none', 0)}")
        for field, (good, n) in sorted(self.fields.items()):
            print(f"{field:14} {good / n:.3f}  ({good} of {n})")
        if quiet:
            return
        kinds = [*KINDS, "none"]
        print(f"{'label read as':14} " + " ".join(f"{k[:8]:>8}" for k in kinds))
        for a in kinds:
            if self.clear.get(a):
                print(f"{a:14} " + " ".join(f"{self.confusion.get((a, b), 0) or '.':>8}" for b in kinds))
        for what, item, answer in self.errors:
            print(f"-- {what}\n   {item['text']}")
            for s in answer["signals"]:
                print("   found " + json.dumps({k: v for k, v in s.items() if k != "span"}, ensure_ascii=False))
            for line in answer["tried"]:
                print("   tried " + line)


def score(harness, items, data=None):
    clear, doubtful = Score(), Score()
    for item, answer in zip(items, extract(harness, items, data)):
        (doubtful if item.get("ambiguous") else clear).add(item, answer)
    return clear, doubtful


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", required=True)
    parser.add_argument("--harness", required=True)
    parser.add_argument("--data", help="folder with news.*, instead of what is built in")
    parser.add_argument("--part", choices=("dev", "held"))
    parser.add_argument("--quiet", action="store_true", help="figures only")
    o = parser.parse_args()
    for file in ("items.jsonl", "natural.jsonl"):
        path = pathlib.Path(o.cases) / file
        if not path.is_file():
            print(f"extraction: no {path}, skipped")
            continue
        items = [i for i in read(path) if not o.part or held(i) == (o.part == "held")]
        clear, doubtful = score(o.harness, items, o.data)
        clear.print(f"{file}: {len(items)} texts" + (f", {o.part}" if o.part else ""), o.quiet)
        if doubtful.clear:
            doubtful.print(f"{file}: ambiguous, apart", True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
