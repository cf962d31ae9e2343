# SPDX-License-Identifier: MIT
"""Hostile feeds, all at once, against the true daemon: each is bounded, its cause is named, its neighbours do not notice. And credentials:
no redirect carries them to another host."""
import base64
import json
import re
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from conftest import ROOT, build
from test_push import Daemon, until

LOW_SPEED_S = 5
# Of the whole daemon, by its ceilings: 8 answers of 16 MiB on their way, 32 MiB that wait for the intake, 64 MiB of one document, and what
# it needs without any. What is sent to it here has no bound.
MEMORY_MAX = (8 * 16 + 32 + 64 + 32) << 20

# What feed_state says of a feed that gave nothing, and `feed show` tells.
ERRORS = {
    "gzip-bomb": "more than 16777216 bytes",
    "endless": "more than 16777216 bytes",
    "drip": f"too slow. Less than 100 bytes/sec transferred the last {LOW_SPEED_S} seconds",
    "redirect-loop": "more than 5 redirects",
    "header-flood": "more than 65536 bytes of headers",
    "xml-depth": "nested more than 256 deep",
    "xml-attributes": "a tag has more than 65536 bytes",
    "json-endless": "the array of items does not end",
    "reset": "reset by peer",
    **{f"metadata-{i}": "link-local: refused by the address filter" for i in range(4)},
}
# What the rejects say of a feed one item of which is the bomb: that costs no other item of it.
REJECTS = {
    "json-depth": "at most 262144 are read",
    "json-number": "at most 262144 are read",
    "json-width": "more than 20000 items",
}


def file_of(name, url):
    form = "json\nitems: doc.items" if "json" in name else "rss"
    every = "{floor: 1s, ceiling: 1s}" if "good" in name else "1h"
    return (f"---\nfeed: {name}\nurl: {url}\nformat: {form}\nevery: {every}\nallow_private: true\nid: string(item.id)\n"
            "accounts: create\naccount: {domain: acme.com}\nsignal: {kind: page_view, path: string(item.id)}\n")


@pytest.fixture
def feeds():
    server = subprocess.Popen(["/usr/bin/python3", ROOT / "tests/tiers/hostile_feeds.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield json.loads(server.stdout.readline())
    server.stdin.close()
    server.wait()


def peak(process):
    with open(f"/proc/{process.pid}/status") as status:
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1]) << 10


def test_hostile_feeds_are_bounded_and_named_and_their_neighbours_unharmed(cluster, tmp_path, feeds):
    d = Daemon(cluster, tmp_path, build("crash"), "".join(file_of(*f) for f in feeds.items()), f"poll: {{low_speed_time: {LOW_SPEED_S}s, host_gap: 0s}}\n")
    d.wait()

    def sql(text):
        return cluster.sql(text, d.name)

    def told(select):
        return dict(line.split("|", 1) for line in sql(select).splitlines())

    for name in sorted(feeds, key=lambda n: (n != "drip", "good" not in n)):  # by itself the daemon spreads so many first polls over half a minute
        d.whynow("feed", "poll", name)
    until(lambda: int(sql("select count(*) from whynow.feed_state where polls > 0")) == len(feeds) + 1)  # and the one that is pushed
    assert d.process.poll() is None
    print(f"peak {peak(d.process) >> 20} MiB")
    assert peak(d.process) < MEMORY_MAX

    # Neighbours: stored while the slow one was still on its way, and after them all.
    early = told("select feed, count(*) from whynow.feed_poll where feed like 'good-%' and stored = 1"
                 " and at < (select last_at from whynow.feed_state where name = 'drip') group by feed")
    assert set(early) == {"good-rss", "good-json"}
    before = told("select name, stored from whynow.feed_state where name like 'good-%'")
    until(lambda: all(int(n) > int(before[name]) for name, n in told("select name, stored from whynow.feed_state where name like 'good-%'").items()))
    assert sql("select sum(failed), sum(rejected), bool_and(stored = polls) from whynow.feed_state where name like 'good-%'") == "0|0|t"

    # Causes.
    errors = told("select name, last_error from whynow.feed_state where last_error is not null")
    assert {name: text for name, text in ERRORS.items() if text not in errors.get(name, "")} == {}, errors
    assert set(errors) == set(ERRORS)
    for name, text in ERRORS.items():
        assert re.search(f"(?m)^  last error .*{re.escape(text)}", d.whynow("feed", "show", name))
    for name, text in REJECTS.items():
        assert text in d.whynow("feed", "show", name)

    # What is only large is stored; entities are text, not what they stand for.
    assert sql("select stored, rejected from whynow.feed_state where name = 'many-items'") == "18500|0"
    assert sql("select item from whynow.sighting where feed = 'xml-entities' order by item") == "&l11;\n2"
    code, err = d.stop()
    assert code == 0, err[-3000:]



class Watched(ThreadingHTTPServer):
    """Keeps what it is asked; sends whoever asks /away there."""

    daemon_threads = True

    def __init__(self, host):
        super().__init__((host, 0), Asked)
        self.asked, self.away = [], None
        self.url = "http://%s:%d" % self.server_address
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Asked(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.asked.append((self.path, dict(self.headers)))
        self.send_response(302 if self.server.away else 200)
        if self.server.away:
            self.send_header("Location", self.server.away + "/there")
        self.end_headers()
        if not self.server.away:
            self.wfile.write(b'{"items": [{"id": "a"}]}')


def test_credentials_reach_the_host_they_are_for_and_no_other(cluster, tmp_path):
    here, there = Watched("127.0.2.1"), Watched("127.0.2.2")
    here.away = there.url
    ways = {"bearer": "{bearer: credential:token}", "basic": "{basic: credential:pair}", "header": "{header: {name: X-Key, value: credential:token}}",
            "query": "{query: {name: key, value: credential:token}}"}
    more = "".join(file_of(f"{way}-json", f"{here.url}/{way}") + f"auth: {auth}\n" for way, auth in ways.items())
    d = Daemon(cluster, tmp_path, build("crash"), more, "poll: {host_gap: 0s}\n", {"credentials/pair": "ann:open sesame\n"})
    until(lambda: int(cluster.sql("select count(*) from whynow.feed_state where stored = 1", d.name)) == len(ways))
    seen = {path.split("?")[0]: (path, headers) for path, headers in here.asked}
    assert seen["/bearer"][1]["Authorization"] == "Bearer open sesame"
    assert seen["/basic"][1]["Authorization"] == "Basic " + base64.b64encode(b"ann:open sesame").decode()
    assert seen["/header"][1]["X-Key"] == "open sesame"
    assert seen["/query"][0] == "/query?key=open%20sesame"
    assert len(there.asked) == len(ways)
    for path, headers in there.asked:
        assert path == "/there" and not {"Authorization", "X-Key", "Referer", "Cookie"} & set(headers)
    code, err = d.stop()
    assert code == 0, err[-3000:]
    assert "sesame" not in err
