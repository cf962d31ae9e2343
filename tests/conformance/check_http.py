# SPDX-License-Identifier: MIT
"""The poller over several requests: plays http/scenarios.jsonl as the server, against the true daemon (harness_http).

Times of a scenario are virtual: the harness moves the daemon's clock from timer to timer and shows it to the server here.
Time-outs of real sockets are real; they and every delay of a scenario are shortened by the same factor (REAL). A scenario
word that is not understood here fails its case: nothing passes unseen.
"""
import concurrent.futures
import datetime
import email.utils
import gzip
import http.server
import json
import mmap
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
import urllib.parse
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOST = "feeds.example"
START = int(datetime.datetime(2026, 5, 4, 9, tzinfo=datetime.timezone.utc).timestamp() * 1e6)
REAL = 1 / 20  # real seconds for a second of a delay or of a time-out
HORIZON_S = 40 * 86400
EMPTY = '<rss version="2.0"><channel><title>t</title></channel></rss>'


class Shared:
    """Two numbers that harness and server both see: the virtual instant, the requests served."""

    def __init__(self, path):
        path.write_bytes(bytes(16))
        self.file = path.open("r+b")
        self.map = mmap.mmap(self.file.fileno(), 16)

    def now_s(self):
        return struct.unpack_from("=q", self.map, 0)[0] / 1e6

    def serve(self, n):
        struct.pack_into("=q", self.map, 8, n)


class Seen:
    """One request, and what became of it."""

    def __init__(self, step, at, host, path, headers):
        self.step, self.at, self.host, self.path, self.headers = step, at, host, path, headers
        self.done_at = at  # the virtual clock stands still while a request is under way
        self.sent, self.running = 0, 0


class World:
    """The server's side of one scenario: which step a request is, and what it gets."""

    def __init__(self, scenario, shared, feeds):
        self.steps, self.shared, self.feeds = scenario["steps"], shared, feeds
        self.taken, self.seen, self.lock, self.last = [0] * len(self.steps), [], threading.Lock(), {}
        self.running = 0

    def path_of(self, step):
        return urllib.parse.urlsplit(step.get("path") or self.feeds[0]).path

    def is_for(self, step, path):
        return re.fullmatch(re.escape(self.path_of(step)) + r"(-\d+)?", path) if "paths" in step else self.path_of(step) == path

    def take(self, host, path, headers):
        with self.lock:
            step = None
            for i, s in enumerate(self.steps):
                if self.taken[i] < s.get("paths", 1) and self.is_for(s, path):
                    step = i
                    self.taken[i] += 1
                    break
            seen = Seen(step, self.shared.now_s(), host, path, headers)
            self.running += 1
            seen.running = self.running
            self.seen.append(seen)
            respond = self.steps[step].get("respond") if step is not None else None
            if respond is None:
                respond = dict(self.last.get(path) or {"status": 200, "body": EMPTY})
            self.last[path] = respond
            self.shared.serve(len(self.seen))
            return seen, respond

    def leave(self):
        with self.lock:
            self.running -= 1

    def done(self):
        return all(n >= s.get("paths", 1) for n, s in zip(self.taken, self.steps))


def fill_in(text, now):
    def one(m):
        at = now + int(m[1]) * (1 if m[0][4] == "+" else -1)
        when = datetime.datetime.fromtimestamp(at, datetime.timezone.utc)
        return email.utils.format_datetime(when, usegmt=True) if "IMF" in m[2] else when.strftime("%Y-%m-%dT%H:%M:%SZ")
    return re.sub(r"\{now[+-](\d+)s as ([^}]*)\}", one, str(text).replace("{now as ", "{now+0s as "))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    world = None

    def log_message(self, *_):
        pass

    def send(self, seen, data):
        self.wfile.write(data)
        seen.sent += len(data)

    def body_of(self, respond):
        body = fill_in(respond.get("body", ""), self.world.shared.now_s()).encode()
        return body + b" " * max(0, int(respond.get("pad_bytes", 0)) - len(body))

    def drip(self, seen, body, rate):
        for byte in body:
            self.send(seen, bytes([byte]))
            time.sleep(1 / rate)

    def zeros(self, seen, count):
        packer, block = __import__("zlib").compressobj(9, 8, 31), bytes(1 << 20)
        for done in range(0, count, len(block)):
            self.send(seen, packer.compress(block[:min(len(block), count - done)]))
        self.send(seen, packer.flush())

    def do_GET(self):
        seen, respond = self.world.take(self.headers.get("Host", ""), urllib.parse.urlsplit(self.path).path, dict(self.headers.items()))
        try:
            time.sleep(float(respond.get("delay_s", 0)) * REAL)
            self.answer(seen, respond)
        except OSError:
            pass  # the daemon had enough
        finally:
            self.world.leave()

    def answer(self, seen, respond):
        status, zeros = int(respond.get("status", 200)), respond.get("gzip_of_zero_bytes")
        self.close_connection = True
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.send_response_only(status)
        for name, value in respond.get("headers", {}).items():
            for one in value if isinstance(value, list) else [value]:
                self.send_header(name, fill_in(one, self.world.shared.now_s()))
        self.send_header("Connection", "close")
        if zeros:
            self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            self.zeros(seen, int(zeros))
            return
        body = b"" if status in (204, 304) else self.body_of(respond)
        if respond.get("gzip"):
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if "drip_bytes_per_s" in respond:
            self.drip(seen, body, float(respond["drip_bytes_per_s"]))
        else:
            self.send(seen, body)

    do_HEAD = do_GET


