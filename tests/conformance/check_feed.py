# SPDX-License-Identifier: MIT
"""Feeds and entities: asks harness_feed, compares by the rules of the conformance README (numbers in brackets)."""
import html
import json
import re
import subprocess

FORMATS = {"jsonfeed": "json"}
DATES = ("published", "updated", "created", "expired")
TAG = re.compile(r"<!--.*?-->|<[!?/]?[A-Za-z][^<>]*>", re.S)


def ask(program, questions):
    text = "".join(json.dumps(q) + "\n" for q in questions)
    done = subprocess.run([str(program)], input=text.encode(), stdout=subprocess.PIPE, timeout=600, check=False)
    lines = done.stdout.split(b"\n")
    if done.returncode:
        raise RuntimeError(f"{program.name} ended with {done.returncode} after {len(lines) - 1} answers")
    return [json.loads(line) for line in lines[:len(questions)]]


def as_text(value):
    """[3] entities decoded twice, tags dropped, white space collapsed."""
    value = TAG.sub(" ", value)
    for _ in range(2):
        value = html.unescape(value)
    value = TAG.sub(" ", value)
    return re.sub(r"\s+", " ", value).strip()


def seconds(value):
    """[1] RFC 3339 to the second."""
    return re.sub(r"\.\d+", "", value) if isinstance(value, str) else value


class Case:
    def __init__(self, case):
        self.tier = case["tier"]
        self.base = case.get("base_url")
        self.html = self.tier == "html"

    def string(self, want, got):
        if want in (None, ""):  # [4]
            return got in (None, "", [])
        if not isinstance(got, str):
            return False
        want, got = want.strip(), got.strip()
        if want == got:
            return True
        if self.html and as_text(want) == as_text(got):
            return True
        # [6] the unresolved form was asserted, no base was given: resolved is right
        return not self.base and "://" not in want and "://" in got and got.endswith(want.lstrip("./"))

    def mapping(self, want, got):
        got = got if isinstance(got, dict) else {}
        return all(self.value(key, want[key], got.get(key)) for key in want)

    def value(self, key, want, got):
        if isinstance(want, list):
            got = got if isinstance(got, list) else []
            if len(want) > len(got):
                return False
            return all(self.value(key, w, g) for w, g in zip(want, got))
        if isinstance(want, dict):
            return self.mapping(want, got)
        if isinstance(want, str) or want is None:
            return self.string(want, got if got is None or isinstance(got, (str, list)) else str(got))
        return want == got


def views(node):
    """The names that the cases use for what the harness tells under its own."""
    out = dict(node)
    out["description"] = node.get("description") or node.get("summary", "")
    people = [{"name": p.get("name", ""), "email": p.get("email", ""), "url": p.get("url", "")} for p in node.get("authors", [])
              if isinstance(p, dict)]
    first = people[0] if people else {}
    out["authors"] = people
    out["author_name"], out["author_email"], out["author_url"] = first.get("name"), first.get("email"), first.get("url")
    terms = [{"term": t} for t in node.get("categories", [])]
    out["categories"] = node.get("category_details") or terms
    out["category"] = terms[0]["term"] if terms else ""
    out["external_url"] = node.get("external_link")
    if isinstance(node.get("source_feed"), dict):
        out["source"] = views(node["source_feed"])
    return out


def candidates(key, node, want, keys):
    """Values that may stand for the key."""
    if key in DATES:
        yield seconds(node.get(key))
        if not {"published", "updated"} <= keys:  # [1] a single date is both
            other = {"published": "updated", "updated": "published"}.get(key)
            if other and node.get("published") == node.get("updated"):
                yield seconds(node.get(other))
        return
    yield node.get(key)
    if key in ("published_raw", "updated_raw") and not {"published_raw", "updated_raw"} <= keys:
        found = [node[k] for k in ("published_raw", "updated_raw") if k in node]
        yield from found if len(found) == 1 else ()
    if key in ("summary", "content") and not {"summary", "content"} <= keys:  # [2]
        yield node.get("summary")
        yield node.get("content")
    if key in ("content_html", "content_text"):
        yield node.get("content")
    if key == "author":
        name, email = node.get("author_name"), node.get("author_email")
        yield name
        yield email
        yield f"{name} ({email})"
    if key in ("categories",) and isinstance(want, list):
        yield [{**(t if isinstance(t, dict) else {}), "term": t.get("term", "")} for t in node.get("categories", [])]
        if all(isinstance(w, str) for w in want):
            yield [t.get("term", "") for t in node.get("categories", [])]


