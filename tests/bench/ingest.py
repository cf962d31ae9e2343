# SPDX-License-Identifier: MIT
"""A feed answers with N items over loopback: whynowd against COPY of the very same rows, in turn."""
import subprocess

import harness
import world


def export(b, database, since):
    """The rows of the newest answer, as COPY text, in the order in which they were stored."""
    where = f"observed_at > '{since}'"
    out = {}
    for table, query in (
            ("seen", f"SELECT s.* FROM whynow.sighting g JOIN whynow.seen s USING (sighting_key) WHERE g.{where} ORDER BY g.tableoid, g.ctid"),
            ("signal", f"SELECT * FROM whynow.signal WHERE {where} ORDER BY stored_at, tableoid, ctid"),
            ("sighting", f"SELECT * FROM whynow.sighting WHERE {where} ORDER BY tableoid, ctid")):
        done = subprocess.run(["psql", "-XAtq", b.conninfo(database), "-c", f"COPY ({query}) TO STDOUT"], capture_output=True, check=True)
        out[table] = done.stdout.splitlines(keepends=True)
    return out


def copy(b, database, rows):
    """Seconds that COPY takes for them, by the server's clock around all transactions."""
    n = len(rows["sighting"])
    parts = max(1, -(-n // 1000))
    script = b.dir / "copy.sql"
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
    began, ended = map(float, harness.psql(b.conninfo(database), file=script).split())
    return ended - began


def newest(b, database):
    return harness.psql(b.conninfo(database), "SELECT coalesce(max(observed_at), '-infinity') FROM whynow.sighting")


def count_effects(b, database):
    return int(harness.psql(b.conninfo(database), "SELECT count(DISTINCT (account_id, signal_key)) FROM whynow.evidence"))


def run(b, feed, bar):
    make, text = world.FEEDS[feed]
    ours, theirs = b.database(f"ours_{feed}"), b.database(f"theirs_{feed}")
    daemon = harness.Daemon(b, feed, ours, [text])
    harness.Answers.bodies[f"/{feed}"] = make(1000, harness.ACCOUNTS, 0)  # the first poll: what is old in it is history
    daemon.start()
    daemon.wait(f"feed {feed}: 1000 items,")
    copy(b, theirs, export(b, ours, "-infinity"))
    ratios = []
    segments = daemon.ask("GET", "/v1/status")["segments"]
    print(f"ingest, feed {feed}: {b.args.items} items an answer, {harness.ACCOUNTS} accounts, {segments} segments")
    if segments != len(world.segments()):
        raise SystemExit(f"only {segments} segments are in force, see {daemon.dir}/log")
    for run in range(1, b.args.runs + 2):
        since, had = newest(b, ours), count_effects(b, ours)
        pids = [daemon.process.pid, int(harness.psql(b.conninfo(ours), "SELECT pid FROM pg_stat_activity WHERE application_name LIKE '%/intake'"))]
        used = [b.cpu(p) for p in pids]
        took, line = daemon.poll(feed, make(b.args.items, harness.ACCOUNTS, run))
        used = [b.cpu(p) - u for p, u in zip(pids, used)]
        rows = export(b, ours, since)
        n = len(rows["sighting"])
        if len(rows["seen"]) != n:
            raise SystemExit(f"{n} sightings and {len(rows['seen'])} seen keys")
        copied = copy(b, theirs, rows)
        effects = count_effects(b, ours) - had
        if n != b.args.items:
            raise SystemExit(f"{n} of {b.args.items} items became sightings: {line}")
        ratio = copied / took
        told = f"{n} sightings of {len(rows['signal'])} new signals, {effects} of them opened or extended something"
        print(f"  {'warm-up' if run == 1 else f'run {run - 1}  '}: whynowd {n / took:8.0f}/s ({took:.2f} s; CPU {used[0]:.2f} s, its server {used[1]:.2f} s), "
              f"COPY {n / copied:8.0f}/s ({copied:.2f} s), ratio {ratio:.3f}; {told}", flush=True)
        if run > 1:
            ratios.append(ratio)
    print(f"  memory: VmRSS {daemon.proc('VmRSS') / 1024:.1f} MiB, at most {daemon.proc('VmHWM') / 1024:.1f} MiB")
    daemon.stop()
    b.verdict(f"ingest {feed}, ratio to COPY", ratios, bar, at_least=True)
