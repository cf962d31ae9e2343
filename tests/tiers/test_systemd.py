# SPDX-License-Identifier: MIT
"""The daemon as a service: what it tells the manager and the journal, and how it takes bad configuration, a database that
comes and goes, and strangers' text. Notify socket, journal socket, database and feeds belong to the test."""
import http.client
import http.server
import json
import os
import pathlib
import re
import selectors
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

import pytest
from conftest import ROOT, SHARED, Cluster, build, run

IDS = dict(re.findall(r'#define WN_MSG_(\w+) "([0-9a-f]{32})"', (ROOT / "include/whynow/message_ids.h").read_text()))
DEADLINE = 15
SEGMENT = """\
segment: moved
owner: ana@example.com
when: signal.kind == "hire"
who: contact.department == "people"
audience: {min: 1, warn: 50, max: 100}
life: {intake: 7d, box: 14d, max: 42d}
exit: stop
goal: {metric: meeting, target: 5%, window: 30d}
mode: live
priority: 50
sequence:
  - {after: 0h, channel: email, subject: "On {{signal.position}}", body: "Hello {{contact.first_name}}."}
"""
SINK = "sink: mail\nkind: file\npath: mail.jsonl\nchannels: [email]\n"
FEED = """\
feed: wire
url: http://127.0.0.1:PORT/wire
format: json
every: {floor: 1h, ceiling: 1h}
publisher: wire.example.com
accounts: create
allow_private: true
items: doc.items
id: item.id
account: {domain_from: item.domain}
contact: {name: item.person, email: item.email}
reports: {kinds: [hire], scope: all}
signal:
  kind: hire
  occurred_at: date(item.at)
  headline: item.title
  person: item.person
  position: item.position
"""


# ----------------------------------------------------------------------------------------------- what the test owns
def datagram(path):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    s.bind(str(path))
    return s


def parse_native(data):
    """The journal's native protocol, strictly: anything that does not fit raises."""
    fields, at = [], 0
    while at < len(data):
        end = data.index(b"\n", at)
        line = data[at:end]
        if b"=" in line:
            name, value = line.split(b"=", 1)
            at = end + 1
        else:
            name, (n,) = line, struct.unpack("<Q", data[end + 1:end + 9])
            value = data[end + 9:end + 9 + n]
            assert data[end + 9 + n:end + 10 + n] == b"\n"
            at = end + 10 + n
        assert re.fullmatch(rb"[A-Z][A-Z0-9_]{0,63}", name), name
        fields.append((name.decode(), value.decode()))
    names = [n for n, _ in fields]
    assert len(set(names)) == len(names), f"a field twice: {names}"
    return dict(fields)


class Ear(threading.Thread):
    """Hears both sockets and keeps everything with its time, in order."""

    def __init__(self, directory):
        super().__init__(daemon=True)
        self.notify_path, self.journal_path = directory / "notify", directory / "journal"
        self.sockets = {"notify": datagram(self.notify_path), "journal": datagram(self.journal_path)}
        self.heard = {"notify": [], "journal": []}
        self.change = threading.Condition()
        self.over = False
        self.error = None
        self.start()

    def run(self):
        with selectors.DefaultSelector() as sel:
            for name, s in self.sockets.items():
                sel.register(s, selectors.EVENT_READ, name)
            while not self.over:
                for key, _ in sel.select(0.1):
                    data = key.fileobj.recv(1 << 20)
                    try:
                        value = data.decode() if key.data == "notify" else parse_native(data)
                    except Exception as e:  # told by the test that waits
                        self.error = f"{e}: {data!r}"
                        continue
                    with self.change:
                        self.heard[key.data].append((time.monotonic(), value))
                        self.change.notify_all()

    def close(self):
        self.over = True
        self.join()
        for s in self.sockets.values():
            s.close()

    def wait(self, what, wanted, since=0, seconds=DEADLINE):
        """The first thing heard at or after index `since` that is wanted; answers (index, time, value)."""
        end = time.monotonic() + seconds
        with self.change:
            while True:
                for i, (at, value) in enumerate(self.heard[what][since:], since):
                    if wanted(value):
                        return i, at, value
                left = end - time.monotonic()
                if left <= 0 or self.error:
                    raise AssertionError(f"not heard in {seconds} s ({self.error}); {what} said:\n" +
                                         "\n".join(str(v) for _, v in self.heard[what][-30:]))
                self.change.wait(left)

    def told(self, text, since=0, **kw):
        """A notification one of whose lines is `text` (or matches, if a pattern)."""
        hit = (lambda l: l == text) if isinstance(text, str) else text.search
        return self.wait("notify", lambda v: any(hit(l) for l in v.split("\n")), since, **kw)

    def entry(self, message, since=0, **fields):
        """A journal entry with this message id and these fields."""
        def wanted(e):
            return e.get("MESSAGE_ID") == IDS[message] and all(e.get(k) == v for k, v in fields.items())
        return self.wait("journal", wanted, since)[2]

    def count(self, what):
        with self.change:
            return len(self.heard[what])

    def entries(self, message):
        with self.change:
            return [e for _, e in self.heard["journal"] if e.get("MESSAGE_ID") == IDS[message]]


