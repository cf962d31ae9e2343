# SPDX-License-Identifier: MIT
"""Real input: every real feed of the conformance data and every payload of the extraction data that our formats cover is
served on loopback to the running daemon; its items must end as stored, duplicate or rejected with a reason, none missing, and
what the mappings give must be matched. The data stays where it is; without it there is nothing to test."""
import http.server
import json
import os
import pathlib
import signal
import subprocess
import threading
import time

import pytest
from conftest import ROOT, SHARED, build

PAYLOADS = {  # payload -> the ready feed file whose mapping it tests, with what stands in capitals there
    "greenhouse_vercel.json": "greenhouse", "lever_spotify.json": "lever", "ashby_linear.json": "ashby",
    "teamtailor_jsonfeed.json": "teamtailor", "workable_zaelab.json": "workable", "smartrecruiters_ubisoft.json": "smartrecruiters",
    "remoteok.json": "remoteok", "hn_who_is_hiring.json": "hn-who-is-hiring", "weworkremotely.rss": "weworkremotely",
    "edgar_company.atom": "edgar", "github_events.json": "github-events",
}
TYPES = {".json": "application/json", ".rss": "application/rss+xml", ".atom": "application/atom+xml", ".xml": "application/xml"}


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        self.files = {}
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def serve(self, name, path, headers):
        self.files["/" + name] = (path.read_bytes(), {"Content-Type": TYPES.get(path.suffix, "text/xml"), **headers})
        return f"http://127.0.0.1:{self.server_address[1]}/{name}"


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_GET(self):
        body, headers = self.server.files.get(self.path, (None, {}))
        self.send_response(200 if body is not None else 404)
        for k, v in headers.items():
            self.send_header(k, v)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")


def real_feeds(server):
    """name -> (yaml, number of items)"""
    out = {}
    for line in (SHARED / "conformance/feeds/cases.jsonl").read_text().splitlines():
        case = json.loads(line)
        if case["tier"] != "real":
            continue
        name = f"real-{len(out)}"
        headers = {k.title(): v for k, v in case.get("headers", {}).items() if k.lower() == "content-type"}
        url = server.serve(name, SHARED / "conformance/feeds" / case["file"], headers)
        out[name] = (f"feed: {name}\nurl: {url}\nformat: auto\nallow_private: true\naccounts: create\nevery: {{floor: 1h, ceiling: 24h}}\n"
                     f"account: {{domain: {name}.example}}\nsignal:\n  kind: content_download\n  occurred_at: now\n"
                     f"  product: 'item.?title.orValue(\"untitled\")'\n", case["expect"]["items_count"])
    return out


def payload_feeds(server):
    out = {}
    expect = {json.loads(l)["file"]: json.loads(l) for l in (SHARED / "extraction/payloads/index.jsonl").read_text().splitlines()}
    for file, ready in PAYLOADS.items():
        documents = (ROOT / "conf/feeds.d" / f"{ready}.yaml").read_text().split("\n---\n")
        text = documents[0]
        name = "payload-" + ready
        url = server.serve(name, SHARED / "extraction/payloads" / file, {})
        lines = []
        for l in text.split("\n"):
            if l.startswith(("feed:", "url:", "enabled:", "page:")):
                continue
            if l.startswith("  occurred_at:"):
                l = "  occurred_at: now"
            lines.append(l.replace("COMPANY.example", f"{ready}.example").replace("COMPANY", ready))
        out[name] = (f"feed: {name}\nurl: {url}\nallow_private: true\n" + "\n".join(lines) + "\n", len(expect[file]["expect"]))
    return out


def wait(cluster, db, query, deadline=60):
    until = time.monotonic() + deadline
    while time.monotonic() < until:
        if cluster.sql(query, db) == "t":
            return
        time.sleep(0.1)
    raise AssertionError(f"did not come true in {deadline} s: {query}")


