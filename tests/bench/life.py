# SPDX-License-Identifier: MIT
"""Campaigns under load: a day's signals on a large world, touches that fall due together, ends that were missed.

day      1,000 segments, 100,000 accounts, 1,000 open campaigns: signals a second from the request to the last commit; then, at a
         fixed rate, how long an opening takes from the answer's arrival to the line that tells of its commit, while members end.
touches  touches that fall due at the same instant: decided a second.
overdue  campaigns of one member and two planned touches, all overdue when whynowd starts: closed a second, beside the same row
         writes by set-based SQL in batches of 500 in a second database of the same cluster.
"""
import concurrent.futures
import json
import random
import re
import time

import harness
import world


def large(b):
    """A database with many accounts, made once."""
    if "large" not in b.templates:
        b.database("large")
        b.templates.add("large")
        b.import_accounts("large", b.args.accounts, contacts=1)
        harness.psql(b.conninfo("large"), "VACUUM ANALYZE")
    return "large"


def add_segment(b, database, name, when, **more):
    source = world.segment(name, when, True, **more)
    harness.psql(b.conninfo(database), f"INSERT INTO whynow.segment_version (name, version, source) VALUES ('{name}', 1, $src${source}$src$)")


def views_of(accounts, path, run):
    now = time.time()
    rng = random.Random(run)
    return json.dumps({"events": [{"id": f"v{run}-{a}", "type": "page_view", "ts": world.utc(now - rng.randrange(1, 50)),
                                   "company_domain": world.domain(a), "path": path} for a in accounts]}).encode()


def first_poll(daemon, feed):
    harness.Answers.bodies[f"/{feed}"] = views_of([0], "/first", 0)
    daemon.start()
    daemon.wait(f"feed {feed}: 1 items,")


def opened(b, database, name, n, path, **more):
    """n campaigns of one account each, opened by whynowd; gives the daemon, stopped."""
    add_segment(b, database, name, f'signal.kind == "page_view" && signal.path == "{path}"', **more)
    daemon = harness.Daemon(b, name, database, [world.FEEDS["views"][1]])
    first_poll(daemon, "views")
    began = time.monotonic()
    for i in range(0, n, 10000):
        daemon.poll("views", views_of(range(i, min(n, i + 10000)), path, i + 1))
    print(f"  {n} campaigns opened, {n / (time.monotonic() - began):.0f}/s", flush=True)
    time.sleep(2)
    daemon.kill()
    found = int(harness.psql(b.conninfo(database), f"SELECT count(*) FROM whynow.campaign WHERE segment = '{name}' AND state <> 'closed'"))
    if found != n:
        raise SystemExit(f"{found} of {n} campaigns are open, see {daemon.dir}/log")
    return daemon


def until(b, database, query, want, timeout=600):
    """Seconds of the monotonic clock at which the query gives the value; asked twenty times a second."""
    end = time.monotonic() + timeout
    while harness.psql(b.conninfo(database), query) != want:
        if time.monotonic() > end:
            raise SystemExit(f"never {want}: {query}")
        time.sleep(0.05)
    return time.monotonic()


# -------------------------------------------------------------------------------------------------------------- overdue
UPDATES = {
    "member": ("bucket account_id campaign_id contact_id", "state left_why left_at heat box_ends_at stale_at first_touch_by blind_until finishing_fit "
               "replied_hold due_at touches_sent"),
    "touch": ("bucket account_id campaign_id contact_id step", "sink state reason due_at valid_until claimed_at sent_at attempts token event_id variant "
              "rendered_hash"),
    "campaign": ("bucket campaign_id", "state result opened_at intake_ends_at max_ends_at closed_at live_until live_members audience members holdouts touched "
                 "achieved converted due_at gen reviewed_final cost"),
}


def stage(b, ours, theirs, n):
    """What whynowd wrote, as tables of the second database, with the number of the batch."""
    psql = harness.psql
    order = "SELECT campaign_id, (row_number() OVER (ORDER BY bucket, campaign_id) - 1) / 500 AS n FROM whynow.campaign"
    for table in ("member", "touch", "campaign", "history", "outbox", "review"):
        had = {"history": "gen > 4", "outbox": "state <> 'delivered' AND gen > 4"}.get(table, "true")
        key = "subject_id" if table in ("history", "outbox") else "campaign_id"
        path = b.dir / f"{table}.copy"
        path.write_text(psql(b.conninfo(ours), f"COPY (SELECT t.*, o.n FROM whynow.{table} t JOIN ({order}) o ON o.campaign_id = t.{key} WHERE {had}) TO STDOUT") + "\n")
        psql(b.conninfo(theirs), f"CREATE UNLOGGED TABLE s_{table} AS SELECT t.*, 0::bigint AS n FROM whynow.{table} t WHERE false")
        psql(b.conninfo(theirs), f"COPY s_{table} FROM '{path}'")
        psql(b.conninfo(theirs), f"CREATE INDEX ON s_{table} (n)")
    psql(b.conninfo(theirs), "ANALYZE")


