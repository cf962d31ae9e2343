# SPDX-License-Identifier: MIT
"""The ready feed files read real answers as they should: `feed test` over every payload that is there."""
import json
import re
import subprocess

import pytest
from conftest import ROOT, SHARED, build

PAYLOADS = SHARED / "extraction" / "payloads"
FILES = {"greenhouse_vercel.json": "acme-jobs-greenhouse", "lever_spotify.json": "acme-jobs-lever", "ashby_linear.json": "acme-jobs-ashby",
         "workable_zaelab.json": "acme-jobs-workable", "smartrecruiters_ubisoft.json": "acme-jobs-smartrecruiters",
         "teamtailor_jsonfeed.json": "acme-jobs-teamtailor", "remoteok.json": "remoteok", "hn_who_is_hiring.json": "hn-who-is-hiring",
         "weworkremotely.rss": "weworkremotely", "github_events.json": "acme-github",
         "edgar_company.atom": "acme-edgar-filings"}


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    tmp = tmp_path_factory.mktemp("files")
    for folder in ("feeds.d", "sinks.d", "kinds.d", "traits.d"):
        (tmp / folder).mkdir()
    for path in (ROOT / "conf/feeds.d").glob("*.yaml"):
        text = re.sub(r"enabled: false.*", "", path.read_text()).replace("COMPANY.example", "acme.com").replace("COMPANY", "acme")
        (tmp / "feeds.d" / path.name).write_text(text)
    (tmp / "whynow.yaml").write_text(f"dirs: {{feeds: feeds.d, sinks: sinks.d, kinds: kinds.d, traits: traits.d, vendor: {ROOT}/conf, "
                                     f"extract: {ROOT}/conf/extract}}\n")
    return tmp / "whynow.yaml"


def index():
    path = PAYLOADS / "index.jsonl"
    if not path.exists():
        pytest.skip("the payloads are not there")
    return {row["file"]: row["expect"] for row in map(json.loads, path.open())}


def signals(config, path, feed):
    done = subprocess.run([build("release") / "whynow", "--config", config, "--json", "feed", "test", path, "--feed", feed],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return {row["signal"]["id"]: row["signal"] for row in json.loads(done.stdout) if "signal" in row}


OPML = """<opml version="2.0"><head><title>mine</title></head><body>
<outline text="Wires &amp; 'quotes'"><outline text="Tech 'n' Crunch: #1" xmlUrl="https://e.org/feed?a=1&b=2"/><outline title="Tech 'n' Crunch: #1"
xmlurl="https://e.org/other"/></outline><outline text="" xmlUrl="http://e.org/no-title"/><outline text="secret" xmlUrl="http://ann:secret@e.org/f"/>
<outline text="old" xmlUrl="feed://e.org/1"/><outline text="older" xmlUrl="feed:https://e.org/3"/><outline text="\u00dcn\u00efcode \u65b0\u805e" xmlUrl="http://e.org/2"/>
<outline text="lines" xmlUrl="http://e.org/a&#10;evil: 1"/><outline text="twice" xmlUrl="http://e.org/2"/><outline text="file" xmlUrl="file:///etc/passwd"/>
<outline text="pipe" xmlUrl="|reboot"/></body></opml>"""


def test_subscriptions_become_a_file_that_the_daemon_takes(config, tmp_path):
    whynow = [build("release") / "whynow", "--config", config]
    (tmp_path / "mine.opml").write_text(OPML)
    out = config.parent / "feeds.d/reader.yaml"
    done = subprocess.run([*whynow, "feed", "import", tmp_path / "mine.opml", "--out", out], capture_output=True, text=True, timeout=60)
    try:
        assert done.returncode == 0, done.stderr
        assert re.findall(r"(?m)^feed: (.*)$", out.read_text()) == ["tech-n-crunch-1", "tech-n-crunch-1-2", "http-e-org-no-title", "old", "older", "n-code"]
        assert re.findall(r"(?m)^url: '(.*)'$", out.read_text()) == ["https://e.org/feed?a=1&b=2", "https://e.org/other", "http://e.org/no-title",
                                                                     "http://e.org/1", "https://e.org/3", "http://e.org/2"]
        assert "6 of 11 feeds" in done.stdout + done.stderr
        for url, why in {"http://ann:secret@e.org/f": "auth:", "http://e.org/2": "listed twice", "file:///etc/passwd": "no http", "|reboot": "no http"}.items():
            assert re.search(rf"left out: {re.escape(url)}: .*{why}", done.stderr)
        check = subprocess.run([*whynow, "config", "check"], capture_output=True, text=True, timeout=60)
        assert check.returncode == 0, check.stdout + check.stderr
        again = subprocess.run([*whynow, "feed", "import", tmp_path / "mine.opml", "--out", out], capture_output=True, text=True, timeout=60)
        assert again.returncode != 0  # what is there is not written over
    finally:
        out.unlink(missing_ok=True)


def test_there_is_a_ready_file_for_every_payload():
    assert set(index()) == set(FILES) | {"edgar_item.txt"}


def test_a_form_d_is_read_from_its_title_line(config, tmp_path):
    """The payload is that line alone, as it stands in the feed of current filings."""
    want = index()["edgar_item.txt"][0]
    title = (PAYLOADS / "edgar_item.txt").read_text().strip()
    (tmp_path / "current.atom").write_text(
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>Latest Filings</title>'
        + "".join(f"<entry><id>urn:{n}</id><title>{t}</title><updated>2026-05-04T10:00:00-04:00</updated></entry>"
                  for n, t in enumerate([title, title + " (0001234567) (Filer)", "8-K - Somebody else"])) + "</feed>")
    got = signals(config, tmp_path / "current.atom", "edgar-form-d")
    assert title.startswith(want["form"])
    assert {s["id"]: (s["kind"], s["name"]) for s in got.values()} == {"urn:0": ("funding", want["company"]), "urn:1": ("funding", want["company"])}


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_ready_file_reads_its_payload(config, name):
    want, got = index()[name], signals(config, PAYLOADS / name, FILES[name])
    for item in want:
        have = got.get(item["id"])
        assert have, f"{item['id']} is missing among {sorted(got)}"
        if "published" in item:
            assert re.sub(r"\.\d+Z$", "Z", have["occurred_at"]) == item["published"]  # to the second
        if "link" in item:
            assert have["url"] == item["link"]
        if "form" in item:
            assert have["attributes"]["topic"] == item["form"]
        if "published" not in item and "updated" in item:
            assert have["occurred_at"] == item["updated"]
        if "company" in item and have["name"]:
            assert have["name"] == item["company"]
        if "location" in item and "place" in have["attributes"]:
            assert have["attributes"]["place"] == item["location"]