@pytest.fixture(scope="module")
def watched(cluster, tmp_path_factory):
    if not (SHARED / "conformance/feeds").is_dir():
        pytest.skip("the shared data is not there")
    bin_dir, tmp, server = build("release"), tmp_path_factory.mktemp("real"), Server()
    db = cluster.database(bin_dir)
    feeds = {**real_feeds(server), **payload_feeds(server)}
    for d in ("feeds.d", "sinks.d", "kinds.d", "traits.d"):
        (tmp / d).mkdir()
    for name, (text, _) in feeds.items():
        (tmp / "feeds.d" / f"{name}.yaml").write_text(text)
    (tmp / "sinks.d" / "mail.yaml").write_text("sink: mail\nkind: file\npath: mail.jsonl\nchannels: [email]\n")
    (tmp / "installation-key").write_text("07" * 32)
    (tmp / "whynow.yaml").write_text(
        f"database: {{conninfo: \"{cluster.conninfo(db)}\"}}\nlisten: {{control: {tmp}/control}}\n"
        f"dirs: {{feeds: feeds.d, sinks: sinks.d, kinds: kinds.d, traits: traits.d, vendor: {ROOT}/conf, extract: {ROOT}/conf/extract, spool: {tmp}}}\n")
    segment = ("segment: anything\nowner: ana@example.com\nwhen: |\n  signal.kind in ['content_download', 'job_posting', 'funding', 'hire', 'topic_surge',"
               " 'signup', 'page_view', 'tech_adopted']\naudience: {min: 1, warn: 400, max: 500}\nexit: stop\n"
               "goal: {metric: reply, target: 5%, window: 30d}\nmode: shadow\nsequence: [{channel: email, subject: s, body: 'On {{signal.kind}}'}]\n")
    cluster.sql("insert into whynow.segment (name) values ('anything') on conflict do nothing; insert into whynow.segment_version (name, version, source)"
                f" values ('anything', 1, $t${segment}$t$)", db)
    log = open(tmp / "log", "w")
    daemon = subprocess.Popen([bin_dir / "whynowd", "--config", tmp / "whynow.yaml"], stderr=log,
                              env=dict(os.environ, CREDENTIALS_DIRECTORY=str(tmp)))
    try:
        names = "','".join(feeds)
        try:
            wait(cluster, db, f"select count(*) = {len(feeds)} from whynow.feed_state where polls >= 1 and name in ('{names}')")
        except AssertionError as e:
            missing = cluster.sql(f"select name from unnest(array['{names}']) name where name not in (select name from whynow.feed_state where polls >= 1)", db)
            trouble = [l for l in pathlib.Path(tmp / "log").read_text().splitlines() if not l.startswith(("<6>", "<7>"))]
            raise AssertionError(f"{e}\nnot polled: {missing}\n" + "\n".join(trouble)[-4000:])
        yield cluster, db, feeds
    finally:
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(20) == 0, pathlib.Path(tmp / "log").read_text()[-3000:]
        cluster.drop(db)


@pytest.mark.xdist_group("real")
def test_every_feed_was_read(watched):
    cluster, db, _ = watched
    assert cluster.sql("select name, last_error from whynow.feed_state where last_error is not null", db) == ""


@pytest.mark.xdist_group("real")
def test_every_item_is_accounted_for(watched):
    cluster, db, feeds = watched
    wrong = []
    for row in cluster.sql("select name, items, stored, duplicate, edited, review, rejected, filtered from whynow.feed_state", db).splitlines():
        name, *numbers = row.split("|")
        items, *parts = map(int, numbers)
        if items != sum(parts) or items < feeds[name][1]:
            wrong.append(f"{name}: {items} items, {parts}, at least {feeds[name][1]} expected")
    assert not wrong, "\n".join(wrong)
    assert cluster.sql("select count(*) from whynow.item_reject where reason = '' or reason is null", db) == "0"
    stored = int(cluster.sql("select sum(stored) from whynow.feed_state", db))
    assert stored == int(cluster.sql("select count(*) from whynow.sighting", db))
    assert stored > 300


@pytest.mark.xdist_group("real")
def test_what_the_mappings_give_is_matched(watched):
    cluster, db, _ = watched
    left_out = cluster.sql("select distinct a.domain, a.name from whynow.signal s join whynow.account a using (bucket, account_id) where not s.history"
                           " and not exists (select 1 from whynow.member m where m.account_id = s.account_id)"
                           " and not exists (select 1 from whynow.non_action n where n.account_id = s.account_id)", db)
    assert left_out == ""
    assert int(cluster.sql("select count(*) from whynow.member", db)) >= 40


@pytest.mark.xdist_group("real")
def test_fsck_is_silent(watched):
    cluster, db, _ = watched
    done = subprocess.run([build("release") / "whynow", "--database", cluster.conninfo(db), "fsck"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
