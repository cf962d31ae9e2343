# SPDX-License-Identifier: MIT
"""10,000 feeds of 20 KB on loopback, always due: whynowd beside curl --parallel and a bare libcurl-multi loop on the same list.

The publisher (poll_server.c) is one process of its own; its CPU is told apart. whynowd is held (SIGSTOP) while the others run and
until all feeds are overdue; it is measured from its release to the commit of the last feed_state, as the server tells it.
"""
import json
import os
import signal
import subprocess
import time

import harness
import world

FEEDS, PARALLEL, ETAG, EVERY_S = 10000, 200, '"5f3a-61c0b"', 6
MODES = {  # path, what is sent, bar against curl, bar against the bare loop
    "conditional": ("f", ETAG, 1.5, 0.7),
    "full": ("u", None, 0.6, None),
    "tls": ("f", ETAG, None, None),  # conditional; told are connections and sessions
}


class Publisher:
    def __init__(self, b, tls=None):
        argv = [b.bin / "poll_server"] + (["--tls", *tls] if tls else [])
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port, self.tls = int(self.process.stdout.readline()), tls
        self.origin = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def ask(self, path):
        argv = ["curl", "-sS", self.origin + path] + (["--cacert", self.tls[0]] if self.tls else [])
        return subprocess.run(argv, capture_output=True, check=True).stdout

    def counts(self):
        """Since the last time; one connection is that of the question."""
        return json.loads(self.ask("/counts"))

    def stop(self):
        self.process.stdin.close()
        self.process.wait(10)


def certificate(folder):
    paths = folder / "poll.crt", folder / "poll.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", paths[1], "-out", paths[0]], check=True, capture_output=True)
    return [str(p) for p in paths]


def feeds(origin, path, n):
    return [f"""feed: bench-{i:05d}
url: {origin}/{path}/{i}
format: rss
allow_private: true
every: {{floor: {EVERY_S}s, ceiling: {EVERY_S}s}}
account: {{domain: {world.domain(i % harness.ACCOUNTS)}}}
signal:
  kind: job_posting
  occurred_at: item.published
  position: item.title
""" for i in range(n)]


def daemon_on(b, publisher, path, n):
    database = b.database(f"poll_{path}{'_tls' if publisher.tls else ''}")
    ca = f", ca_file: {publisher.tls[0]}" if publisher.tls else ""
    daemon = harness.Daemon(b, database, database, feeds(publisher.origin, path, n),
                            f"concurrency: {PARALLEL}, per_host: {PARALLEL}, host_gap: 0s{ca}")
    began = time.monotonic()
    daemon.start()
    while int(harness.psql(b.conninfo(database), "SELECT count(*) FROM whynow.feed_state WHERE first_done")) < n:
        if daemon.process.poll() is not None or time.monotonic() - began > 300:
            daemon.kill()
            raise SystemExit("whynowd never read all feeds:\n" + "".join(x for _, x in daemon.lines[-10:]))
        time.sleep(1)
        harness.psql(b.conninfo(database), "ANALYZE")  # as autovacuum would within the minute; plans of empty tables are bad ones
    print(f"  {n} feeds read for the first time in {time.monotonic() - began:.1f} s", flush=True)
    return daemon


def intake_pid(b, daemon):
    return int(harness.psql(b.conninfo(daemon.database), "SELECT pid FROM pg_stat_activity WHERE application_name LIKE '%/intake'"))


def written(b, daemon, since):
    """Polls in all, those that failed, feeds written since then, and when the last of them was committed."""
    row = harness.psql(b.conninfo(daemon.database), "SELECT sum(polls), sum(failed), count(*) FILTER (WHERE at > to_timestamp(%f)),extract(epoch FROM max(at)) "
                       "FROM (SELECT polls, failed, pg_xact_commit_timestamp(xmin) AS at FROM whynow.feed_state) s" % since)
    polls, failed, n, last = row.split("|")
    return int(polls), int(failed), int(n), float(last)


def measure_daemon(b, publisher, daemon, server, warm_up=False):
    """From the release of the daemon, with all feeds overdue, to the commit of the last one's state. In the warm-up some were under way."""
    time.sleep(EVERY_S * 1.2)
    publisher.counts()
    polls, failed, _, _ = written(b, daemon, 0)
    cpu, began, end = [b.cpu(daemon.process.pid), b.cpu(server)], time.time(), time.monotonic() + 60
    daemon.process.send_signal(signal.SIGCONT)
    time.sleep(EVERY_S / 3)  # the commits tell when it was; asking costs as much as a third of what is measured
    while (now := written(b, daemon, began))[2] < FEEDS:
        if time.monotonic() > end:
            raise SystemExit(f"only {now[2]} feeds of {FEEDS} were polled:\n" + "".join(x for _, x in daemon.lines[-10:]))
        time.sleep(0.3)
    daemon.process.send_signal(signal.SIGSTOP)
    cpu = [x - y for x, y in zip((b.cpu(daemon.process.pid), b.cpu(server)), cpu)]
    counts = publisher.counts()
    if not warm_up and (now[0] - polls != FEEDS or now[1] != failed or counts["whole"] + counts["unchanged"] != FEEDS):
        why = harness.psql(b.conninfo(daemon.database), "SELECT last_error, count(*) FROM whynow.feed_state WHERE last_error IS NOT NULL GROUP BY 1 LIMIT 5")
        raise SystemExit(f"{now[0] - polls} polls, {now[1] - failed} failed, {counts}: that is not one of each\n{why}")
    return {"rate": FEEDS / (now[3] - began), "cpu": cpu[0] / FEEDS, "db": cpu[1] / FEEDS, **counts}