class Feed(http.server.ThreadingHTTPServer):
    """One JSON feed on loopback; `items` and `status` may be changed while it serves."""

    def __init__(self):
        self.items, self.status, self.asked = [], 200, 0
        feed = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                feed.asked += 1
                body = json.dumps({"items": feed.items}).encode()
                self.send_response(feed.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *a):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def add(self, id, **more):
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60))
        self.items = self.items + [{"id": id, "at": now, "title": f"{id} moves", "domain": f"{id}.example",
                                    "person": "Ann Ash", "email": f"ann@{id}.example", "position": "VP People", **more}]


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=DEADLINE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(DEADLINE)
        self.sock.connect(str(self.path))


class Service:
    """One whynowd with its own folder, started as a manager would."""

    def __init__(self, bin_dir, conninfo, files=None, main=""):
        self.bin = bin_dir
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="whynow-service-"))
        self.ear = Ear(self.dir)
        self.process = None
        for name in ("feeds.d", "sinks.d", "kinds.d", "traits.d"):
            (self.dir / name).mkdir()
        (self.dir / "installation-key").write_text("07" * 32 + "\n")
        self.main = (f"instance: test\ndatabase: {{conninfo: \"{conninfo}\"}}\nlisten: {{control: {self.dir}/control}}\n"
                     "dirs: {feeds: feeds.d, sinks: sinks.d, kinds: kinds.d, traits: traits.d, "
                     f"vendor: {ROOT}/conf, extract: {ROOT}/conf/extract, spool: {self.dir}}}\ntouches: {{window: none}}\n" + main)
        self.write("whynow.yaml", self.main)
        for name, text in (files or {}).items():
            self.write(name, text)

    def write(self, name, text):
        (self.dir / name).write_text(text)

    def environment(self, **more):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("LISTEN_", "WATCHDOG_", "PG", "JOURNAL_"))}
        env |= {"NOTIFY_SOCKET": str(self.ear.notify_path), "WHYNOW_JOURNAL_SOCKET": str(self.ear.journal_path),
                "CREDENTIALS_DIRECTORY": str(self.dir), **more}
        return {k: v for k, v in env.items() if v}

    def start(self, ready=True, **env):
        self.process = subprocess.Popen([self.bin / "whynowd", "--config", self.dir / "whynow.yaml"], stderr=subprocess.PIPE, text=True,
                                        env=self.environment(**env))
        if ready:
            self.ear.told("READY=1")
        return self

    def hup(self):
        self.process.send_signal(signal.SIGHUP)

    def stop(self):
        self.process.terminate()
        return self.process.wait(DEADLINE)

    def ask(self, method, path):
        c = UnixConnection(self.dir / "control")
        c.request(method, path)
        answer = c.getresponse()
        body = json.loads(answer.read() or b"null")
        c.close()
        return answer.status, body

    def poll(self, feed="wire"):
        """Asks for a poll until the daemon can do it (it reads the feeds' states when the database is there)."""
        end = time.monotonic() + DEADLINE
        while True:
            status, body = self.ask("POST", f"/v1/feeds/{feed}/poll")
            if status == 200:
                return
            assert time.monotonic() < end, body
            time.sleep(0.05)

    def poll_until(self, done, feed="wire"):
        """Polls again and again: a request that is under way is not doubled."""
        end = time.monotonic() + DEADLINE
        while not done():
            assert time.monotonic() < end
            self.poll(feed)
            time.sleep(0.05)

    def cli(self, *args):
        return run([self.bin / "whynow", "--config", self.dir / "whynow.yaml", *args], env=self.environment(NOTIFY_SOCKET=""))

    def apply(self, path):
        """whynowd writes down which sinks there are a moment after it found the database."""
        for _ in range(50):
            try:
                return self.cli("segment", "apply", path, "--yes")
            except AssertionError as e:
                if "no sink takes" not in str(e):
                    raise
                time.sleep(0.2)
        return self.cli("segment", "apply", path, "--yes")

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.communicate()
        self.ear.close()
        shutil.rmtree(self.dir, ignore_errors=True)