def batch(n):
    out = ["BEGIN;"]
    for table, (key, columns) in UPDATES.items():
        sets = ", ".join(f"{c} = s.{c}" for c in columns.split())
        same = " AND ".join(f"t.{c} = s.{c}" for c in key.split())
        out.append(f"UPDATE whynow.{table} t SET {sets} FROM s_{table} s WHERE s.n = {n} AND {same};")
    return out


def set_based(b, theirs, n):
    """Seconds for the same rows, 500 campaigns a transaction."""
    columns = {t: harness.psql(b.conninfo(theirs), f"SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'whynow.{t}'::regclass "
                               "AND attnum > 0 AND NOT attisdropped") for t in ("history", "outbox", "review")}
    script = b.dir / "set_based.sql"
    with open(script, "w") as f:
        f.write("SET plan_cache_mode = auto;\nSELECT extract(epoch FROM clock_timestamp());\n")
        for i in range(-(-n // 500)):
            f.write("\n".join(batch(i)) + "\n")
            for t, c in columns.items():
                f.write(f"INSERT INTO whynow.{t} ({c}) SELECT {c} FROM s_{t} WHERE n = {i};\n")
            f.write("COMMIT;\n")
        f.write("SELECT extract(epoch FROM clock_timestamp());\n")
    began, ended = map(float, harness.psql(b.conninfo(theirs), file=script).split())
    return ended - began


def overdue(b):
    n = b.args.campaigns
    ours = b.database("overdue", large(b))
    print(f"overdue: {n} campaigns of one member, two planned touches, one sink each")
    daemon = opened(b, ours, "overdue", n, "/overdue", steps=2, contacts=False)
    harness.psql(b.conninfo(ours), """
        INSERT INTO whynow.touch (bucket, account_id, campaign_id, contact_id, step, channel, state, planned_at, due_at, valid_until)
        SELECT bucket, account_id, campaign_id, contact_id, 1, channel, 'planned', planned_at, due_at + interval '1 day', valid_until FROM whynow.touch WHERE step = 0;
        UPDATE whynow.member SET box_ends_at = now() - random() * interval '1 hour';
        UPDATE whynow.member SET due_at = box_ends_at;
        UPDATE whynow.outbox SET state = 'delivered', done_at = now();
        """)
    harness.psql(b.conninfo(ours), "VACUUM ANALYZE")
    theirs = b.database("overdue_sql", ours)
    harness.psql(b.conninfo(), "CHECKPOINT")
    if "pg_stat_statements" in b.args.server:
        harness.psql(b.conninfo(ours), "CREATE EXTENSION IF NOT EXISTS pg_stat_statements; SELECT pg_stat_statements_reset()")
    daemon.start()
    daemon.wait("member.left")
    began = time.monotonic()
    query = "SELECT count(*) FROM whynow.campaign WHERE state <> 'closed'"
    had = n - int(harness.psql(b.conninfo(ours), query))
    took = until(b, ours, query, "0") - began
    cpu, server = b.cpu(daemon.process.pid), b.server_cpu(ours)
    daemon.kill()
    stage(b, ours, theirs, n)
    harness.psql(b.conninfo(), "CHECKPOINT")
    sql = set_based(b, theirs, n)
    left = harness.psql(b.conninfo(theirs), query)
    print(f"  whynowd {(n - had) / took:.0f}/s ({took:.1f} s, CPU {cpu:.1f} s; server: {server}), set-based SQL {n / sql:.0f}/s ({sql:.1f} s; {left} left open)")
    b.verdict("overdue, ratio to set-based SQL", [(n - had) / took / (n / sql)], 0.5, at_least=True)


# -------------------------------------------------------------------------------------------------------------- touches
def touches(b):
    n = b.args.touches
    database = b.database("touches", large(b))
    print(f"touches: {n} fall due at the same instant")
    daemon = opened(b, database, "touches", n, "/touches", contacts=False)
    harness.psql(b.conninfo(database), "UPDATE whynow.touch SET due_at = now(); UPDATE whynow.outbox SET state = 'delivered', done_at = now()")
    harness.psql(b.conninfo(database), "VACUUM ANALYZE")
    daemon.start()
    began, _ = daemon.wait("touch.due")
    decided = until(b, database, "SELECT count(*) FROM whynow.touch WHERE state = 'planned' AND step = 0", "0") - began
    sent = until(b, database, "SELECT count(*) FROM whynow.touch WHERE state = 'sent'", str(n)) - began
    cpu, server = b.cpu(daemon.process.pid), b.server_cpu(database)
    daemon.kill()
    print(f"  decided in {decided:.1f} s, all written by the sink and marked in {sent:.1f} s ({n / sent:.0f}/s), CPU {cpu:.1f} s, server: {server}")
    b.verdict("touches, decided a second", [n / decided], 2000, at_least=True)


# ------------------------------------------------------------------------------------------------------------------ day
def day(b):
    database = b.database("day", large(b))
    values = ",\n".join(f"('{name}', 1, $src${text}$src$)" for name, text in world.segments(11) if int(name[6:]) >= 100)
    harness.psql(b.conninfo(database), f"INSERT INTO whynow.segment_version (name, version, source) VALUES {values}")
    opened(b, database, "standing", 1000, "/standing", contacts=False)
    harness.psql(b.conninfo(database), "VACUUM ANALYZE")
    daemon = harness.Daemon(b, "day", database, [*(world.FEEDS[f][1] for f in world.DAY), world.PUSHED])
    for f in world.DAY:
        harness.Answers.bodies[f"/{f}"] = world.DAY[f][0](10, b.args.accounts, 0)
    daemon.start()
    daemon.wait("is watching")
    time.sleep(5)
    status = daemon.ask("GET", "/v1/status")
    print(f"day: {status['segments']} segments, {b.args.accounts} accounts, {status['campaigns_open']} campaigns open")
    rates = [burst(b, daemon, run) for run in range(1, b.args.runs + 2)][1:]
    b.verdict("day, signals a second end to end", rates, 5000, at_least=True)
    steady(b, daemon, database)
    daemon.stop()


def burst(b, daemon, run):
    """A mix of kinds, all answers asked for at once."""
    total, began = 0, time.monotonic()
    for f, (make, share) in world.DAY.items():
        n = b.args.items * share // 100
        total += n
        harness.Answers.bodies[f"/{f}"] = make(n, b.args.accounts, run)
    pids = [daemon.process.pid, int(harness.psql(b.conninfo(daemon.database), "SELECT pid FROM pg_stat_activity WHERE application_name LIKE '%/intake'"))]
    used = [b.cpu(p) for p in pids]
    began = time.monotonic()
    for f in world.DAY:
        daemon.ask("POST", f"/v1/feeds/{f}/poll")
    for f in world.DAY:
        at, line = daemon.wait(f"feed {f}: ", began)
        while "items," not in line:
            at, line = daemon.wait(f"feed {f}: ", at)
    rate = total / (max(daemon.wait(f"feed {f}: ", began)[0] for f in world.DAY) - began)
    used = [b.cpu(p) - u for p, u in zip(pids, used)]
    print(f"  {'warm-up' if run == 1 else f'run {run - 1}'}: {total} signals, {rate:.0f}/s (CPU {used[0]:.2f} s, its server {used[1]:.2f} s)", flush=True)
    return rate


def steady(b, daemon, database, rate=2500, seconds=30, ends=500):
    """Ten pushes a second, one opening in each; meanwhile members end at instants of their own."""
    harness.psql(b.conninfo(database), f"""
        UPDATE whynow.member SET box_ends_at = now() + interval '5 s' + random() * interval '{seconds - 5} s' WHERE (account_id, campaign_id) IN
            (SELECT account_id, campaign_id FROM whynow.member WHERE segment = 'standing' AND state = 'live' LIMIT {ends});
        UPDATE whynow.member SET due_at = box_ends_at WHERE segment = 'standing' AND state = 'live' AND box_ends_at < now() + interval '1 hour'""")
    began, arrivals, n = time.monotonic(), {}, rate // 10
    account = 50000
    with concurrent.futures.ThreadPoolExecutor(8) as senders:
        for i in range(seconds * 10):
            events = json.loads(world.page_views(n, b.args.accounts, 500 + i))["events"]
            account += 1
            events[n // 2].update(path="/standing", company_domain=world.domain(account), ts=world.utc(time.time() - 60))
            body = json.dumps({"events": events}).encode()
            time.sleep(max(0, began + i / 10 - time.monotonic()))
            arrivals[world.domain(account)] = time.monotonic()
            senders.submit(daemon.ask, "POST", "/v1/signals/pushed", body)
    time.sleep(3)
    rate = seconds * 10 * n / (time.monotonic() - 3 - began)
    waits = []
    for at, line in daemon.lines:
        found = re.search(r"campaign.opened: segment standing, account (\S+?):", line)
        if found and found[1] in arrivals:
            waits.append(at - arrivals[found[1]])
    waits.sort()
    if len(waits) < 0.95 * seconds * 10:
        raise SystemExit(f"only {len(waits)} of {seconds * 10} openings were told, see {daemon.dir}/log")
    late = harness.psql(b.conninfo(database), """SELECT count(*), coalesce(extract(epoch FROM min(left_at - box_ends_at)), 0), coalesce(extract(epoch FROM max(left_at - box_ends_at)), 0)
        FROM whynow.member WHERE segment = 'standing' AND left_why = 'boxed'""").split("|")
    print(f"  at {rate:.0f} signals/s: {len(waits)} openings, arrival to committed: median {1000 * waits[len(waits) // 2]:.0f} ms, "
          f"p99 {1000 * waits[int(len(waits) * 0.99)]:.0f} ms; {late[0]} members ended, {float(late[1]):.3f} to {float(late[2]):.3f} s after their instant")
    b.verdict("day, p99 of an opening at half the rate, s", [waits[int(len(waits) * 0.99)]], 0.5, at_least=False)
    b.verdict("day, earliest end after its instant, s", [float(late[1])], 0, at_least=True)
    b.verdict("day, latest end after its instant, s", [float(late[2])], 1, at_least=False)
