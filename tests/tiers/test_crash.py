# SPDX-License-Identifier: MIT
"""kill -9 anywhere, restart, and nobody can tell: the database equals that of a run that was never killed (times left out),
fsck is silent, and the receiver saw every event. Six planted bugs must each be noticed by the same means."""
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

import pytest
from conftest import ROOT, build
from test_push import Daemon, until
from test_scenario import play

LIFE = ROOT / "tests/crash/life.scn"
SEED = int(os.environ.get("WHYNOW_SEED", "1"))
RANDOM_KILLS = 30

# Everything that is to be equal. Times, tokens and attempts are left out; texts of errors too, and who finished a merge (after a
# crash it is the sweeper).
DUMP = {
    "account": "select account_id, domain, name, state, merged_into, (select jsonb_object_agg(key, value->'v') from jsonb_each(traits)) from whynow.account order by 1",
    "contact": "select account_id, contact_id, email, name, position, department, level from whynow.contact order by 1, 2",
    "signal": "select account_id, signal_key, kind, attrs, headline, retracted from whynow.signal order by 1, 2",
    "sighting": "select signal_key, feed, item, publisher from whynow.sighting order by 1, 2, 3",
    "reject": "select feed, item, reason from whynow.item_reject order by 1, 2, 3",
    "campaign": "select campaign_id, segment, version, state, result, shadow, live_members, members, touched, gen from whynow.campaign order by 1",
    "member": "select campaign_id, account_id, contact_id, left_why, holdout, touches_sent from whynow.member order by 1, 2, 3",
    "evidence": "select campaign_id, account_id, contact_id, signal_key, publishers, clause from whynow.evidence order by 1, 2, 3, 4",
    "touch": "select campaign_id, account_id, contact_id, step, state, variant, event_id from whynow.touch order by 1, 2, 3, 4",
    "history": "select subject_id, gen, type, from_state, to_state, case when type <> 'account.merged' then why end, event_id, sinks from whynow.history order by 1, 2",
    "outbox": "select event_id, sink, gen, type, state from whynow.outbox order by 1, 2",
    "review": "select campaign_id, final, verdict, touched, achieved from whynow.review order by 1, 2",
    "non_action": "select segment, account_id, reason, signal_key from whynow.non_action order by 1, 2",
}


class World:
    """One database, one folder, one server; the process in it may die."""

    def __init__(self, cluster, tmp, bin_dir):
        self.cluster, self.dir, self.bin = cluster, pathlib.Path(tmp), bin_dir
        self.dir.mkdir(parents=True, exist_ok=True)
        self.name = cluster.database(bin_dir)
        self.log = self.dir / "posts.log"
        self.log.touch()
        self.server = subprocess.Popen([sys.executable, ROOT / "tests/crash/server.py", self.dir, self.log], stdout=subprocess.PIPE, text=True)
        self.port = self.server.stdout.readline().strip()

    def start(self, env=None):
        return subprocess.Popen([self.bin / "scenario", LIFE, "--database", self.cluster.conninfo(self.name), "--dir", self.dir,
                                 "--server", f"http://127.0.0.1:{self.port}", "--progress", self.dir / "progress"],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=dict(os.environ, **(env or {})))

    def finish(self, env=None):
        p = self.start(env)
        out, _ = p.communicate(timeout=120)
        return p.returncode, out

    def dump(self):
        port = f"127.0.0.1:{self.port}/"
        return {k: self.cluster.sql(q, self.name).replace(port, "") for k, q in DUMP.items()}

    def unseen(self):
        """Events that count as delivered to a webhook and that the receiver never saw."""
        seen = {line.split()[1] for line in self.log.read_text().splitlines()}
        due = self.cluster.sql("select event_id from whynow.outbox where state = 'delivered' union select event_id from whynow.touch where state = 'sent'",
                               self.name).split()
        return set(due) - seen

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.kill()
        self.server.wait()
        self.cluster.drop(self.name)


def first_difference(a, b):
    for table in DUMP:
        if a[table] != b[table]:
            x, y = a[table].splitlines(), b[table].splitlines()
            only_x, only_y = sorted(set(x) - set(y))[:5], sorted(set(y) - set(x))[:5]
            return f"{table}: never killed has\n  " + "\n  ".join(only_x) + "\nkilled has\n  " + "\n  ".join(only_y)
    return None