@pytest.fixture(scope="session")
def programs():
    return pathlib.Path(os.environ["WHYNOW_BUILD"]) if "WHYNOW_BUILD" in os.environ else build("crash")


@pytest.fixture
def feed():
    f = Feed()
    yield f
    f.shutdown()
    f.server_close()


@pytest.fixture
def service(programs):
    made = []

    def make(conninfo, files=None, main=""):
        made.append(Service(programs, conninfo, files, main))
        return made[-1]
    yield make
    for s in made:
        s.close()


@pytest.fixture
def database(cluster, programs):
    name = cluster.database(programs)
    yield name
    cluster.drop(name)


NOWHERE = "host=/nonexistent dbname=whynow"


# ----------------------------------------------------------------------------------------------------- the manager
def test_it_is_ready_with_a_status_worth_reading(service, cluster, database, feed):
    s = service(cluster.conninfo(database), {"feeds.d/wire.yaml": FEED.replace("PORT", str(feed.server_port))}).start()
    _, _, first = s.ear.told("READY=1")
    assert re.search(r"^STATUS=1 feed, 0 blind, 0 campaigns open, database \w+$", first, re.M), first
    s.ear.told("STATUS=1 feed, 0 blind, 0 campaigns open, database up")
    started = s.ear.entry("STARTED")
    assert started["PRIORITY"] == "5" and started["SYSLOG_IDENTIFIER"] == "whynowd" and "1 feed" in started["MESSAGE"]
    assert s.ear.entry("DATABASE_UP")["PRIORITY"] == "5"


def test_a_reload_is_told_with_its_time_and_its_changes(service):
    s = service(NOWHERE).start()
    s.write("whynow.yaml", s.main + "log: {level: debug}\n")
    before, since = time.monotonic(), s.ear.count("notify")
    s.hup()
    i, _, text = s.ear.told("RELOADING=1", since)
    usec = int(re.search(r"^MONOTONIC_USEC=(\d+)$", text, re.M)[1])
    assert before * 1e6 - 1 <= usec <= time.monotonic() * 1e6
    s.ear.told("READY=1", i + 1)
    e = s.ear.entry("CONFIG_RELOADED")
    assert "log.level" in e["MESSAGE"] and "debug" in e["MESSAGE"], e


def test_a_broken_file_at_a_reload_keeps_the_old_configuration_and_names_the_place(service):
    s = service(NOWHERE, {"feeds.d/wire.yaml": FEED.replace("PORT", "9")}).start()
    s.write("feeds.d/other.yaml", "feed: other\nurl: https://news.example.com/feed\nformt: rss\n")
    since = s.ear.count("notify")
    s.hup()
    i, _, _ = s.ear.told("RELOADING=1", since)
    s.ear.told("READY=1", i + 1)
    e = s.ear.entry("CONFIG_REFUSED")
    assert e["PRIORITY"] == "3" and re.search(r"feeds\.d/other\.yaml:3:1: .*formt.*format", e["MESSAGE"]), e
    assert "old one stays" in e["MESSAGE"]
    status, body = s.ask("GET", "/v1/status")
    assert status == 200 and body["feeds"] == 1
    status, body = s.ask("POST", "/v1/reload")
    assert status == 409 and "other.yaml:3:1" in body["detail"]
    s.write("feeds.d/other.yaml", "feed: other\nurl: https://news.example.com/feed\nformat: rss\naccount: {name: item.title}\n"
            "signal: {kind: funding, occurred_at: item.published}\n")
    s.hup()
    s.ear.entry("CONFIG_RELOADED")
    assert s.ask("GET", "/v1/status")[1]["feeds"] == 2


