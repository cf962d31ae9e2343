# SPDX-License-Identifier: MIT
"""Ways in besides polling, against the true daemon: POST /v1/signals (who may send, what 200 means, that sending twice is harmless)
and a stream whose answer does not end."""
import base64
import email
import email.policy
import hashlib
import hmac
import json
import os
import re
import signal
import socket
import socketserver
import subprocess
import time
import threading
import urllib.error
import urllib.request

import pytest
from conftest import ROOT, build, run

FEED = """feed: events
format: json
push: {bearer: credential:token, secrets: [credential:hook]}
id: item.id
accounts: create
account: {domain_from: item.domain}
signal: {kind: page_view, path: item.path}
"""
SECRET = base64.b64encode(b"twenty-four bytes or more!!").decode()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Daemon:
    def __init__(self, cluster, tmp, bin_dir, more="", options="", files=None, http=""):
        self.cluster, self.name, self.port = cluster, cluster.database(bin_dir), free_port()
        self.tmp, self.bin = tmp, bin_dir
        for folder in ("feeds.d", "sinks.d", "kinds.d", "traits.d", "credentials"):
            (tmp / folder).mkdir()
        (tmp / "feeds.d/events.yaml").write_text(FEED + more)
        (tmp / "credentials/installation-key").write_bytes((cluster.dir / "installation.key").read_bytes())
        (tmp / "credentials/token").write_text("open sesame\n")
        (tmp / "credentials/hook").write_text("whsec_" + SECRET)
        (tmp / "whynow.yaml").write_text(
            f"listen: {{control: {tmp}/control}}\nhttp: {{listen: '127.0.0.1:{self.port}'{http}}}\n"
            f"database: {{conninfo: '{cluster.conninfo(self.name)}'}}\n"
            f"dirs: {{feeds: feeds.d, sinks: sinks.d, kinds: kinds.d, traits: traits.d, vendor: {ROOT}/conf, extract: {ROOT}/conf/extract, spool: {tmp}}}\n{options}")
        for name, text in (files or {}).items():
            (tmp / name).write_text(text)
        self.env = dict(os.environ, CREDENTIALS_DIRECTORY=str(tmp / "credentials"))
        self.start()

    def start(self):
        with open(self.tmp / "log", "a") as log:
            self.process = subprocess.Popen([self.bin / "whynowd", "--config", self.tmp / "whynow.yaml"], stderr=log, env=self.env)

    def said(self):
        return (self.tmp / "log").read_text()

    def whynow(self, *words):
        return run([self.bin / "whynow", "--config", self.tmp / "whynow.yaml", *words], env=self.env, cwd=self.tmp)

    def post(self, body, path="/v1/signals/events", **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        names = {k.replace("_", "-"): v for k, v in headers.items()}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, {"Content-Type": "application/json", **names})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as e:
            text = e.read()  # what libevent itself refuses is told in HTML
            return e.code, json.loads(text) if text.startswith(b"{") else text
        except OSError as e:
            return 0, str(e)

    def wait(self):
        """Until the daemon takes pushes; a deadline, no guess."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            status, _ = self.post([], Authorization="Bearer open sesame")
            if status == 200:
                return
            assert self.process.poll() is None, self.said()
            time.sleep(0.1)
        raise AssertionError("the daemon takes no pushes")

    def count(self):
        return int(self.cluster.sql("select count(*) from whynow.sighting", self.name))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)
        self.cluster.drop(self.name)
        return self.process.returncode, self.said()


@pytest.fixture
def daemon(cluster, tmp_path):
    d = Daemon(cluster, tmp_path, build(os.environ.get("WHYNOW_BUILD", "san")))
    d.wait()
    yield d
    code, err = d.stop()
    assert code == 0, err[-3000:]


def signed(body, secret=SECRET, at=None, name="msg_1"):
    at = str(int(at or time.time()))
    mac = hmac.new(base64.b64decode(secret), f"{name}.{at}.".encode() + body, hashlib.sha256).digest()
    return {"webhook_id": name, "webhook_timestamp": at, "webhook_signature": "v1," + base64.b64encode(mac).decode()}


def test_pushes_are_taken_once_and_only_from_those_who_may(daemon):
    good = {"Authorization": "Bearer open sesame"}
    one = {"id": "a", "domain": "acme.com", "path": "/pricing"}
    assert daemon.post(one)[0] == 401
    assert daemon.post(one, Authorization="Bearer open sesame!")[0] == 401
    assert daemon.post(one, path="/v1/signals/nobody", **good)[0] == 404
    assert daemon.post(b"{\"id\": ", **good)[0] == 400
    assert daemon.count() == 0
    status, answer = daemon.post(one, **good)
    assert (status, answer["stored"], daemon.count()) == (200, 1, 1)  # committed before it was answered
    status, answer = daemon.post([one, {"id": "b", "domain": "acme.com", "path": "/"}, {"id": "c"}], **good)
    assert (status, answer["stored"], answer["duplicate"], answer["rejected"]) == (200, 1, 1, 1)
    body = json.dumps([{"id": "d", "domain": "beta.example", "path": "/"}]).encode()
    assert daemon.post(body, **signed(body))[0] == 200
    assert daemon.post(body + b" ", **signed(body))[0] == 401
    assert daemon.post(body, **signed(body, at=time.time() - 3600))[0] == 401
    assert daemon.count() == 3
    assert daemon.post({}, path="/v1/reload", **good)[0] == 404  # the open address has nothing else


def test_a_body_longer_than_http_body_max_is_refused_and_the_next_one_taken(cluster, tmp_path):
    d = Daemon(cluster, tmp_path, build(os.environ.get("WHYNOW_BUILD", "san")), http=", body_max: 2KiB")
    d.wait()
    good = {"Authorization": "Bearer open sesame"}
    one = {"id": "a", "domain": "acme.example", "path": "/" + "x" * 3000}
    assert d.post([one], **good)[0] == 413
    assert d.count() == 0
    assert d.post([dict(one, path="/")], **good)[0] == 200
    assert d.count() == 1
    code, err = d.stop()
    assert code == 0, err[-3000:]


class Lock:
    """Holds a table, so that nothing can be committed that writes to it."""

    def __init__(self, cluster, database, table):
        self.psql = subprocess.Popen(["psql", "-XAtq", cluster.conninfo(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.psql.stdin.write(f"begin; lock table {table} in exclusive mode; select 'held';\n")
        self.psql.stdin.flush()
        assert self.psql.stdout.readline() == "held\n"

    def release(self):
        self.psql.communicate("commit;\n", timeout=60)


def test_a_push_is_answered_when_it_is_committed_and_not_before(daemon):
    good = {"Authorization": "Bearer open sesame"}
    one = {"id": "a", "domain": "acme.com", "path": "/pricing"}
    waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"

    def push():
        answers = []
        thread = threading.Thread(target=lambda: answers.append(daemon.post(one, **good)))
        thread.start()
        until(lambda: daemon.cluster.sql(waits, daemon.name) != "0")  # the daemon's own statement
        return thread, answers

    lock = Lock(daemon.cluster, daemon.name, "whynow.sighting")
    thread, answers = push()
    assert answers == [] and daemon.count() == 0
    lock.release()
    thread.join(60)
    assert (answers[0][0], answers[0][1]["stored"], daemon.count()) == (200, 1, 1)

    # Killed before the commit: nobody was told that it is stored, and it is not; said again it is.
    one["id"] = "b"
    lock = Lock(daemon.cluster, daemon.name, "whynow.sighting")
    thread, answers = push()
    daemon.process.kill()
    daemon.process.wait(timeout=60)
    thread.join(60)
    assert answers[0][0] == 0
    lock.release()
    assert daemon.count() == 1
    daemon.start()
    daemon.wait()
    status, answer = daemon.post(one, **good)
    assert (status, answer["stored"], daemon.count()) == (200, 1, 2)


class Stream(socketserver.TCPServer):
    """Sends what it is told over one answer that goes on and on; wants the credential."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), None)
        self.port = self.server_address[1]
        self.requests, self.open = [], None
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def finish_request(self, peer, _address):
        self.requests.append(peer.recv(65536).decode())
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n")
        self.open = peer

    def shutdown_request(self, peer):
        """The answer goes on."""

    def send(self, text):
        data = text.encode()
        self.open.sendall(f"{len(data):x}\r\n".encode() + data + b"\r\n")