# --- the scenario as a configuration ------------------------------------------------------------------------------
OPTIONS = {"per_host": "poll.per_host", "gap_s": "poll.host_gap", "floor_s": "poll.floor", "ceiling_s": "poll.ceiling",
           "timeout_s": "poll.timeout", "total_timeout_s": "poll.timeout", "body_max": "poll.body_max", "max_body_bytes": "poll.body_max",
           "body_limit_bytes": "poll.body_max", "body_max_bytes": "poll.body_max", "max_bytes": "poll.body_max",
           "hint_max_s": "poll.hint_max", "backoff_max_s": "poll.backoff_max",
           "concurrency": "poll.concurrency", "flood_min": "poll.flood_min", "flood_share": "poll.flood_share"}
FEED_KEYS = {"retry_after_scope": "retry_after"}
IGNORED = {"interval_s"}


def feeds_of(steps):
    """Addresses of the feeds: every path of a step that no redirect before it leads to."""
    feeds, targets = [], set()
    for step in steps:
        path = step.get("path", "/feed")
        for one in [f"{path}-{i:02}" for i in range(step["paths"])] if "paths" in step else [path]:
            if urllib.parse.urlsplit(one).path not in targets and one not in feeds:
                feeds.append(one)
        location = step.get("respond", {}).get("headers", {}).get("Location")
        if location:
            targets.add(urllib.parse.urlsplit(location).path)
    return feeds if any("path" in s or "paths" in s for s in steps) else ["/feed"]


def configuration(scenario, feeds, folder):
    options = {"poll.timeout": f"{60 * REAL}s", "poll.low_speed_time": "1s", "poll.jitter": "0%", "dirs.vendor": str(ROOT / "conf"),
               "dirs.extract": str(ROOT / "conf/extract"), "dirs.spool": str(folder)}
    extra, seconds = {}, ("_s",)
    for key, value in scenario.get("config", {}).items():
        if key in OPTIONS:
            value = float(value) * (REAL if OPTIONS[key] == "poll.timeout" else 1) if key.endswith(seconds) else value
            options[OPTIONS[key]] = f"{value}s" if key.endswith(seconds) else f"{value}"
        elif key in FEED_KEYS:
            extra[FEED_KEYS[key]] = value
        elif key not in IGNORED:
            raise ValueError(f"config.{key} is not understood by check_http.py")
    groups = {}
    for name, value in options.items():
        group, key = name.split(".")
        groups.setdefault(group, []).append(f"{key}: {value}")
    lines = [f"{group}: {{{', '.join(rows)}}}" for group, rows in groups.items()]
    lines.append(f"dirs: {{feeds: feeds.d, {', '.join(groups.pop('dirs'))}}}")
    (folder / "feeds.d").mkdir()
    (folder / "whynow.yaml").write_text("\n".join(line for line in lines if not line.startswith("dirs: {vendor")) + "\n")
    for i, path in enumerate(feeds):
        url = path if "://" in path else f"http://{HOST}{path}"
        more = "".join(f"{k}: {v}\n" for k, v in extra.items())
        (folder / f"feeds.d/{i:02}.yaml").write_text(
            f"feed: f{i:02}\nurl: {url}\nformat: auto\naccount: {{name: '\"Example\"'}}\naccounts: create\n"
            f"signal: {{kind: page_view, path: item.id}}\n{more}")


