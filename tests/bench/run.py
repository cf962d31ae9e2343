#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures what README.md here says: ./tests/run bench [ingest] [idle] [--runs N] [--items N] [--keep].

ingest  a feed answers with N items over loopback; the daemon's items a second from the request to the last commit, against
        one COPY each into seen, signal and sighting of the very same rows, one transaction per 1,000, in a second database
        of the same cluster with the same schema and the same rows before it. Daemon and COPY run in turn.
idle    1,000 feeds that are not due and 100 open campaigns: VmRSS and wake-ups a minute.

The cluster is private, with fsync, full_page_writes and synchronous_commit on. Bars that are missed end in exit code 1.
"""
import argparse
import http.client
import http.server
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import world

ROOT = pathlib.Path(__file__).resolve().parents[2]
ACCOUNTS = 5000
SERVER = """
		fsync = on
		full_page_writes = on
		synchronous_commit = on
		shared_buffers = 512MB
		max_wal_size = 8GB
		checkpoint_timeout = 30min
		jit = off
"""


def psql(conninfo, sql=None, file=None):
    argv = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", conninfo] + (["-c", sql] if sql else ["-f", str(file)])
    done = subprocess.run(argv, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout.strip()


class Answers(http.server.BaseHTTPRequestHandler):
    """Each path gives what was put there once, then nothing new."""
    protocol_version = "HTTP/1.1"
    bodies = {}

    def log_message(self, *args):
        pass

    def do_GET(self):
        body = self.bodies.pop(self.path, None)
        self.send_response(200 if body else 304)
        if body:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if body:
            self.wfile.write(body)


class Control(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Daemon:
    def __init__(self, b, name, database, feeds):
        self.b, self.dir, self.database = b, b.dir / name, database
        for d in ("feeds.d", "sinks.d", "kinds.d", "traits.d"):
            (self.dir / d).mkdir(parents=True, exist_ok=True)
        (self.dir / "feeds.d/feeds.yaml").write_text("---\n".join(feeds).replace("PORT", str(b.port)))
        (self.dir / "sinks.d/mail.yaml").write_text(f"sink: mail\nkind: file\npath: {self.dir}/mail.jsonl\nchannels: [email]\nevents: [campaign.*]\n")
        (self.dir / "whynow.yaml").write_text(
            f"instance: bench\ndatabase: {{conninfo: \"{b.conninfo(database, 'whynow')}\"}}\nlisten: {{control: {self.dir}/control}}\n"
            f"dirs: {{feeds: feeds.d, sinks: sinks.d, kinds: kinds.d, traits: traits.d, vendor: {ROOT}/conf, extract: {ROOT}/conf/extract, "
            f"spool: {self.dir}}}\nbatch: {{items: {b.args.batch}}}\ntouches: {{window: none}}\n")
        shutil.copy(b.dir / "installation-key", self.dir / "installation-key")

    def start(self):
        env = dict(os.environ, CREDENTIALS_DIRECTORY=str(self.dir))
        self.lines, self.news = [], threading.Condition()
        self.process = subprocess.Popen(self.b.wrap + [str(self.b.bin / "whynowd"), "--config", str(self.dir / "whynow.yaml")], env=env,
                                        stderr=subprocess.PIPE, text=True)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        log = open(self.dir / "log", "a")
        for line in self.process.stderr:
            log.write(line)
            with self.news:
                self.lines.append((time.monotonic(), line))
                self.news.notify_all()
        log.close()

    def wait(self, words, after=0, timeout=300):
        """The instant of the first line after the given one that has the words."""
        end = time.monotonic() + timeout
        with self.news:
            while True:
                for at, line in self.lines:
                    if at > after and words in line:
                        return at, line
                left = end - time.monotonic()
                if left <= 0 or (self.process.poll() is not None and not self.news.wait(0.5)):
                    raise SystemExit(f"whynowd never said \"{words}\":\n" + "".join(x for _, x in self.lines[-20:]))
                self.news.wait(min(left, 1))

    def ask(self, verb, path):
        c = Control(self.dir / "control")
        c.request(verb, path, headers={"Content-Length": "0"} if verb == "POST" else {})
        r = c.getresponse()
        text = r.read().decode()
        c.close()
        if r.status != 200:
            raise SystemExit(f"{verb} {path}: {r.status} {text}")
        return json.loads(text)

    def poll(self, feed, body):
        """Seconds from the request for a poll until its last transaction is committed and told."""
        Answers.bodies[f"/{feed}"] = body
        began = time.monotonic()
        self.ask("POST", f"/v1/feeds/{feed}/poll")
        at, line = self.wait(f"feed {feed}: ", began)
        while "items," not in line:
            at, line = self.wait(f"feed {feed}: ", at)
        return at - began, line

    def proc(self, name):
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith(name + ":"):
                return int(line.split()[1])

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


class Bench:
    def __init__(self, args):
        self.args, self.bin, self.wrap = args, (ROOT / args.bin).resolve(), args.wrap.split() if args.wrap else []
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="whynow-bench-"))
        self.dir.chmod(0o755)
        self.missed = []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        subprocess.run([ROOT / "tests/lib/pg.sh", "start", self.dir / "pg"], check=True, env=dict(os.environ, PG_EXTRA_CONF=SERVER + self.args.server.replace(";", "\n\t\t")))

    def conninfo(self, database="postgres", user="postgres"):
        return f"host={self.dir}/pg/sock user={user} dbname={database}"

    def whynow(self, database, *args):
        done = subprocess.run([self.bin / "whynow", "--database", self.conninfo(database), *map(str, args)], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"whynow {' '.join(map(str, args))}\n{done.stdout}{done.stderr}")

    def prepare(self):
        self.whynow("postgres", "db", "init", "--name", "base", "--key-file", self.dir / "installation-key", "--yes")
        self.whynow("base", "db", "migrate")
        daemon = Daemon(self, "base", "base", [])
        config = ["--config", daemon.dir / "whynow.yaml"]
        world.accounts_csv(self.dir / "accounts.csv", ACCOUNTS)
        world.contacts_csv(self.dir / "contacts.csv", ACCOUNTS)
        env = dict(os.environ, CREDENTIALS_DIRECTORY=str(self.dir))
        for what in ("account", "contact"):
            done = subprocess.run([self.bin / "whynow", *config, what, "import", self.dir / f"{what}s.csv"], env=env, capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(done.stdout + done.stderr)
        values = ",\n".join(f"('{name}', 1, $src${text}$src$)" for name, text in world.segments())
        psql(self.conninfo("base"), f"INSERT INTO whynow.segment_version (name, version, source) VALUES {values}")
        psql(self.conninfo("base"), "VACUUM ANALYZE")

    def database(self, name):
        psql(self.conninfo(), f"CREATE DATABASE {name} TEMPLATE base")
        return name

    # ---------------------------------------------------------------------------------------------------------- ingest
    def export(self, database, since):
        """The rows of the newest answer, as COPY text, in the order in which they were stored."""
        where = f"observed_at > '{since}'"
        out = {}
        for table, query in (
                ("seen", f"SELECT s.* FROM whynow.sighting g JOIN whynow.seen s USING (sighting_key) WHERE g.{where} ORDER BY g.tableoid, g.ctid"),
                ("signal", f"SELECT * FROM whynow.signal WHERE {where} ORDER BY stored_at, tableoid, ctid"),
                ("sighting", f"SELECT * FROM whynow.sighting WHERE {where} ORDER BY tableoid, ctid")):
            done = subprocess.run(["psql", "-XAtq", self.conninfo(database), "-c", f"COPY ({query}) TO STDOUT"], capture_output=True, check=True)
            out[table] = done.stdout.splitlines(keepends=True)
        return out

    def copy(self, database, rows):
        """Seconds that COPY takes for them, by the server's clock around all transactions."""
        n = len(rows["sighting"])
        parts = max(1, -(-n // 1000))
        script = self.dir / "copy.sql"
        with open(script, "wb") as f:
            f.write(b"SELECT extract(epoch FROM clock_timestamp());\n")
            for i in range(parts):
                f.write(b"BEGIN;\n")
                for table in ("seen", "signal", "sighting"):
                    r = rows[table]
                    f.write(b"COPY whynow.%s FROM stdin;\n" % table.encode())
                    f.writelines(r[len(r) * i // parts:len(r) * (i + 1) // parts])
                    f.write(b"\\.\n")
                f.write(b"COMMIT;\n")
            f.write(b"SELECT extract(epoch FROM clock_timestamp());\n")
        began, ended = map(float, psql(self.conninfo(database), file=script).split())
        return ended - began

    def newest(self, database):
        return psql(self.conninfo(database), "SELECT coalesce(max(observed_at), '-infinity') FROM whynow.sighting")

    def effects(self, database):
        return int(psql(self.conninfo(database), "SELECT count(DISTINCT (account_id, signal_key)) FROM whynow.evidence"))

    def ingest(self, feed, bar):
        make, text = world.FEEDS[feed]
        ours, theirs = self.database(f"ours_{feed}"), self.database(f"theirs_{feed}")
        daemon = Daemon(self, feed, ours, [text])
        Answers.bodies[f"/{feed}"] = make(1000, ACCOUNTS, 0)  # the first poll: what is old in it is history
        daemon.start()
        daemon.wait(f"feed {feed}: 1000 items,")
        self.copy(theirs, self.export(ours, "-infinity"))
        ratios = []
        segments = daemon.ask("GET", "/v1/status")["segments"]
        print(f"ingest, feed {feed}: {self.args.items} items an answer, {ACCOUNTS} accounts, {segments} segments")
        if segments != len(world.segments()):
            raise SystemExit(f"only {segments} segments are in force, see {daemon.dir}/log")
        for run in range(1, self.args.runs + 2):
            since, had = self.newest(ours), self.effects(ours)
            pids = [daemon.process.pid, int(psql(self.conninfo(ours), "SELECT pid FROM pg_stat_activity WHERE application_name LIKE '%/intake'"))]
            used = [self.cpu(p) for p in pids]
            took, line = daemon.poll(feed, make(self.args.items, ACCOUNTS, run))
            used = [self.cpu(p) - u for p, u in zip(pids, used)]
            rows = self.export(ours, since)
            n = len(rows["sighting"])
            if len(rows["seen"]) != n:
                raise SystemExit(f"{n} sightings and {len(rows['seen'])} seen keys")
            copied = self.copy(theirs, rows)
            effects = self.effects(ours) - had
            if n != self.args.items:
                raise SystemExit(f"{n} of {self.args.items} items became sightings: {line}")
            ratio = copied / took
            told = f"{n} sightings of {len(rows['signal'])} new signals, {effects} of them opened or extended something"
            print(f"  {'warm-up' if run == 1 else f'run {run - 1}  '}: whynowd {n / took:8.0f}/s ({took:.2f} s; CPU {used[0]:.2f} s, its server {used[1]:.2f} s), "
                  f"COPY {n / copied:8.0f}/s ({copied:.2f} s), ratio {ratio:.3f}; {told}", flush=True)
            if run > 1:
                ratios.append(ratio)
        print(f"  memory: VmRSS {daemon.proc('VmRSS') / 1024:.1f} MiB, at most {daemon.proc('VmHWM') / 1024:.1f} MiB")
        daemon.stop()
        self.verdict(f"ingest {feed}, ratio to COPY", ratios, bar, at_least=True)

    @staticmethod
    def cpu(pid):
        fields = open(f"/proc/{pid}/stat").read().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    # ------------------------------------------------------------------------------------------------------------ idle
    def open_campaigns(self, database, n):
        """A hundred campaigns, each of one account, opened by the daemon itself."""
        when = 'signal.kind == "page_view" && signal.path == "/idle"'
        psql(self.conninfo(database), f"INSERT INTO whynow.segment_version (name, version, source) VALUES ('idle', 1, $src${world.segment('idle', when, True)}$src$)")
        daemon = Daemon(self, "opener", database, [world.FEEDS["views"][1]])
        Answers.bodies["/views"] = world.page_views(10, ACCOUNTS, 0)
        daemon.start()
        daemon.wait("feed views: 10 items,")
        doc = json.loads(world.page_views(n, ACCOUNTS, 1))
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60))
        for i, e in enumerate(doc["events"]):
            e.update(path="/idle", company_domain=world.domain(i), ts=now)
        daemon.poll("views", json.dumps(doc).encode())
        time.sleep(3)  # the courier tells of them
        daemon.stop()

    def idle(self):
        database = self.database("idle")
        self.open_campaigns(database, 100)
        feeds = world.idle_feeds(1000)
        psql(self.conninfo(database), "INSERT INTO whynow.feed_state (name, version, next_at, why, last_at, last_good_at, good_since, first_done, etag, last_modified, "
             "last_status) SELECT 'idle-' || to_char(i, 'FM0000'), 3, now() + interval '8 hours' + i * interval '20 seconds', 'learned interval of 9 h', now(), now(), "
             "now() - interval '1 day', true, '\"abcdef0123456789\"', 'Sat, 21 Nov 2026 10:00:00 GMT', 200 FROM generate_series(0, 999) i")
        daemon = Daemon(self, "idle", database, feeds)
        daemon.start()
        daemon.wait("is watching 1000 feeds")
        time.sleep(self.args.settle)
        first = daemon.ask("GET", "/v1/status")
        began, turns, switches, forced = time.monotonic(), first["loop_turns"], daemon.proc("voluntary_ctxt_switches"), daemon.proc("nonvoluntary_ctxt_switches")
        time.sleep(self.args.idle_seconds)
        minutes = (time.monotonic() - began) / 60
        switches = (daemon.proc("voluntary_ctxt_switches") - switches) / minutes
        forced = (daemon.proc("nonvoluntary_ctxt_switches") - forced) / minutes
        rss, peak = daemon.proc("VmRSS") / 1024, daemon.proc("VmHWM") / 1024
        last = daemon.ask("GET", "/v1/status")
        turns = (last["loop_turns"] - turns) / minutes
        print(f"idle: {last['feeds']} feeds ({last['feeds_blind']} blind), {last['campaigns_open']} campaigns open, {last['segments']} segments, {minutes * 60:.0f} s")
        print(f"  memory: VmRSS {rss:.1f} MiB (anonymous {daemon.proc('RssAnon') / 1024:.1f}, files {daemon.proc('RssFile') / 1024:.1f}), at most {peak:.1f} MiB")
        print(f"  wake-ups a minute: {switches:.0f} voluntary switches, {forced:.0f} involuntary, {turns:.0f} turns of the loop")
        daemon.stop()
        if last["feeds"] != 1000 or last["campaigns_open"] != 100 or last["feeds_blind"]:
            raise SystemExit("this is not the situation that was to be measured")
        self.verdict("idle, MiB resident", [rss], 30, at_least=False)
        self.verdict("idle, wake-ups a minute", [max(switches, turns)], 150, at_least=False)

    # -------------------------------------------------------------------------------------------------------- verdicts
    def verdict(self, what, values, bar, at_least):
        mid = statistics.median(values)
        ok = mid >= bar if at_least else mid <= bar
        spread = f"min {min(values):.3f} median {mid:.3f} max {max(values):.3f}" if len(values) > 1 else f"{mid:.1f}"
        print(f"{'ok  ' if ok else 'MISS'} {what}: {spread}, bar {'>=' if at_least else '<='} {bar}", flush=True)
        if not ok:
            self.missed.append(what)

    def done(self):
        self.server.shutdown()
        if self.args.keep:
            print(f"kept, with its server: {self.dir}")
        else:
            subprocess.run([ROOT / "tests/lib/pg.sh", "stop", self.dir / "pg"])
            shutil.rmtree(self.dir, ignore_errors=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("what", nargs="*", default=[], help="views, deals (ingest of a kind that never joins, and of one that does), idle")
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--items", type=int, default=20000)
    p.add_argument("--batch", type=int, default=1000, help="batch.items of whynowd")
    p.add_argument("--idle-seconds", type=int, default=60)
    p.add_argument("--settle", type=int, default=15, help="seconds after the start until idle is measured")
    p.add_argument("--bin", default="build/release")
    p.add_argument("--wrap", help="put before whynowd, for profilers")
    p.add_argument("--server", default="", help="further settings of the server, separated by semicolons")
    p.add_argument("--keep", action="store_true")
    args = p.parse_args()
    what = args.what or ["views", "deals", "idle"]
    bench = Bench(args)
    try:
        bench.prepare()
        for w in what:
            if w == "idle":
                bench.idle()
            else:
                bench.ingest(w, 0.25)
    finally:
        bench.done()
    sys.exit(1 if bench.missed else 0)


main()
