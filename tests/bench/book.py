# SPDX-License-Identifier: MIT
"""Published segments of a running daemon: from rows to ready, from a row to in force, and how long the loop stands still meanwhile."""
import random
import subprocess
import threading
import time

import harness
import world


def text_of(i, seed=0):
    """Five to seven terms each, no two alike; one in ten thousand asks for what the benchmark sends."""
    rng = random.Random(f"{seed}/{i}")
    rule = RULES[i % len(RULES)]
    country = "" if "account.country" in rule else f' && account.country == "{rng.choice(world.COUNTRIES)}"'
    return world.segment(f"many-{i:06d}", f"{rule}{country} && account.employees <= {rng.randrange(2500, 90000)}")


RULES = list(world.hundred())


def load(b, database, n):
    """All of them by plain SQL: no canonical form, nothing checked yet."""
    rows = b.dir / "segments.copy"
    with open(rows, "w") as f:
        for i in range(n):
            f.write(f"many-{i:06d}\t1\t" + text_of(i).replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t") + "\n")
    harness.psql(b.conninfo(database), "DELETE FROM whynow.segment_version")
    began = time.monotonic()
    subprocess.run(["psql", "-XAtq", b.conninfo(database), "-c", f"\\copy whynow.segment_version (name, version, source) FROM '{rows}'"], check=True)
    harness.psql(b.conninfo(database), "UPDATE whynow.segment_version SET published_at = published_at - interval '1 day'")
    harness.psql(b.conninfo(database), "VACUUM FULL ANALYZE whynow.segment_version")
    print(f"book: {n} segments of {rows.stat().st_size / n:.0f} bytes inserted in {time.monotonic() - began:.1f} s", flush=True)


class Pulse(threading.Thread):
    """Asks the daemon for its status all the time: the longest wait for an answer is the longest pause, and what asking takes."""

    def __init__(self, daemon):
        super().__init__(daemon=True)
        self.target, self.waits, self.going = daemon, [], True
        self.start()

    def run(self):
        c = harness.Control(self.target.dir / "control")
        while self.going:
            began = time.monotonic()
            try:
                c.request("GET", "/v1/status")
                c.getresponse().read()
            except OSError:
                c.close()
                c = harness.Control(self.target.dir / "control")
                time.sleep(0.01)
                continue
            self.waits.append(time.monotonic() - began)
            time.sleep(0.005)

    def longest(self):
        """Milliseconds since the last call."""
        waits, self.waits = self.waits, []
        return max(waits, default=0) * 1000


def start(b, daemon, n, what):
    daemon.start()
    pulse = Pulse(daemon)
    began = daemon.wait("the database is there")[0]
    ready = daemon.wait(f"ready with {n} segments")[0] - began
    cpu = b.cpu(daemon.process.pid)
    print(f"book: {what}: {ready:.2f} s from rows to ready, {cpu:.2f} s of CPU since the start, longest pause {pulse.longest():.0f} ms, "
          f"resident {daemon.proc('VmRSS') / 1024:.0f} MiB; {b.server_cpu(daemon.database)}", flush=True)
    return ready, pulse


def publish(b, daemon, session, names, version, seed):
    """The instant before the rows are sent."""
    values = ",".join(f"('{n}', {version}, $src${text_of(int(n[5:]), seed)}$src$)" for n in names)
    (b.dir / "publish.sql").write_text(f"INSERT INTO whynow.segment_version (name, version, source) VALUES {values}")
    at = time.monotonic()
    harness.psql(session, file=b.dir / "publish.sql")
    return at


def run(b):
    n = b.args.segments
    database = b.database("book")
    load(b, database, n)
    session = b.conninfo(database)
    daemon = harness.Daemon(b, "book", database, [world.FEEDS["views"][1]])
    start(b, daemon, n, "first start, all unchecked")
    time.sleep(1)
    daemon.stop()
    harness.psql(session, "VACUUM ANALYZE whynow.segment_version")
    ready, pulse = start(b, daemon, n, "next start")
    time.sleep(2)
    daemon.poll("views", world.page_views(2000, harness.ACCOUNTS, 0))
    quiet = pulse.longest()
    rng, one = random.Random(5), []
    for k in range(b.args.runs * 4):
        name = f"many-{rng.randrange(n) if k % 2 else n + k:06d}"
        time.sleep(rng.random())
        at = publish(b, daemon, session, [name], 2, seed=k + 1)
        one.append(daemon.wait(f"segment {name} version 2 is in force", at)[0] - at)
    pauses = pulse.longest()
    print(f"book: one published by plain SQL: {min(one):.2f} to {max(one):.2f} s, median {sorted(one)[len(one) // 2]:.2f}; longest pause {pauses:.0f} ms", flush=True)
    told = []
    for k in range(b.args.runs):
        (b.dir / "one.yaml").write_text(world.segment(f"applied-{k}", RULES[k]))
        at = time.monotonic()
        b.whynow(database, "segment", "apply", b.dir / "one.yaml", "--yes")
        told.append(daemon.wait(f"segment applied-{k} version 1 is in force", at)[0] - at)
    print(f"book: {len(told)} by segment apply, the command's own reading of all segments included: median {sorted(told)[len(told) // 2]:.2f} s", flush=True)
    at = publish(b, daemon, session, [f"many-{i:06d}" for i in range(0, n, n // 1000)], 3, seed=99)
    thousand = daemon.wait(" segments came into force", at)[0] - at
    bulk = pulse.longest()
    at = time.monotonic()
    harness.psql(session, f"INSERT INTO whynow.segment (name, withdrawn_at) SELECT 'many-' || lpad(i::text, 6, '0'), now() FROM generate_series(0, {n - 1}, 100) i "
                 "ON CONFLICT (name) DO UPDATE SET withdrawn_at = now()")
    left = daemon.ask("GET", "/v1/status")["segments"]
    gone = n // 100
    while daemon.ask("GET", "/v1/status")["segments"] > left - gone + 1 and time.monotonic() < at + 10:
        time.sleep(0.01)
    withdrawn = time.monotonic() - at
    daemon.poll("views", world.page_views(2000, harness.ACCOUNTS, 1))
    print(f"book: 1,000 replaced at once: {thousand:.2f} s, longest pause {bulk:.0f} ms; {gone} withdrawn: {withdrawn:.2f} s, "
          f"with 2,000 signals after them longest pause {pulse.longest():.0f} ms (before: {quiet:.0f} ms)", flush=True)
    pulse.going = False
    daemon.stop()
    b.verdict(f"book, {n} rows to ready, s", [ready], 3, at_least=False)
    b.verdict("book, a row to in force, s", one, 1, at_least=False)
    b.verdict("book, longest pause, ms", [max(pauses, bulk)], 50, at_least=False)