def measure_curl(publisher, conf, etag):
    argv = ["curl", "-sS", "--parallel", "--parallel-max", str(PARALLEL), "--compressed", "-K", conf] + (["-H", f"If-None-Match: {etag}"] if etag else [])
    argv += ["--cacert", publisher.tls[0]] if publisher.tls else []
    publisher.counts()
    used, began = os.times(), time.monotonic()
    subprocess.run(argv, stderr=subprocess.DEVNULL, check=True)
    took, now = time.monotonic() - began, os.times()
    return {"rate": FEEDS / took, "cpu": (now.children_user + now.children_system - used.children_user - used.children_system) / FEEDS, **publisher.counts()}


def measure_bare(b, publisher, urls, etag):
    publisher.counts()
    argv = [b.bin / "poll_bare", urls, "--parallel", str(PARALLEL), "--etag", etag or "none"] + (["--ca", publisher.tls[0]] if publisher.tls else [])
    r = json.loads(subprocess.run(argv, capture_output=True, check=True).stdout)
    return {"rate": r["requests"] / r["seconds"], "cpu": r["cpu"] / r["requests"], **publisher.counts()}


def tell(name, r):
    db = f", its server {r['db'] * 1e6:3.0f} us" if "db" in r else ""
    tls = f", {r['handshakes']} handshakes ({r['resumed']} resumed)" if r["handshakes"] else ""
    print(f"    {name:8} {r['rate']:7.0f}/s, CPU {r['cpu'] * 1e6:4.0f} us a request{db}; {r['whole']} whole, {r['unchanged']} unchanged, "
          f"{r['accepted']} connections opened{tls}", flush=True)


def mode(b, name, publisher, path, etag):
    urls, conf = b.dir / "urls", b.dir / "curl.conf"
    urls.write_text("".join(f"{publisher.origin}/{path}/{i}\n" for i in range(FEEDS)))
    conf.write_text("".join(f'url = "{publisher.origin}/{path}/{i}"\noutput = "/dev/null"\n' for i in range(FEEDS)))
    print(f"poll, {name}: {FEEDS} feeds of 20 KB, {PARALLEL} at once", flush=True)
    daemon = daemon_on(b, publisher, path, FEEDS)
    try:
        rows = runs(b, publisher, daemon, urls, conf, etag)
        if publisher.tls:
            resumption(b, publisher, daemon)
        return rows
    finally:
        daemon.process.send_signal(signal.SIGCONT)
        daemon.kill()


def runs(b, publisher, daemon, urls, conf, etag):
    daemon.process.send_signal(signal.SIGSTOP)
    server = intake_pid(b, daemon)
    rows = []
    for run in range(b.args.runs + 1):
        row = [measure_daemon(b, publisher, daemon, server, warm_up=run == 0), measure_curl(publisher, conf, etag), measure_bare(b, publisher, urls, etag)]
        print(f"  {'warm-up' if run == 0 else f'run {run}'}", flush=True)
        for what, r in zip(("whynowd", "curl", "bare"), row):
            tell(what, r)
        if run:
            rows.append(row)
    print(f"  memory: VmRSS {daemon.proc('VmRSS') / 1024:.1f} MiB, at most {daemon.proc('VmHWM') / 1024:.1f} MiB")
    return rows


def resumption(b, publisher, daemon):
    """All connections are closed by the publisher: how many of those opened instead begin with a session that is known?"""
    publisher.ask("/drop")
    r = measure_daemon(b, publisher, daemon, intake_pid(b, daemon))
    print("  after all connections were closed", flush=True)
    tell("whynowd", r)


def run(b):
    for name in b.args.mode or MODES:
        path, etag, of_curl, of_bare = MODES[name]
        publisher = Publisher(b, certificate(b.dir) if name == "tls" else None)
        rows = mode(b, name, publisher, path, etag)
        publisher.stop()
        if name == "tls":
            whole = [r[0]["handshakes"] - r[0]["resumed"] - 1 for r in rows]  # one is that of the question
            b.verdict("poll over TLS, full handshakes of 10,000 polls", whole, 0, at_least=False)
            continue
        b.verdict(f"poll {name}, requests a second, ratio to curl --parallel", [r[0]["rate"] / r[1]["rate"] for r in rows], of_curl, at_least=True)
        if of_bare:
            b.verdict(f"poll {name}, requests a second, ratio to the bare loop", [r[0]["rate"] / r[2]["rate"] for r in rows], of_bare, at_least=True)