@pytest.fixture(scope="module")
def calm(cluster, tmp_path_factory):
    """The run that was never killed, and the failpoints that it passed."""
    bin_dir = build("crash")
    with World(cluster, tmp_path_factory.mktemp("calm"), bin_dir) as w:
        points = w.dir / "points.log"
        began = time.monotonic()
        code, out = w.finish({"WHYNOW_FAILPOINT_LOG": str(points)})
        took = time.monotonic() - began
        assert code == 0, out
        assert not w.unseen()
        passed = {}
        for name in points.read_text().split():
            passed[name] = passed.get(name, 0) + 1
        return {"dump": w.dump(), "points": passed, "took": took, "bin": bin_dir}


def check_survivor(w, calm, what):
    code, out = w.finish()
    assert code == 0, f"{what}\n{out}"
    difference = first_difference(calm["dump"], w.dump())
    assert not difference, f"{what}\n{difference}"
    assert not w.unseen(), f"{what}: delivered but never seen"


@pytest.mark.xdist_group("crash")
def test_killed_at_every_failpoint_nobody_can_tell(cluster, calm, tmp_path):
    assert len(calm["points"]) >= 20, sorted(calm["points"])
    chance = random.Random(SEED)
    for name, times in sorted(calm["points"].items()):
        n = chance.randint(1, max(1, times * 9 // 10))
        with World(cluster, tmp_path / name, calm["bin"]) as w:
            p = w.start({"WHYNOW_FAILPOINT": f"{name}:kill:{n}"})
            out, _ = p.communicate(timeout=120)
            assert p.returncode == -signal.SIGKILL, f"{name}:{n} ended with {p.returncode}\n{out}"
            check_survivor(w, calm, f"killed at {name}, pass {n} of {times}")


@pytest.mark.xdist_group("crash2")
def test_killed_at_random_instants_nobody_can_tell(cluster, calm, tmp_path):
    chance = random.Random(SEED)
    print(f"seed {SEED}")
    killed = 0
    for i in range(RANDOM_KILLS * 3):
        if killed == RANDOM_KILLS:
            break
        with World(cluster, tmp_path / str(i), calm["bin"]) as w:
            p = w.start()
            time.sleep(chance.uniform(0.02, calm["took"] * 0.95))
            p.send_signal(signal.SIGKILL)
            p.communicate(timeout=120)
            if p.returncode == -signal.SIGKILL:
                killed += 1
                check_survivor(w, calm, f"killed at a random instant, number {i}, seed {SEED}")
    assert killed == RANDOM_KILLS


PLANTED = {
    "outbox_skip": "a_member_leaves_by_its_box_and_the_campaign_closes_boxed",
    "check_then_insert": "an_item_listed_twice_in_one_answer_is_one_signal",
    "early_expiry": "a_member_goes_stale_after_one_half_life_and_the_campaign_expires",
    "lost_cancel": "an_open_campaign_can_be_cancelled_and_nothing_is_sent_after",
    "enrol_on_unknown": "an_unknown_value_enrols_nobody_and_is_told",
}


@pytest.mark.parametrize("bug", sorted(PLANTED))
@pytest.mark.xdist_group("crash2")
def test_a_planted_bug_is_noticed(cluster, bug):
    path = ROOT / "tests/scenario" / (PLANTED[bug] + ".scn")
    bin_dir = build("crash")
    assert play(cluster, path, bin_dir=bin_dir).returncode == 0
    done = play(cluster, path, env={"WHYNOW_PLANT": bug}, bin_dir=bin_dir)
    assert done.returncode == 1, f"{bug} went unnoticed\n{done.stdout}"


@pytest.mark.xdist_group("crash2")
def test_a_cursor_that_moves_before_its_items_is_noticed(cluster, calm, tmp_path):
    with World(cluster, tmp_path / "cursor", calm["bin"]) as w:
        code, _ = w.finish({"WHYNOW_PLANT": "cursor_early"})
        noticed = code != 0 or first_difference(calm["dump"], w.dump())
    assert noticed, "the planted bug went unnoticed"


VISITORS = """segment: visitors
owner: ana@example.com
when: signal.kind == "page_view"
audience: {min: 1, warn: 5, max: 5}
life: {intake: 7d, box: 10d, max: 42d}
exit: stop
goal: {metric: meeting, target: 5%, window: 30d}
group_by: [account.id]
mode: live
sequence:
  - {after: 1d, channel: email, subject: "About {{signal.path}}", body: "You looked at {{signal.path}}."}
"""


def visitors(cluster, tmp_path, n, source):
    """n campaigns of one account each, opened by a daemon that is killed then; channels go to one file."""
    d = Daemon(cluster, tmp_path, build(os.environ.get("WHYNOW_BUILD", "crash")), options="touches: {window: none}\n", files={
        "visitors.yaml": source, "sinks.d/file.yaml": f"sink: file\nkind: file\npath: {tmp_path}/events.jsonl\nchannels: [email, task]\nevents: ['campaign.*', 'member.*']\n"})
    d.wait()
    d.whynow("sink", "test", "file")  # told after it is on disk, and the file is let go
    assert "sink.test" in (tmp_path / "events.jsonl").read_text()
    assert not [f for f in pathlib.Path(f"/proc/{d.process.pid}/fd").iterdir() if os.path.realpath(f).endswith("events.jsonl")]
    (tmp_path / "events.jsonl").unlink()
    d.whynow("segment", "apply", "visitors.yaml", "--yes")
    views = [{"id": str(i), "domain": f"d{i}.example", "path": "/"} for i in range(n)]
    assert d.post(views, Authorization="Bearer open sesame")[0] == 200
    d.process.kill()
    d.process.wait()
    assert count(d, "campaign where state = 'open'") == n
    return d


def count(d, what):
    return int(d.cluster.sql(f"select count(*) from whynow.{what}", d.name))


def told(d):
    return [json.loads(line)["id"] for line in (d.tmp / "events.jsonl").read_text().splitlines()]


def test_many_who_are_overdue_leave_once_however_often_it_is_killed(cluster, tmp_path):
    """Two lanes close them at once; the campaigns of each keep their order."""
    n = 1500
    d = visitors(cluster, tmp_path, n, VISITORS)
    cluster.sql("update whynow.member set box_ends_at = now() - random() * interval '1 hour'; update whynow.member set due_at = box_ends_at", d.name)
    for where in ("unit.before_commit:kill", "unit.after_commit:kill", "unit.before_commit:kill:2"):
        d.env["WHYNOW_FAILPOINT"] = where
        d.start()
        d.process.wait(timeout=60)
    del d.env["WHYNOW_FAILPOINT"]
    assert 0 < count(d, "campaign where state = 'closed'") < n
    d.start()
    until(lambda: count(d, "campaign where state <> 'closed'") == 0 and count(d, "outbox where state <> 'delivered'") == 0)
    d.whynow("fsck")
    assert count(d, "history where type = 'member.left'") == n and count(d, "history where type = 'campaign.closed'") == n
    assert count(d, "touch where state <> 'cancelled'") == 0
    assert set(told(d)) == set(cluster.sql("select distinct event_id from whynow.history where cardinality(sinks) > 0", d.name).split())
    code, err = d.stop()
    assert code == 0, err[-3000:]


def test_many_touches_due_at_once_go_out_and_stops_do_not_repeat_them(cluster, tmp_path):
    """What came of them is written beside the next claims. A stop writes what it has; a kill may only repeat, with the same id."""
    n = 2500
    d = visitors(cluster, tmp_path, n, VISITORS.replace("channel: email, subject: \"About {{signal.path}}\"", "channel: task"))
    cluster.sql("update whynow.touch set due_at = now(); update whynow.outbox set state = 'delivered', done_at = now()", d.name)
    (d.tmp / "events.jsonl").unlink(missing_ok=True)
    for part in (3, 2):  # a third of them, then half
        d.start()
        until(lambda: count(d, "touch where state = 'sent'") > n / 10 * (10 // part - 2), pause=0.01)
        d.process.send_signal(signal.SIGTERM)
        assert d.process.wait(timeout=60) == 0
    assert 0 < count(d, "touch where state = 'sent'") < n
    ids = told(d)  # what was claimed and not sent yet goes after the next start
    assert len(ids) == len(set(ids)) == count(d, "touch where state = 'sent'")
    for where in ("courier.touch.after_mark:kill", "courier.touch.before_mark:kill:2"):
        d.env["WHYNOW_FAILPOINT"] = where
        d.start()
        d.process.wait(timeout=60)
    del d.env["WHYNOW_FAILPOINT"]
    d.start()
    until(lambda: count(d, "touch where state <> 'sent'") == 0 and count(d, "outbox where state <> 'delivered'") == 0)
    d.whynow("fsck")
    assert count(d, "history where type = 'touch.sent'") == n
    assert set(told(d)) == set(cluster.sql("select event_id from whynow.touch", d.name).split())
    code, err = d.stop()
    assert code == 0, err[-3000:]