def until(what, seconds=60, pause=0.1):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(pause)


def test_a_stream_is_stored_line_by_line_and_goes_on_behind_its_cursor(cluster, tmp_path):
    stream = Stream()
    d = Daemon(cluster, tmp_path, build(os.environ.get("WHYNOW_BUILD", "san")), f"""---
feed: lines
url: http://127.0.0.1:{stream.port}/events
format: jsonl
allow_private: true
auth: {{bearer: credential:token}}
stream: {{cursor: item.offset, param: since}}
id: item.id
accounts: create
account: {{domain: acme.com}}
signal: {{kind: page_view, path: item.id}}
""")
    until(lambda: stream.open)
    assert "Authorization: Bearer open sesame\r\n" in stream.requests[0]
    stream.send('{"id": "a", "offset": 7}\n{"id": "b", "off')
    until(lambda: d.count() == 1)  # the answer is still open, half a line waits
    stream.send('set": 8}\n')
    until(lambda: d.count() == 2)
    stream.open.close()
    until(lambda: len(stream.requests) == 2)  # begun anew after ten seconds
    assert stream.requests[1].startswith("GET /events?since=8 ")
    code, err = d.stop()  # with the stream open
    stream.shutdown()
    stream.server_close()
    assert code == 0, err[-3000:]


