# SPDX-License-Identifier: MIT
"""What all benchmarks share: a private cluster, a server of answers on loopback, whynowd under measurement, verdicts."""
import http.client
import http.server
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
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
		track_commit_timestamp = on
"""


def psql(conninfo, sql=None, file=None):
    argv = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", conninfo, "-f", str(file or "-")]
    done = subprocess.run(argv, input=sql, capture_output=True, text=True)
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
    def __init__(self, b, name, database, feeds, poll="host_gap: 0s, per_host: 8"):
        self.b, self.dir, self.database = b, b.dir / name, database
        for d in ("feeds.d", "sinks.d", "kinds.d", "traits.d"):
            (self.dir / d).mkdir(parents=True, exist_ok=True)
        for i in range(0, len(feeds), 1000):
            (self.dir / f"feeds.d/feeds-{i // 1000:03d}.yaml").write_text("---\n".join(feeds[i:i + 1000]).replace("PORT", str(b.port)))
        (self.dir / "sinks.d/mail.yaml").write_text(f"sink: mail\nkind: file\npath: {self.dir}/mail.jsonl\nchannels: [email, crm-task]\nevents: [campaign.*]\n")
        (self.dir / "whynow.yaml").write_text(
            f"instance: bench\ndatabase: {{conninfo: \"{b.conninfo(database, 'whynow')}\"}}\nlisten: {{control: {self.dir}/control}}\n"
            f"dirs: {{feeds: feeds.d, sinks: sinks.d, kinds: kinds.d, traits: traits.d, vendor: {ROOT}/conf, extract: {ROOT}/conf/extract, "
            f"spool: {self.dir}}}\nbatch: {{items: {b.args.batch}}}\ntouches: {{window: none}}\npoll: {{flood_min: 1000000, {poll}}}\n")
        (self.dir / "token").write_text("bench")
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

    def ask(self, verb, path, body=b""):
        c = Control(self.dir / "control")
        c.request(verb, path, body, {"Content-Length": str(len(body)), "Content-Type": "application/json", "Authorization": "Bearer bench"} if verb == "POST" else {})
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

    def kill(self):
        """Crash-only: what is due later stays due."""
        self.process.kill()
        self.process.wait(30)


class Bench:
    def __init__(self, args):
        self.args, self.bin, self.wrap = args, (ROOT / args.bin).resolve(), args.wrap.split() if args.wrap else []
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="whynow-bench-"))
        self.dir.chmod(0o755)
        self.missed, self.templates = [], set()
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
        self.import_accounts("base", ACCOUNTS, contacts=2)
        values = ",\n".join(f"('{name}', 1, $src${text}$src$)" for name, text in world.segments())
        psql(self.conninfo("base"), f"INSERT INTO whynow.segment_version (name, version, source) VALUES {values}")
        psql(self.conninfo("base"), "VACUUM ANALYZE")

    def import_accounts(self, database, n, contacts):
        """Only what is not there yet is new: the first ACCOUNTS are those of base."""
        config = ["--config", Daemon(self, database, database, []).dir / "whynow.yaml"]
        world.accounts_csv(self.dir / "accounts.csv", n)
        world.contacts_csv(self.dir / "contacts.csv", n, contacts)
        env = dict(os.environ, CREDENTIALS_DIRECTORY=str(self.dir))
        for what in ("account", "contact"):
            began = time.monotonic()
            done = subprocess.run([self.bin / "whynow", *config, what, "import", self.dir / f"{what}s.csv"], env=env, capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(done.stdout + done.stderr)
            print(f"{what} import into {database}: {n * (contacts if what == 'contact' else 1)} rows in {time.monotonic() - began:.1f} s", flush=True)

    def database(self, name, template="base"):
        psql(self.conninfo(), f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def server_cpu(self, database):
        """Seconds of CPU of each of whynowd's sessions, as words."""
        rows = psql(self.conninfo(database), "SELECT pid, regexp_replace(application_name, '.*/', '') FROM pg_stat_activity WHERE application_name LIKE '%/%' ORDER BY 2")
        return ", ".join(f"{name} {self.cpu(int(pid)):.1f} s" for pid, name in (r.split("|") for r in rows.splitlines()))

    @staticmethod
    def cpu(pid):
        fields = open(f"/proc/{pid}/stat").read().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

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
