#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An HTTP server on loopback that behaves as badly as the path says. Prints its ports: plain, TLS (0: no openssl).

Serves until stdin closes, so that it never outlives the test that started it.
"""
import gzip
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

bomb = gzip.compress(b"\0" * (64 << 20), 9)
connections = 0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        global connections
        connections += 1
        super().setup()

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def raw(self, data):
        self.wfile.write(data)
        self.wfile.flush()
        self.close_connection = True

    def any_method(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(length)
        name, _, self.arg = self.path.lstrip("/").partition("/")
        getattr(self, "on_" + name.replace("-", "_"), self.on_missing)()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = any_method

    def on_missing(self):
        self.answer(404, b"no such page")

    def on_ok(self):
        self.answer(200, b"fine", [("ETag", '"v1"'), ("X-Two", "first"), ("x-two", "second")])

    def on_echo(self):
        seen = {"method": self.command, "path": self.path, "body": self.body.decode("latin-1"),
                "headers": {k.lower(): v for k, v in self.headers.items()}, "connections": connections}
        self.answer(200, json.dumps(seen).encode(), [("Content-Type", "application/json")])

    def on_session(self):
        self.requests = getattr(self, "requests", 0) + 1
        self.answer(200, f"{'resumed' if self.connection.session_reused else 'new'} {self.requests}".encode())
        self.close_connection = self.arg in ("close", "notify")
        if self.arg == "notify":
            self.connection.settimeout(0.1)
            try:
                self.connection.unwrap()  # the word that this is the end; the client's is not waited for long
            except OSError:
                pass

    def on_status(self):
        self.answer(int(self.arg), b"")

    def on_gzip(self):
        self.answer(200, gzip.compress(b"packed " * 1000), [("Content-Encoding", "gzip")])

    def on_bad_gzip(self):
        self.answer(200, b"this is not gzip at all", [("Content-Encoding", "gzip")])

    def on_strange_encoding(self):
        self.answer(200, b"x", [("Content-Encoding", "gzip, gzip, gzip, gzip, gzip, gzip")])

    def on_bomb(self):
        self.answer(200, bomb, [("Content-Encoding", "gzip")])

    def on_huge(self):
        self.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nxxxx")

    def on_endless(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                self.wfile.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        except OSError:
            self.close_connection = True

    def on_header_flood(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        try:
            for i in range(100000):
                self.wfile.write(b"X-%d: %s\r\n" % (i, b"y" * 100))
        except OSError:
            pass
        self.close_connection = True

    def on_drip(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        try:
            for _ in range(1000):
                self.wfile.write(b"x")
                time.sleep(0.5)
        except OSError:
            self.close_connection = True

    def on_silent(self):
        time.sleep(20)

    def on_truncated(self):
        self.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this")

    def on_truncated_chunks(self):
        self.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")

    def on_reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def on_garbage(self):
        self.raw(b"SSH-2.0-hello\r\n\r\n\x00\x01\x02")

    def on_nothing(self):
        self.close_connection = True

    def on_early_hints(self):
        self.raw(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\nX-Two: no\r\n\r\n"
                 b"HTTP/1.1 200 OK\r\nX-Two: yes\r\nTransfer-Encoding: chunked\r\n\r\n"
                 b"2\r\nok\r\n0\r\nX-Trailer: evil\r\n\r\n")

    def on_control_header(self):
        self.raw(b"HTTP/1.1 200 OK\r\nX-Two: a\x01\x1b[31mb\r\nContent-Length: 0\r\n\r\n")

    def on_redirect(self):  # /redirect/N goes on N more times
        n = int(self.arg)
        if n == 0:
            return self.on_ok()
        self.answer(301, b"moved", [("Location", "/redirect/%d" % (n - 1))])

    def on_loop(self):
        self.answer(302, b"", [("Location", "/loop/b" if self.arg == "a" else "/loop/a")])

    def on_to(self):  # /to/CODE/URL
        code, _, url = self.arg.partition("/")
        self.answer(int(code), b"go away", [("Location", url)])

    def on_cached(self):
        if self.headers.get("If-None-Match") == '"v1"' or self.headers.get("If-Modified-Since"):
            return self.answer(304, b"")
        self.answer(200, b"new", [("ETag", '"v1"')])


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_):
        pass


def tls_server():
    folder = tempfile.mkdtemp()
    cert = os.path.join(folder, "cert.pem")
    try:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", cert,
                        "-out", cert + ".crt"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return None, ""
    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert + ".crt", cert)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return server, cert + ".crt"


plain = Server(("127.0.0.1", 0), Handler)
tls, crt = tls_server()
for s in (plain, tls):
    if s:
        threading.Thread(target=s.serve_forever, daemon=True).start()
print(plain.server_port, tls.server_port if tls else 0, crt or "-", flush=True)
sys.stdin.read()
if crt:
    for path in (crt, crt[:-4]):
        os.unlink(path)
    os.rmdir(os.path.dirname(crt))