MAILS = """segment: visitors
owner: ana@example.com
when: signal.kind == "page_view"
who: contact.level >= 5
audience: {min: 1, warn: 50, max: 100}
life: {intake: 7d, box: 10d, max: 42d}
exit: stop
goal: {metric: meeting, target: 5%, window: 30d}
mode: live
sequence:
  - {after: 0h, channel: email, subject: "About {{signal.path}}", body: "You looked at {{signal.path}}."}
"""


def test_whoever_clicks_unsubscribe_in_a_mail_is_written_to_no_more(cluster, smtp, tmp_path):
    d = Daemon(cluster, tmp_path, build(os.environ.get("WHYNOW_BUILD", "san")), options="touches: {window: none}\n", files={
        "sinks.d/mail.yaml": f"sink: mail\nkind: smtp\nurl: smtp://127.0.0.1:{smtp.port}\nstarttls: false\nallow_private: true\nchannels: [email]\n"
                             "from: ana@example.com\nunsubscribe: {mailto: leave@example.com}\n",
        "accounts.csv": "domain,name\nacme.example,Acme\n",
        "contacts.csv": "email,first name,title,domain\nann@acme.example,Ann,VP People,acme.example\n",
        "visitors.yaml": MAILS,
    }, http=", public_url: 'https://go.example.com/'")
    d.wait()
    for words in (["account", "import", "accounts.csv"], ["contact", "import", "contacts.csv"], ["segment", "apply", "visitors.yaml", "--yes"]):
        d.whynow(*words)
    assert d.post({"id": "a", "domain": "acme.example", "path": "/pricing"}, Authorization="Bearer open sesame")[0] == 200
    mail = email.message_from_string(json.loads(smtp.stdout.readline())["message"], policy=email.policy.default)
    link = re.search("<https://go.example.com(/u/[0-9a-f]+)>", mail["list-unsubscribe"])[1]

    def ask(path, data=None):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{d.port}{path}", data, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode()

    def suppressed():
        return cluster.sql("select reason from whynow.suppression", d.name)
    status, text = ask(link)  # a scanner of links that only looks
    assert status == 200 and "<form method=\"post\">" in text
    assert ask(link[:-1] + ("0" if link[-1] != "0" else "1"), b"")[0] == 404
    assert suppressed() == ""
    assert ask(link, b"List-Unsubscribe=One-Click")[0] == 200
    assert ask(link, b"List-Unsubscribe=One-Click")[0] == 200  # twice is once
    assert suppressed() == "opt_out"
    assert cluster.sql("select left_why from whynow.member", d.name) == "opted_out"
    code, err = d.stop()
    assert code == 0, err[-3000:]
