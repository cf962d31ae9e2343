# SPDX-License-Identifier: MIT
"""1,000 feeds that are not due and 100 open campaigns: memory and wake-ups a minute."""
import json
import time

import harness
import world


def open_campaigns(b, database, n):
    """A hundred campaigns, each of one account, opened by the daemon itself."""
    when = 'signal.kind == "page_view" && signal.path == "/idle"'
    harness.psql(b.conninfo(database), f"INSERT INTO whynow.segment_version (name, version, source) VALUES ('idle', 1, $src${world.segment('idle', when, True)}$src$)")
    daemon = harness.Daemon(b, "opener", database, [world.FEEDS["views"][1]])
    harness.Answers.bodies["/views"] = world.page_views(10, harness.ACCOUNTS, 0)
    daemon.start()
    daemon.wait("feed views: 10 items,")
    doc = json.loads(world.page_views(n, harness.ACCOUNTS, 1))
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60))
    for i, e in enumerate(doc["events"]):
        e.update(path="/idle", company_domain=world.domain(i), ts=now)
    daemon.poll("views", json.dumps(doc).encode())
    time.sleep(3)  # the courier tells of them
    daemon.stop()


def run(b):
    database = b.database("idle")
    open_campaigns(b, database, 100)
    feeds = world.idle_feeds(1000)
    harness.psql(b.conninfo(database), "INSERT INTO whynow.feed_state (name, version, next_at, why, last_at, last_good_at, good_since, first_done, etag, last_modified, "
         "last_status) SELECT 'idle-' || to_char(i, 'FM0000'), 3, now() + interval '8 hours' + i * interval '20 seconds', 'learned interval of 9 h', now(), now(), "
         "now() - interval '1 day', true, '\"abcdef0123456789\"', 'Sat, 21 Nov 2026 10:00:00 GMT', 200 FROM generate_series(0, 999) i")
    daemon = harness.Daemon(b, "idle", database, feeds)
    daemon.start()
    daemon.wait("is watching 1000 feeds")
    time.sleep(b.args.settle)
    first = daemon.ask("GET", "/v1/status")
    began, turns, switches, forced = time.monotonic(), first["loop_turns"], daemon.proc("voluntary_ctxt_switches"), daemon.proc("nonvoluntary_ctxt_switches")
    time.sleep(b.args.idle_seconds)
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
    b.verdict("idle, MiB resident", [rss], 30, at_least=False)
    b.verdict("idle, wake-ups a minute", [max(switches, turns)], 150, at_least=False)
