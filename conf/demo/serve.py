#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Serves the recorded feeds on loopback as they were at the demonstration's time, and takes what the webhook sink posts.

serve.py DIR --start TIME --factor N --log FILE: prints the port on the first line. A recording is DIR/FEED/INSTANT.EXT;
the newest whose instant is not in the future is the answer. Conditional requests and gzip as real servers do.
"""
import argparse
import datetime
import gzip
import hashlib
import http.server
import pathlib
import time

TYPES = {".rss": "application/rss+xml", ".atom": "application/atom+xml", ".json": "application/json"}


def instant(path):
    return datetime.datetime.strptime(path.stem, "%Y-%m-%dT%H%M").replace(tzinfo=datetime.timezone.utc)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        args = self.server.args
        if args.began is None:
            args.began = time.monotonic()  # the first request comes when the daemon's clock starts
        now = args.start + datetime.timedelta(seconds=(time.monotonic() - args.began) * args.factor)
        folder = pathlib.Path(args.dir) / self.path.split("?")[0].strip("/")
        there = sorted(p for p in folder.glob("*") if instant(p) <= now) if folder.is_dir() else []
        if not there:
            return self.answer(404)
        body = there[-1].read_bytes()
        etag = '"' + hashlib.sha256(body).hexdigest()[:16] + '"'
        if self.headers.get("If-None-Match") == etag:
            return self.answer(304, headers=[("ETag", etag)])
        headers = [("ETag", etag), ("Content-Type", TYPES[there[-1].suffix])]
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, mtime=0)
            headers.append(("Content-Encoding", "gzip"))
        return self.answer(200, body, headers)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with open(self.server.args.log, "ab") as f:
            f.write(body + b"\n")
        self.answer(204)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("dir")
    p.add_argument("--start", required=True, type=lambda t: datetime.datetime.fromisoformat(t.replace("Z", "+00:00")))
    p.add_argument("--factor", type=float, default=1)
    p.add_argument("--log", required=True)
    args = p.parse_args()
    args.began = None
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.args = args
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