def differences(case, want, node, where):
    node = views(node)
    for key, value in want.items():
        if isinstance(value, str) and key in DATES:
            value = seconds(value)
        if not any(case.value(key, value, got) for got in candidates(key, node, value, set(want))):
            yield f"{where}{key}: expected {value!r:.300}, got {next(candidates(key, node, value, set(want)))!r:.300}"


def failures(case, expect, answer, tier):
    if expect.get("error"):
        if "error" not in answer:
            yield "accepted what must be refused"
        return
    if "error" in answer:
        if expect.get("well_formed") is False and "items" not in expect and "feed" not in expect:
            return  # broken XML may be refused
        yield "refused: " + answer["error"]
        return
    got = FORMATS.get(answer["format"], answer["format"])
    if "format" in expect and expect["format"] != got:
        yield f"format: expected {expect['format']}, got {got}"
    if expect.get("version") and expect["version"] != answer["version"]:
        yield f"version: expected {expect['version']}, got {answer['version']}"
    if "encoding" in expect and expect["encoding"].lower() != answer["encoding"].lower():
        if not (tier == "encoding-http" and expect["encoding"] == "us-ascii"):  # [7]
            yield f"encoding: expected {expect['encoding']}, got {answer['encoding']}"
    if "items_count" in expect and expect["items_count"] != len(answer["items"]):
        yield f"items: expected {expect['items_count']}, got {len(answer['items'])}"
    yield from differences(case, expect.get("feed", {}), answer["feed"], "feed.")
    for i, want in enumerate(expect.get("items", [])):
        if not want:
            continue
        if i >= len(answer["items"]):
            yield f"items[{i}] is missing"
            return
        yield from differences(case, want, answer["items"][i], f"items[{i}].")


def is_must(expect):
    """Unicode, Latin-1 and windows-125x; broken bytes that name no encoding are anybody's guess."""
    if "encoding" not in expect:
        return expect.get("well_formed") is not False
    return re.match(r"(utf|ucs|iso-10646|us-ascii|iso-8859-1$|iso8859-1$|latin-?1$|windows-125|cp125)", expect["encoding"].lower()) is not None


def run_feeds(cases, program):
    folder = cases / "feeds"
    if not (folder / "cases.jsonl").exists():
        return
    rows = [json.loads(line) for line in (folder / "cases.jsonl").open(encoding="utf-8")]
    questions = [{"op": "feed", "path": str(folder / row["file"]), "headers": row.get("headers", {}),
                  "base_url": row.get("base_url", "")} for row in rows]
    for row, answer in zip(rows, ask(program, questions)):
        wrong = list(failures(Case(row), row["expect"], answer, row["tier"]))
        yield "feeds", row["tier"], row["name"], not wrong, "; ".join(wrong)[:1000]
        if row["tier"] == "encoding" and is_must(row["expect"]):
            yield "feeds", "encoding-must", row["name"], not wrong, "; ".join(wrong)[:1000]


def run_entities(cases, program):
    path = cases / "entities" / "cases.jsonl"
    if not path.exists():
        return
    rows = [json.loads(line) for line in path.open(encoding="utf-8")]
    for row, answer in zip(rows, ask(program, [{"op": "entities", "text": row["text"]} for row in rows])):
        passed = answer.get("text") == row["expect"]
        yield "entities", "core", row["text"], passed, f"expected {row['expect']!r}, got {answer.get('text')!r}"


def wrong_opml(expect, answer):
    if expect.get("error"):
        return None if "error" in answer else "accepted what must be refused"
    feeds = answer.get("feeds")
    if feeds is None:
        return "refused: " + answer["error"]
    if "count" in expect and expect["count"] != len(feeds):
        return f"{len(feeds)} feeds, expected {expect['count']}"
    for i, want in enumerate(expect.get("feeds", [])):
        if i >= len(feeds) or any((feeds[i].get(k) or "") != v for k, v in want.items()):
            return f"feeds[{i}]: expected {want}, got {feeds[i] if i < len(feeds) else None}"
    return None


def run_opml(cases, program):
    path = cases / "opml" / "cases.jsonl"
    if not path.exists():
        return
    rows = [json.loads(line) for line in path.open(encoding="utf-8")]
    for row, answer in zip(rows, ask(program, [{"op": "opml", "path": str(path.parent / row["file"])} for row in rows])):
        wrong = wrong_opml(row["expect"], answer)
        yield "opml", "core", row["name"], not wrong, wrong or ""


def run(cases_dir, bin_dir):
    program = bin_dir / "harness_feed"
    if not program.exists():
        return
    yield from run_feeds(cases_dir, program)
    yield from run_entities(cases_dir, program)
    yield from run_opml(cases_dir, program)
