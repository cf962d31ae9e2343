#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The world outside for crash tests: answers feeds from DIR/answers, records what is posted. It outlives the killed process.

server.py DIR LOG: prints its port. DIR/answers/HOST/PATH holds the status on the first line, then the body; a status of
599 drops the connection. A post is written to LOG as one line `PATH WEBHOOK-ID` before it is answered.
"""
import http.server
import pathlib
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def answer(self, default):
        path = pathlib.Path(sys.argv[1]) / "answers" / self.path.split("?")[0].strip("/")
        try:
            status, body = path.read_bytes().split(b"\n", 1)
        except (FileNotFoundError, ValueError, IsADirectoryError):
            status, body = default, b""
        if int(status) == 599:
            self.close_connection = True
            return
        self.send_response(int(status))
        if int(status) != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if int(status) != 204:
            self.wfile.write(body)

    def do_GET(self):
        self.answer(b"404")

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with open(sys.argv[2], "a") as f:
            f.write(f"{self.path} {self.headers.get('webhook-id')}\n")
        self.answer(b"204")


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