# --- playing --------------------------------------------------------------------------------------------------------
class Play:
    def __init__(self, scenario, cluster, binaries):
        self.scenario, self.cluster, self.problems, self.start_s = scenario, cluster, [], START / 1e6
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="whynow-http-"))
        self.feeds = feeds_of(scenario["steps"])
        self.shared = Shared(self.dir / "shared")
        self.world = World(scenario, self.shared, self.feeds)
        configuration(scenario, self.feeds, self.dir)
        self.database = cluster.new_database()
        handler = type("H", (Handler,), {"world": self.world})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.names()
        self.harness = subprocess.Popen([binaries / "harness_http", self.dir / "whynow.yaml", cluster.conninfo(self.database), self.dir / "shared",
                                         str(self.server.server_address[1]), str(START)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.memory_before = None

    def names(self):
        """What names lead to now: of the newest step that says so, up to the first that is still to come."""
        table = {}
        for i, step in enumerate(self.scenario["steps"]):
            for name, addresses in step.get("resolve", {}).items():
                table[name] = addresses if isinstance(addresses, str) else ",".join(addresses)
            if self.world.taken[i] < step.get("paths", 1):
                break
        text = "".join(f"{n} {','.join('[' + a + ']' if ':' in a else a for a in v.split(','))}\n" for n, v in table.items())
        (self.dir / "shared.names").write_text(text)

    def ask(self, line):
        self.harness.stdin.write(line + "\n")
        self.harness.stdin.flush()
        answer = self.harness.stdout.readline()
        if not answer:
            raise RuntimeError(f"harness_http ended with {self.harness.wait()}")
        return answer.strip()

    def advance(self, until_s):
        """To the next request, or to the instant. True: something was asked."""
        before = len(self.world.seen)
        self.names()
        self.ask(f"next {int(until_s * 1e6)}")
        return len(self.world.seen) > before

    def sql(self, text):
        return self.cluster.sql(text, self.database)

    def memory(self):
        status = pathlib.Path(f"/proc/{self.harness.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) * 1024

    def wrong(self, text):
        self.problems.append(text)

    def state(self):
        row = self.sql("select coalesce(sum(stored),0), coalesce(sum(polls),0), count(last_error), coalesce(min(url),'') from whynow.feed_state")
        stored, polls, errors, url = row.split("|")
        return {"stored": int(stored), "polls": int(polls), "error": int(errors) > 0, "url": url}

    # --- one request against its step
    def check_request(self, i, before):
        seen, step = self.world.seen[i], self.scenario["steps"][self.world.seen[i].step]
        expect, name = step.get("expect", {}), f"step {seen.step + 1}"
        headers = {k.lower(): v for k, v in seen.headers.items()}
        answered = [s.done_at for s in self.world.seen[:i] if s.done_at]
        waited = seen.at - (max(answered) if answered else self.start_s)
        for key, value in expect.items():
            if key == "headers":
                for h, want in value.items():
                    if headers.get(h.lower()) != want:
                        self.wrong(f"{name}: {h}: expected {want!r}, got {headers.get(h.lower())!r}")
            elif key == "not_before_s" and waited < value - 0.01:
                self.wrong(f"{name}: asked {waited:.1f} s after the answer before, not before {value} s")
            elif key == "not_after_s" and waited > value:
                self.wrong(f"{name}: asked {waited:.1f} s after the answer before, not after {value} s")
            elif key == "not_in_hour_gmt":
                hour = time.gmtime(seen.at).tm_hour
                if hour in (value if isinstance(value, list) else [value]):
                    self.wrong(f"{name}: asked in hour {hour}")
            elif key == "interval_grows":
                self.check_growth(i, name)
            elif key not in ("not_before_s", "not_after_s", "no_request_within_s"):
                self.wrong(f"{name}: expect.{key} is not understood by check_http.py")

    def check_growth(self, i, name):
        same = [s for s in self.world.seen[:i + 1] if s.path == self.world.seen[i].path]
        gaps = [b.at - a.done_at for a, b in zip(same, same[1:])]
        if len(gaps) > 1 and gaps[-1] <= gaps[-2]:
            self.wrong(f"{name}: waited {gaps[-1]:.0f} s, the time before {gaps[-2]:.0f} s")

    def quiet_step(self):
        """The step that says that nothing is asked for some time, if it is the next."""
        for i, step in enumerate(self.scenario["steps"]):
            if self.world.taken[i] < step.get("paths", 1):
                return (i, step["expect"]["no_request_within_s"]) if "no_request_within_s" in step.get("expect", {}) else None
        return None

    def play_steps(self):
        checked, limit = 0, self.start_s + HORIZON_S
        before = {"stored": 0, "polls": 0}
        while not self.world.done() and self.shared.now_s() < limit:
            quiet = self.quiet_step()
            if quiet:
                answered = max([s.done_at for s in self.world.seen] or [self.start_s])
                if self.advance(answered + quiet[1]):
                    self.wrong(f"step {quiet[0] + 1}: asked {self.world.seen[-1].at - answered:.0f} s after, expected nothing within {quiet[1]} s")
                self.world.taken[quiet[0]] = self.scenario["steps"][quiet[0]].get("paths", 1)
            elif not self.advance(limit):
                break
            if self.memory_before is None:
                self.memory_before = self.memory()
            after, group = self.state(), self.world.seen[checked:]
            for i in range(checked, len(self.world.seen)):
                if self.world.seen[i].step is not None:
                    self.check_request(i, before)
            for step in {s.step for s in group if s.step is not None}:
                if "result" in self.scenario["steps"][step]:
                    self.check_result(self.scenario["steps"][step]["result"], f"step {step + 1}", after["stored"] - before["stored"], after)
            checked, before = len(self.world.seen), after
        for i, step in enumerate(self.scenario["steps"]):
            if self.world.taken[i] < step.get("paths", 1):
                self.wrong(f"step {i + 1} was never asked for")

    # --- results
    def check_result(self, result, name, new_items, state):
        for key, value in result.items():
            check = getattr(self, "result_" + key, None)
            if key == "new_items":
                if new_items != value:
                    self.wrong(f"{name}: {new_items} new items, expected {value}")
            elif key == "after_polls_at_most":
                pass  # with feed_url_eventually
            elif check:
                check(value, f"{name}: {key}", result, state)
            else:
                self.wrong(f"{name}: result.{key} is not understood by check_http.py")

    def result_error(self, value, name, *_):
        got = self.state()["error"]
        if got != value:
            self.wrong(f"{name}: {got}, expected {value}")

    def result_items_kept(self, value, name, *_):
        got = int(self.sql("select count(*) from whynow.sighting"))
        if got != value:
            self.wrong(f"{name}: {got}, expected {value}")

    def result_published(self, value, name, *_):
        got = self.sql("select coalesce(to_char(published_at at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), 'null') from whynow.sighting order by item limit 1")
        if got != (value or "null"):
            self.wrong(f"{name}: {got}, expected {value}")

    def url_path(self):
        url = self.state()["url"]
        return url if "://" in str(self.scenario.get("result", {}).get("feed_url", "")) else urllib.parse.urlsplit(url).path if url else self.feeds[0]

    def result_feed_url(self, value, name, *_):
        if self.url_path() != value:
            self.wrong(f"{name}: {self.url_path()}, expected {value}")

    def result_feed_url_eventually(self, value, name, result, _):
        while self.url_path() != value and self.state()["polls"] < result.get("after_polls_at_most", 10):
            if not self.advance(self.shared.now_s() + HORIZON_S):
                break
        if self.url_path() != value:
            self.wrong(f"{name}: {self.url_path()} after {self.state()['polls']} polls, expected {value}")

    def result_state(self, value, name, *_):
        got = self.sql("select case when next_at = 'infinity' then 'gone stopped disabled' when failures > 0 then 'failing error backoff' else 'good ok active' end"
                       " || ' ' || coalesce(last_error, '') || ' ' || why from whynow.feed_state limit 1").lower()
        if str(value).lower() not in got:
            self.wrong(f"{name}: {got}, expected {value}")

    def result_requests_at_most(self, value, name, *_):
        if len(self.world.seen) > value:
            self.wrong(f"{name}: {len(self.world.seen)}, expected at most {value}")

    def result_max_concurrent_per_host(self, value, name, *_):
        got = max([s.running for s in self.world.seen] or [0])
        if got > value:
            self.wrong(f"{name}: {got}, expected at most {value}")

    def result_min_gap_s(self, value, name, *_):
        at = sorted(s.at for s in self.world.seen)
        got = min([b - a for a, b in zip(at, at[1:])] or [value])
        if got < value - 0.001:
            self.wrong(f"{name}: {got:.3f}, expected at least {value}")

    def result_within_s(self, value, name, *_):
        got = (time.monotonic() - self.began) / REAL
        if got > value:
            self.wrong(f"{name}: {got:.0f}, expected at most {value}")

    def result_memory_at_most(self, value, name, *_):
        if self.memory() - self.memory_at_start > value:
            self.wrong(f"{name}: {self.memory() - self.memory_at_start} bytes, expected at most {value}")

    def result_bytes_read_at_most(self, value, name, *_):
        slack = 4 << 20  # in the buffers of both sockets, sent but never read
        got = max([s.sent for s in self.world.seen] or [0])
        if got > value + slack:
            self.wrong(f"{name}: {got}, expected at most {value}")

    def result_no_connection_to(self, value, name, *_):
        path = self.dir / "shared.connects"
        made = path.read_text().split() if path.exists() else []
        for one in value if isinstance(value, list) else [value]:
            host = urllib.parse.urlsplit(one if "://" in one else "//" + one).hostname or one
            if host in made or any(s.host.split(":")[0] == host for s in self.world.seen):
                self.wrong(f"{name}: {one} was connected to")

    def run(self):
        self.began = time.monotonic()
        try:
            self.memory_at_start = self.memory()
            self.play_steps()
            end = self.scenario.get("result", {})
            state = self.state()
            self.check_result(end, "end", state["stored"], state)
        finally:
            self.harness.stdin.close()
            try:
                self.harness.wait(30)
            except subprocess.TimeoutExpired:
                self.harness.kill()
                self.harness.wait()
                self.wrong("harness_http did not end")
            self.server.shutdown()
            self.server.server_close()
            self.cluster.drop(self.database)
            shutil.rmtree(self.dir, ignore_errors=True)
        if self.harness.returncode:
            self.wrong(f"harness_http ended with {self.harness.returncode}")
        return self.problems


class Cluster:
    """A private PostgreSQL, a template with the schema."""

    def __init__(self, binaries):
        self.dir = tempfile.mkdtemp(prefix="whynow-pg-")
        subprocess.run([ROOT / "tests/lib/pg.sh", "start", self.dir], check=True)
        whynow = [binaries / "whynow", "--database"]
        subprocess.run([*whynow, self.conninfo("postgres"), "db", "init", "--name", "template", "--key-file", f"{self.dir}/key", "--yes"],
                       check=True, stdout=subprocess.DEVNULL)
        subprocess.run([*whynow, self.conninfo("template"), "db", "migrate"], check=True, stdout=subprocess.DEVNULL)

    def conninfo(self, name):
        return f"host={self.dir}/sock dbname={name} user=postgres"

    def sql(self, text, name):
        done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", text, self.conninfo(name)], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def new_database(self):
        name = "w_" + uuid.uuid4().hex[:12]
        self.sql(f"create database {name} template template", "postgres")
        return name

    def drop(self, name):
        self.sql(f"drop database if exists {name} with (force)", "postgres")

    def stop(self):
        subprocess.run([ROOT / "tests/lib/pg.sh", "stop", self.dir], check=False)
        shutil.rmtree(self.dir, ignore_errors=True)


def play(scenario, cluster, binaries):
    try:
        return scenario, Play(scenario, cluster, binaries).run()
    except Exception as e:  # the case fails, the others are played
        return scenario, [f"{type(e).__name__}: {e}"]


def run(cases_dir, bin_dir):
    path = cases_dir / "http" / "scenarios.jsonl"
    if not path.exists() or not (bin_dir / "harness_http").exists():
        return
    only = os.environ.get("WHYNOW_HTTP", "")
    scenarios = [s for s in map(json.loads, path.open(encoding="utf-8")) if only in s["name"]]
    cluster = Cluster(bin_dir)
    try:
        with concurrent.futures.ThreadPoolExecutor(3) as pool:  # they mostly wait
            for scenario, problems in pool.map(lambda s: play(s, cluster, bin_dir), scenarios):
                yield "http", "optional" if scenario.get("optional") else "required", scenario["name"], not problems, "; ".join(problems)[:1000]
    finally:
        cluster.stop()