BROKEN = {
    "an unknown key": ("whynow.yaml", "pol: {concurrency: 8}\n", r"whynow\.yaml:\d+:1: .*\bpol\b.*\bpoll\b"),
    "an unknown key of an option": ("whynow.yaml", "poll: {concurency: 8}\n", r"whynow\.yaml:\d+:8: .*concurency.*concurrency"),
    "a wrong type": ("whynow.yaml", "poll: {concurrency: many}\n", r"whynow\.yaml:\d+:21: .*whole number"),
    "a value out of range": ("whynow.yaml", "poll: {concurrency: 0}\n", r"whynow\.yaml:\d+:21: .*\b1\b.*"),
    "a duration without a unit": ("whynow.yaml", "poll: {timeout: 30}\n", r"whynow\.yaml:\d+:17: .*90s"),
    "broken YAML": ("feeds.d/a.yaml", "feed: a\nurl: [\n", r"feeds\.d/a\.yaml:\d+:\d+: "),
    "an unknown key of a feed": ("feeds.d/a.yaml", "feed: a\nurl: https://a.example/f\nformatt: rss\n", r"feeds\.d/a\.yaml:3:1: .*formatt.*format"),
    "an unknown kind of sink": ("sinks.d/a.yaml", "sink: a\nkind: webhok\n", r"sinks\.d/a\.yaml:2:7: .*webhok.*webhook"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_configuration_at_start_is_78_with_place_and_suggestion(service, what):
    name, text, expected = BROKEN[what]
    s = service(NOWHERE)
    s.write(name, s.main + text if name == "whynow.yaml" else text)
    s.start(ready=False, WHYNOW_JOURNAL_SOCKET="")
    _, stderr = s.process.communicate(timeout=DEADLINE)
    assert s.process.returncode == 78
    assert re.search(r"^<3>.*" + expected, stderr, re.M), stderr
    assert not any("READY=1" in v for _, v in s.ear.heard["notify"])


@pytest.mark.parametrize("key", [None, "missing", "77", "x" * 64])
def test_without_the_installation_key_it_does_not_start_and_says_what_makes_one(service, key):
    s = service(NOWHERE)
    (s.dir / "installation-key").unlink() if key is None else s.write("installation-key", key)
    s.start(ready=False)
    assert s.process.wait(DEADLINE) == 78
    assert "whynow db init" in s.ear.entry("CONFIG_REFUSED")["MESSAGE"]


def test_each_mistake_is_an_entry_of_its_own(service):
    s = service(NOWHERE)
    s.write("whynow.yaml", s.main + "pol: 1\nbatc: 2\n")
    s.start(ready=False)
    assert s.process.wait(DEADLINE) == 78
    texts = [e["MESSAGE"] for e in s.ear.entries("CONFIG_REFUSED")]
    assert len(texts) == 2 and "pol" in texts[0] and "batc" in texts[1], texts


def test_a_broken_mapping_costs_only_its_own_feed(service):
    s = service(NOWHERE, {"feeds.d/wire.yaml": FEED.replace("PORT", "9"),
                          "feeds.d/bad.yaml": FEED.replace("PORT", "9").replace("feed: wire", "feed: bad").replace("item.position", "item.position +")})
    s.start()
    e = s.ear.entry("FEED_REFUSED")
    assert e["WHYNOW_FEED"] == "bad" and e["PRIORITY"] == "3" and re.search(r"feeds\.d/bad\.yaml:18:\d+: ", e["MESSAGE"]), e
    assert s.ask("GET", "/v1/status")[1]["feeds"] == 2


@pytest.mark.parametrize("conninfo", ["up", "away"])
def test_sigterm_is_told_and_ends_with_0(service, cluster, database, conninfo):
    s = service(cluster.conninfo(database) if conninfo == "up" else NOWHERE).start()
    s.ear.entry("DATABASE_UP" if conninfo == "up" else "DATABASE_AWAY")
    assert s.stop() == 0
    i, _, _ = s.ear.told("STOPPING=1")
    assert not any("READY=1" in v for _, v in s.ear.heard["notify"][i:])
    assert s.ear.entry("STOPPED")["PRIORITY"] == "5"
    assert not (s.dir / "control").exists()


def test_the_watchdog_is_fed_in_time_and_not_by_a_process_that_stands(service):
    s = service(NOWHERE).start(WATCHDOG_USEC="900000")
    at = [s.ear.told("WATCHDOG=1")[1]]
    for _ in range(4):
        i, t, _ = s.ear.wait("notify", lambda v: v == "WATCHDOG=1", s.ear.count("notify"))
        at.append(t)
    assert max(b - a for a, b in zip(at, at[1:])) < 0.9
    s.process.send_signal(signal.SIGSTOP)
    time.sleep(0.2)
    since = s.ear.count("notify")
    time.sleep(0.9)
    assert s.ear.count("notify") == since
    s.process.send_signal(signal.SIGCONT)
    s.ear.told("WATCHDOG=1", since)


def test_an_inherited_control_socket_is_used_and_left_alone(service):
    s = service(NOWHERE)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(s.dir / "inherited"))
    listening.listen()
    s.process = subprocess.Popen(["/bin/bash", "-c", 'export LISTEN_PID=$$; exec "$@" 3<&"$FD"', "bash", s.bin / "whynowd", "--config", s.dir / "whynow.yaml"],
                                 stderr=subprocess.PIPE, text=True, pass_fds=[listening.fileno()],
                                 env=s.environment(LISTEN_FDS="1", LISTEN_FDNAMES="control", FD=str(listening.fileno())))
    s.ear.told("READY=1")
    c = UnixConnection(s.dir / "inherited")
    c.request("GET", "/healthz")
    assert c.getresponse().status == 200
    assert not (s.dir / "control").exists()
    assert s.stop() == 0 and (s.dir / "inherited").exists()


def test_without_a_manager_and_a_journal_lines_go_to_stderr(service):
    s = service(NOWHERE)
    s.start(ready=False, NOTIFY_SOCKET="", WHYNOW_JOURNAL_SOCKET="")
    line = s.process.stderr.readline()
    while "watching" not in line and line:
        assert re.match(r"<[3-7]>", line)
        line = s.process.stderr.readline()
    assert line.startswith("<5>whynowd ")
    assert s.stop() == 0


# ------------------------------------------------------------------------------------------------------ the database
def test_it_starts_without_the_database_waits_and_works_when_it_comes_goes_and_comes_back(service, programs, feed):
    own = Cluster()
    try:
        database = own.database(programs)
        pg = ROOT / "tests/lib/pg.sh"
        run([pg, "halt", own.dir])
        s = service(own.conninfo(database), {"feeds.d/wire.yaml": FEED.replace("PORT", str(feed.server_port))}).start()
        away = s.ear.entry("DATABASE_AWAY")
        assert away["PRIORITY"] == "4" and "waiting" in away["MESSAGE"]
        s.ear.told(re.compile("^STATUS=1 feed, .*database away$"))
        assert s.ask("GET", "/readyz")[0] == 503 and s.ask("GET", "/healthz")[0] == 200
        feed.add("acme")
        time.sleep(1)
        assert feed.asked == 0, "nothing may be fetched that cannot be kept"
        assert len(s.ear.entries("DATABASE_AWAY")) == 1, "told once, not at every try"
        run([pg, "start", own.dir])
        s.ear.entry("DATABASE_UP")
        s.ear.entry("BATCH", WHYNOW_FEED="wire")
        assert s.ask("GET", "/readyz")[0] == 200

        since, notes = s.ear.count("journal"), s.ear.count("notify")
        run([pg, "kill", own.dir])
        s.ear.entry("DATABASE_AWAY", since)
        s.ear.told(re.compile("^STATUS=1 feed, .*database away$"), notes)
        feed.add("bolt")
        run([pg, "start", own.dir])
        s.ear.entry("DATABASE_UP", since)
        s.poll()
        s.ear.entry("BATCH", since, WHYNOW_FEED="wire")
        assert own.sql("select count(*) from whynow.signal", database) == "2"
        assert s.process.poll() is None and s.stop() == 0
    finally:
        own.stop()


def test_a_database_without_the_schema_is_refused_with_the_command_to_run(service, cluster):
    cluster.sql("create database empty_one")
    s = service(cluster.conninfo("empty_one")).start()
    e = s.ear.entry("SCHEMA_REFUSED")
    assert "whynow db init" in e["MESSAGE"] and e["PRIORITY"] == "4"
    s.ear.told(re.compile("^STATUS=.*database refused$"))
    assert s.process.poll() is None


def test_an_older_schema_is_refused_and_heals_when_it_is_migrated(service, cluster, database):
    newest = cluster.sql("select max(version) from whynow.schema_version", database)
    row = cluster.sql(f"with gone as (delete from whynow.schema_version where version = {newest} returning *) "
                      "select quote_literal(name) || ', ' || quote_literal(checksum) from gone", database)
    s = service(cluster.conninfo(database)).start()
    e = s.ear.entry("SCHEMA_REFUSED")
    assert "whynow db migrate" in e["MESSAGE"] and f"needs {newest}" in e["MESSAGE"]
    cluster.sql(f"insert into whynow.schema_version (version, name, checksum) values ({newest}, {row})", database)
    s.ear.entry("DATABASE_UP")
    s.ear.told(re.compile("^STATUS=.*database up$"))


def test_a_newer_schema_is_refused_and_says_so(service, cluster, database):
    cluster.sql("insert into whynow.schema_version (version, name, checksum) values (9999, 'from the future', sha256('x'))", database)
    s = service(cluster.conninfo(database)).start()
    e = s.ear.entry("SCHEMA_REFUSED")
    assert "newer" in e["MESSAGE"] and "install" in e["MESSAGE"]
    assert s.process.poll() is None


def test_another_installations_key_is_refused(service, cluster, database):
    s = service(cluster.conninfo(database)).start()
    s.ear.entry("DATABASE_UP")
    assert s.stop() == 0
    t = service(cluster.conninfo(database))
    t.write("installation-key", "08" * 32 + "\n")
    t.start()
    assert "key" in t.ear.entry("SCHEMA_REFUSED")["MESSAGE"]


# -------------------------------------------------------------------------------------------------------- the journal
def test_a_feed_that_fails_is_told_once_and_again_when_it_answers(service, cluster, database, feed):
    feed.status = 500
    s = service(cluster.conninfo(database), {"feeds.d/wire.yaml": FEED.replace("PORT", str(feed.server_port))}).start()
    e = s.ear.entry("FEED_FAILED", WHYNOW_FEED="wire")
    assert e["PRIORITY"] == "4" and "500" in e["WHYNOW_REASON"] and "wire" in e["MESSAGE"], e
    s.poll_until(lambda: feed.asked >= 3)
    feed.status = 200
    feed.add("acme")
    s.poll_until(lambda: s.ear.entries("FEED_RECOVERED"))
    s.ear.entry("FEED_RECOVERED", WHYNOW_FEED="wire", PRIORITY="5")
    assert "1 new signal" in s.ear.entry("BATCH", WHYNOW_FEED="wire")["MESSAGE"]
    assert len(s.ear.entries("FEED_FAILED")) == 1


def test_a_campaign_that_opens_is_told_with_its_fields(service, cluster, database, feed):
    s = service(cluster.conninfo(database), {"feeds.d/wire.yaml": FEED.replace("PORT", str(feed.server_port)), "segment.yaml": SEGMENT,
                                             "sinks.d/mail.yaml": SINK}).start()
    s.ear.entry("DATABASE_UP")
    s.apply(s.dir / "segment.yaml")
    assert s.ear.entry("SEGMENT_IN_FORCE", WHYNOW_SEGMENT="moved")["PRIORITY"] == "6"
    feed.add("acme")
    s.poll()
    e = s.ear.entry("CAMPAIGN", WHYNOW_TO="open")
    assert e["WHYNOW_SEGMENT"] == "moved" and e["PRIORITY"] == "6" and e["SYSLOG_IDENTIFIER"] == "whynowd"
    campaign = cluster.sql("select campaign_id from whynow.campaign", database)
    assert e["WHYNOW_CAMPAIGN"] == campaign
    m = s.ear.entry("MEMBER", WHYNOW_ACCOUNT="acme.example")
    assert m["WHYNOW_CAMPAIGN"] == campaign and m["WHYNOW_SEGMENT"] == "moved" and m["WHYNOW_TO"]
    t = s.ear.entry("TOUCH", WHYNOW_TO="sent")
    assert t["WHYNOW_ACCOUNT"] == "acme.example" and t["WHYNOW_TOUCH"] == "1" and t["WHYNOW_FROM"]
    s.ear.told(re.compile(r"^STATUS=1 feed, 0 blind, 1 campaign open, next expiry in .*, database up$"))
    s.cli("campaign", "cancel", campaign, "--yes")
    assert cluster.sql("select state, result from whynow.campaign", database) == "closed|cancelled"


def test_the_journal_as_sink_gets_whole_events(service, cluster, database, feed):
    s = service(cluster.conninfo(database), {"feeds.d/wire.yaml": FEED.replace("PORT", str(feed.server_port)),
                                             "segment.yaml": SEGMENT.replace("Hello", "Hello " + 500 * "again, "),
                                             "sinks.d/log.yaml": "sink: log\nkind: journal\nchannels: [email]\nevents: [campaign.*]\n"}).start()
    s.ear.entry("DATABASE_UP")
    s.apply(s.dir / "segment.yaml")
    s.ear.entry("SEGMENT_IN_FORCE")
    feed.add("acme")
    s.poll()
    opened = json.loads(s.ear.entry("CAMPAIGN", WHYNOW_SINK="log")["WHYNOW_EVENT"])
    assert opened["specversion"] == "1.0" and opened["type"] == "campaign.opened"
    touch = s.ear.entry("TOUCH", WHYNOW_SINK="log")
    assert "Hello again, " in json.dumps(json.loads(touch["WHYNOW_EVENT"])) and len(touch["WHYNOW_EVENT"]) > 3000


EVIL = "Acme\nWHYNOW_FEED=forged\nPRIORITY=0\x1b[2J\x1b]0;owned\x07\u202e\x85 moves"


def test_strangers_text_forges_no_field_and_no_terminal_sequence(service, cluster, database, feed):
    f = FEED.replace("PORT", str(feed.server_port)).replace("{domain_from: item.domain}", "{name: item.company}")
    s = service(cluster.conninfo(database), {"feeds.d/wire.yaml": f, "segment.yaml": SEGMENT, "sinks.d/mail.yaml": SINK},
                main="log: {level: debug}\n").start()
    s.ear.entry("DATABASE_UP")
    s.apply(s.dir / "segment.yaml")
    s.ear.entry("SEGMENT_IN_FORCE")
    feed.add("acme", company=EVIL, title=EVIL, person=EVIL)
    feed.add("b" + EVIL, company=EVIL, at=EVIL, title=EVIL)  # no such time: rejected, with its words
    feed.add("cask", company="a \x00 in it")
    s.poll()
    s.ear.entry("BATCH", WHYNOW_FEED="wire")
    assert "2 of 3 items" in s.ear.entry("ITEMS_REJECTED", WHYNOW_FEED="wire")["MESSAGE"]
    s.ear.entry("MEMBER")
    assert s.stop() == 0
    for _, e in s.ear.heard["journal"]:
        assert e["SYSLOG_IDENTIFIER"] == "whynowd" and e["PRIORITY"] in "34567"
        assert e.get("WHYNOW_FEED") in (None, "wire"), e
        for name, value in e.items():
            assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", value), (name, value)
    assert "Acme" in s.ear.entry("MEMBER")["WHYNOW_ACCOUNT"]
    for _, v in s.ear.heard["notify"]:
        assert all(re.match(r"(STATUS|READY|STOPPING|WATCHDOG)=", line) for line in v.split("\n")), v


# ------------------------------------------------------------------------------------------------ what is installed
@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    root = tmp_path_factory.mktemp("root")
    env = dict(os.environ, DESTDIR=str(root))
    where = os.environ.get("WHYNOW_BUILD") or build("release")
    run(["cmake", "--install", where], env=env)
    (root / "etc/whynow/whynow.yaml").write_text("instance: mine\n")
    again = run(["cmake", "--install", where], env=env)
    assert "Kept: " in again
    return root


def test_an_installation_is_complete_and_keeps_the_operators_files(tree):
    for name in ("usr/sbin/whynowd", "usr/bin/whynow", "lib/systemd/system/whynowd.service", "lib/systemd/system/whynowd.socket",
                 "usr/lib/sysusers.d/whynow.conf", "usr/lib/systemd/catalog/whynow.catalog", "etc/whynow/feeds.d", "etc/whynow/sinks.d",
                 "etc/whynow/kinds.d", "etc/whynow/traits.d", "usr/share/whynow/kinds.d/funding.yaml", "usr/share/whynow/traits.d/account.yaml",
                 "usr/share/whynow/extract/positions", "usr/share/whynow/examples/feeds.d/news-rss.yaml",
                 "usr/share/whynow/examples/segments/tech-switch.yaml", "usr/share/doc/whynow/README.md"):
        assert (tree / name).exists(), name
    assert (tree / "etc/whynow/whynow.yaml").read_text() == "instance: mine\n"
    assert not list((tree / "etc/whynow/feeds.d").iterdir())


def test_the_installed_configuration_is_valid(tree):
    where = tree / "usr/share/whynow"
    run([tree / "usr/sbin/whynowd", "--config", where / "whynow.yaml", "--set", f"dirs.vendor={where}", "--set", f"dirs.extract={where}/extract",
         "--set", f"dirs.feeds={where}/examples/feeds.d", "--set", f"dirs.sinks={tree}/etc/whynow/sinks.d", "--check"])


def test_systemd_finds_nothing_wrong_with_the_units(tree):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not there")
    done = subprocess.run(["systemd-analyze", "verify", f"--root={tree}", "--man=no", "--recursive-errors=no", "whynowd.service", "whynowd.socket"],
                          capture_output=True, text=True)
    wrong = [l for l in done.stderr.splitlines() if "whynow" in l and "/bin/kill is not executable" not in l]  # not in this tree
    assert not wrong, wrong


def test_sysusers_makes_the_user(tree):
    if not shutil.which("systemd-sysusers"):
        pytest.skip("systemd-sysusers is not there")
    run(["systemd-sysusers", f"--root={tree}"])
    assert re.search(r"^whynow:.*:/var/lib/whynow:/usr/sbin/nologin$", (tree / "etc/passwd").read_text(), re.M)


def test_journalctl_explains_every_message(tree):
    if not shutil.which("journalctl"):
        pytest.skip("journalctl is not there")
    (tree / "var/lib/systemd/catalog").mkdir(parents=True, exist_ok=True)
    run(["journalctl", f"--root={tree}", "--update-catalog"])
    text = run(["journalctl", f"--root={tree}", "--dump-catalog"])
    entries = dict(re.findall(r"^-- ([0-9a-f]{32})\n(.*?)(?=^-- |\Z)", text, re.M | re.S))
    for name, ident in IDS.items():
        assert "Defined-By: whynow" in entries[ident] and len(entries[ident].split("\n\n")) >= 3, name


# ------------------------------------------------------------------------------------------------ in a real systemd
TESTBED = SHARED / "systemd-testbed/testbed"
LIBRARIES = "libre2-9 libfyaml0 libpsl5 libidn2-0 libunistring2 libcsv3 libssl3 libsmartcols1 libxml2 publicsuffix tzdata python3".split()


@pytest.fixture
def machine(tree):
    """Opt-in: making the machine's tree for the first time takes minutes and installs mmdebstrap."""
    if os.environ.get("WHYNOW_TESTBED") != "1" or not TESTBED.exists() or os.geteuid() != 0:
        pytest.skip("WHYNOW_TESTBED=1, root and the shared testbed are needed")
    env = dict(os.environ, TESTBED_NAME="whynow-tier")
    bed = lambda *a, **kw: run([TESTBED, *a], env=env, **kw)
    bed("build", *LIBRARIES)
    bed("boot")
    try:
        parcel = tree.parent / "root.tar"
        run(["tar", "-C", tree, "--exclude=etc/whynow/whynow.yaml", "-cf", parcel, "usr", "lib", "etc/whynow"])
        bed("push", parcel, "/root/")
        sh = lambda text: bed("run", "--", "sh", "-ec", text)
        sh("tar -C / --keep-directory-symlink --no-same-owner -xf /root/root.tar; cp /usr/share/whynow/whynow.yaml /etc/whynow/; systemd-sysusers; "
           "systemctl daemon-reload; journalctl --update-catalog")
        yield sh
    finally:
        bed("stop")


def test_a_real_systemd_starts_reloads_kills_restarts_and_explains_it(machine):
    wait = "for i in $(seq 100); do {} && exit 0; sleep 0.1; done; systemctl status whynowd --no-pager; exit 1"
    status = wait.format('systemctl show -p StatusText whynowd | grep -q "{}"')
    assert "activ" not in machine("systemctl start whynowd || true; systemctl is-active whynowd || true").replace("inactive", "")
    assert "whynow db init" in machine("journalctl -u whynowd --no-pager")
    machine("whynow db init; whynow db migrate; systemctl enable --now whynowd")
    machine(status.format("database up"))
    machine("echo 'feed: x' > /etc/whynow/feeds.d/x.yaml; systemctl reload whynowd")
    machine(wait.format("journalctl -u whynowd --no-pager | grep -q 'x.yaml:1:1'"))
    told = machine("journalctl -x -u whynowd --no-pager")
    assert "old one stays in force" in told and "whynow config check" in told
    machine("rm /etc/whynow/feeds.d/x.yaml; systemctl kill -s KILL whynowd")
    machine(wait.format("systemctl show -p NRestarts whynowd | grep -qx NRestarts=1 && systemctl is-active -q whynowd"))
    machine("systemctl stop postgresql@15-main")
    machine(status.format("database away"))
    machine("systemctl start postgresql@15-main")
    machine(status.format("database up"))
    machine("systemctl stop whynowd; systemctl enable --now whynowd.socket; systemctl start whynowd; systemctl restart whynowd; whynow status; whynow fsck")
    assert "Result=success" in machine("systemctl stop whynowd whynowd.socket; systemctl show -p Result whynowd")
