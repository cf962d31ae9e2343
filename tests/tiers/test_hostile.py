# SPDX-License-Identifier: MIT
"""Hostile feeds, all at once, against the true daemon: each is bounded, its cause is named, its neighbours do not notice. And credentials:
no redirect carries them to another host. And a proxy: nobody gets
inside by it."""
import base64
import json
import re
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from conftest import ROOT, build
from proxy import Proxy
from test_push import Daemon, until

LOW_SPEED_S = 5
# Of the whole daemon, by its ceilings: 8 answers of 16 MiB on their way, 32 MiB that wait for the intake, 64 MiB of each of two documents,
# and what it needs without any. What is sent to it here has no bound.
MEMORY_MAX = (8 * 16 + 32 + 2 * 64 + 32) << 20

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
    """Keeps what it is asked; sends everybody away, if so told, or whoever asks /to/URL there. Answers once `may_answer` is set."""

    daemon_threads = True

    def __init__(self, host, body=b'{"items": [{"id": "a"}]}'):
        super().__init__((host, 0), Asked)
        self.asked, self.away, self.body, self.status = [], None, body, 200
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.url = "http://%s:%d" % self.server_address
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Asked(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.asked.append((self.path, dict(self.headers)))
        self.server.may_answer.wait(120)
        away = self.server.away + "/there" if self.server.away else self.path.partition("/to/")[2]
        self.send_response(302 if away else self.server.status)
        if self.server.status == 429:
            self.send_header("Retry-After", "3600")
        if away:
            self.send_header("Location", away)
        self.end_headers()
        if not away:
            self.wfile.write(self.server.body)


def test_others_are_taken_in_between_the_batches_of_a_long_answer(cluster, tmp_path):
    long = Watched("127.0.2.1", json.dumps({"items": [{"id": f"l{i}", "text": "w" * 300} for i in range(18500)]}).encode())
    short = [Watched(f"127.0.2.{n}") for n in range(2, 6)]
    for server in short:
        server.may_answer.clear()
    feeds = {"long-json": long, **{f"short-{n}-json": server for n, server in enumerate(short)}}
    d = Daemon(cluster, tmp_path, build("crash"), "".join(file_of(name, server.url + "/a") for name, server in feeds.items()), "poll: {host_gap: 0s}\n")

    def sql(text):
        return cluster.sql(text, d.name)

    until(lambda: int(sql("select count(*) from whynow.sighting where feed = 'long-json'")) > 0)
    for server in short:
        server.may_answer.set()
    until(lambda: int(sql("select count(*) from whynow.feed_poll where feed like 'short-%' and stored = 1")) == len(short))
    until(lambda: sql("select stored from whynow.feed_state where name = 'long-json'") == "18500")
    assert sql("select bool_and(s.at < l.at) from whynow.feed_poll s, whynow.feed_poll l where s.feed like 'short-%' and l.feed = 'long-json'") == "t"
    assert sql("select count(distinct item) from whynow.sighting where feed = 'long-json'") == "18500"
    code, err = d.stop()
    assert code == 0, err[-3000:]


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


def test_feed_show_says_what_else_holds_a_feed_back(cluster, tmp_path):
    busy = Watched("127.0.2.1")
    busy.status = 429
    dead = {f"dead-{n}-json": f"http://127.0.6.{n}:9/a" for n in range(1, 4)}
    d = Daemon(cluster, tmp_path, build("crash"), "".join(file_of(name, f"{busy.url}/{name}") + "retry_after: host\n" for name in ("one-json", "two-json")),
               "poll: {host_gap: 0s}\n")
    until(lambda: len(told_of(cluster, d)) == 1)
    asked, other = sorted(["one-json", "two-json"], key=lambda name: name not in told_of(cluster, d))
    assert len(busy.asked) == 1
    shown = d.whynow("feed", "show", other)
    assert re.search(rf"(?m)^  delayed    until .*: {re.escape(busy.url[7:])} asked us to stay away: status 429 to feed {asked}$", shown), shown
    assert json.loads(d.whynow("--json", "feed", "show", other))["delayed_why"].endswith(f"status 429 to feed {asked}")
    assert "delayed" not in d.whynow("feed", "show", asked)  # its own schedule says it
    assert "Retry-After" in d.whynow("feed", "show", asked)

    (tmp_path / "feeds.d/dead.yaml").write_text("".join(file_of(*f) for f in dead.items()))
    d.whynow("reload")
    until(lambda: "that is our network" in d.said())
    shown = d.whynow("feed", "show", "dead-1-json")
    assert re.search(r"(?m)^  delayed    until .*: host after host cannot be reached: that is our network", shown), shown
    code, err = d.stop()
    assert code == 0, err[-3000:]


def test_a_host_in_another_script_is_asked_by_its_name_in_the_dns(cluster, tmp_path, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")
    server = Watched("127.0.0.1")
    url = f"http://b\u00fccher.localhost:{server.server_port}/a"
    d = Daemon(cluster, tmp_path, build("crash"), file_of("books-json", url), "poll: {host_gap: 0s}\n")
    until(lambda: told_of(cluster, d))
    assert told_of(cluster, d) == {"books-json": "stored 1"}
    assert server.asked[0][1]["Host"] == f"xn--bcher-kva.localhost:{server.server_port}"
    assert "page_view acme.com" in d.whynow("feed", "test", "books-json").replace("  ", " ")
    code, err = d.stop()
    assert code == 0, err[-3000:]


INSIDE = ["127.0.0.1", "2852039166", "0xa9.254.43518", "169.254.169.254", "10.0.0.7", "[::1]", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]",
          "[fd00::1]", "localhost", "LocalHost.", "db.localhost", "%31%32%37.0.0.1", "127.0.0.1.", "\u2460\u2461\u2466.0.0.1"]


def proxied(cluster, tmp, scheme, feeds):
    """The daemon with a proxy behind which one server of ours is every host."""
    server = Watched("127.0.2.1")
    proxy = Proxy(lambda _: server.server_address)
    files = "".join(file_of(name, url).replace("allow_private: true\n", "allow_private: true\n" if name.startswith("direct") else "")
                    for name, url in feeds(server).items())
    d = Daemon(cluster, tmp, build("crash"), files, f"poll: {{host_gap: 0s, proxy: '{scheme}://127.0.3.1:{proxy.port}'}}\n")
    return server, proxy, d


def told_of(cluster, d):
    return dict(line.split("|", 1) for line in
                cluster.sql("select name, coalesce(last_error, 'stored ' || stored) from whynow.feed_state where polls > 0", d.name).splitlines())


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
def test_a_proxy_is_asked_for_names_and_never_for_addresses_inside(cluster, tmp_path, scheme, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.9:9")  # the environment is not looked at
    monkeypatch.setenv("no_proxy", "*")

    def feeds(server):
        return {"named-json": "http://feed.example/a", "direct-json": server.url + "/direct",
                **{f"inside-{n}-json": f"http://{host}/a" for n, host in enumerate(INSIDE)},
                **{f"moved-{n}-json": f"http://moved.example/to/http://{host}/a" for n, host in enumerate(INSIDE)}}

    server, proxy, d = proxied(cluster, tmp_path, scheme, feeds)
    wanted = 2 + 2 * len(INSIDE)
    until(lambda: len(told_of(cluster, d)) == wanted)
    told = told_of(cluster, d)
    assert told["named-json"] == "stored 1" and told["direct-json"] == "stored 1"
    refused = {name: text for name, text in told.items() if name.startswith(("inside", "moved"))}
    ascii_only = [f"{way}-{n}-json" for way in ("inside", "moved") for n, host in enumerate(INSIDE) if host.isascii()]
    assert {name: refused[name] for name in ascii_only if "refused by the address filter" not in refused[name]} == {}
    assert not any("stored" in text for text in refused.values())
    assert {target.split(":")[0] for target in proxy.asked} == {"feed.example", "moved.example"}
    assert {path for path, _ in server.asked if "direct" in path} == {"/direct"}
    code, err = d.stop()
    assert code == 0, err[-3000:]


def test_https_goes_through_a_proxy_as_a_tunnel_and_its_refusal_is_told(cluster, tmp_path):
    crt, key = tmp_path / "server.crt", tmp_path / "server.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    "/CN=feed.example", "-addext", "subjectAltName=DNS:feed.example", "-keyout", key, "-out", crt], check=True, capture_output=True)
    server = Watched("127.0.2.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(crt, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    proxy = Proxy(lambda _: server.server_address, refuses=["refused.example"])
    hosts = ["feed.example", "refused.example", "other.example"]
    files = "".join(file_of(host.split(".")[0] + "-json", f"https://{host}/a").replace("allow_private: true\n", "") for host in hosts)
    d = Daemon(cluster, tmp_path, build("crash"), files, f"poll: {{host_gap: 0s, proxy: 'http://127.0.3.1:{proxy.port}', ca_file: {crt}}}\n")
    until(lambda: len(told_of(cluster, d)) == len(hosts))
    told = told_of(cluster, d)
    assert told["feed-json"] == "stored 1"
    assert "403" in told["refused-json"]
    assert "other.example" in told["other-json"] and "stored" not in told["other-json"]  # not the name of the certificate
    assert sorted(proxy.asked) == sorted(host + ":443" for host in hosts)
    assert not any("Proxy" in name or "Via" in name for _, headers in server.asked for name in headers)
    code, err = d.stop()
    assert code == 0, err[-3000:]


def test_of_what_is_inside_only_the_named_networks_are_reached(cluster, tmp_path):
    named, other = Watched("127.0.2.1"), Watched("127.0.4.1")
    away = Watched("127.0.2.3")
    away.away = other.url
    feeds = {"named-json": named.url + "/a", "other-json": other.url + "/a", "away-json": away.url + "/a"}
    d = Daemon(cluster, tmp_path, build("crash"), "".join(file_of(*f) for f in feeds.items()),
               "poll: {host_gap: 0s, allow_networks: [10.0.0.0/8, 127.0.2.0/24]}\n")
    until(lambda: len(told_of(cluster, d)) == len(feeds))
    told = told_of(cluster, d)
    assert told["named-json"] == "stored 1"
    for name in ("other-json", "away-json"):
        assert "127.0.4.1, which is loopback, and in none of poll.allow_networks: refused" in told[name]
    assert not other.asked
    assert "poll.allow_networks" in d.whynow("feed", "show", "other-json")
    code, err = d.stop()
    assert code == 0, err[-3000:]
