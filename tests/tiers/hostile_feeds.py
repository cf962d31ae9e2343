#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Feeds that mean harm, and two that do not, each on an address of its own in 127/8. Prints one JSON object: feed to URL.

A good feed has one item more at each answer. Serves until stdin closes, so that it never outlives the test that started it.
"""
import gzip
import json
import socket
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HEAD = b'<rss version="2.0"><channel><title>t</title>'
ITEM = "<item><guid isPermaLink=\"false\">%s</guid><title>%s</title><description>%s</description></item>"
MIB = 1 << 20
FEEDS = {}


def feed(f):
    FEEDS[f.__name__.replace("_", "-")] = f
    return f


def rss(*items):
    return HEAD + "".join(ITEM % i for i in items).encode() + b"</channel></rss>"


@feed
def good_rss(h):
    h.server.asked += 1
    h.answer(rss(*[(f"g{i}", f"Acme raises {i}", "words") for i in range(h.server.asked)]))


@feed
def good_json(h):
    h.server.asked += 1
    h.answer(json.dumps({"items": [{"id": f"j{i}", "title": "hello"} for i in range(h.server.asked)]}).encode())


@feed
def gzip_bomb(h):
    h.answer(BOMB, ("Content-Encoding", "gzip"))


@feed
def endless(h):
    h.begin(("Transfer-Encoding", "chunked"))
    while True:
        h.wfile.write(b"10000\r\n" + b" " * 65536 + b"\r\n")


@feed
def drip(h):
    h.begin(("Content-Length", "1000000"))
    for byte in HEAD * 10000:
        h.wfile.write(bytes([byte]))
        time.sleep(1)


@feed
def redirect_loop(h):
    h.answer(b"", ("Location", "/b" if h.path == "/a" else "/a"), status=302)


METADATA = ["169.254.169.254/latest/meta-data/", "2852039166/", "[::ffff:169.254.169.254]/", "[64:ff9b::a9fe:a9fe]/"]


def to_metadata(url):
    def redirect(h):
        h.answer(b"", ("Location", "http://" + url), status=302)
    return redirect


for number, url in enumerate(METADATA):
    FEEDS[f"metadata-{number}"] = to_metadata(url)


@feed
def header_flood(h):
    h.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for i in range(1000000):
        h.wfile.write(b"X-%d: %s\r\n" % (i, b"y" * 100))


@feed
def xml_entities(h):
    rows = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
    h.answer(f'<!DOCTYPE rss [<!ENTITY l0 "ha"><!ENTITY x SYSTEM "file:///etc/passwd">{rows}]>'.encode()
             + rss(("&l11;", "&l11;", "&l11;"), ("2", "&x;", "")))


@feed
def xml_depth(h):
    h.answer(HEAD + b"<d>" * (5 * MIB))


@feed
def xml_attributes(h):
    h.answer(HEAD + b"<item " + b"".join(b'a%d="b" ' % i for i in range(900000)) + b"></item></channel></rss>")


@feed
def json_depth(h):
    h.answer(b'{"items": [' + b"[" * (7 * MIB) + b"]" * (7 * MIB) + b"]}")


@feed
def json_endless(h):
    h.answer(b'{"items": ' + b"[" * (15 * MIB))


@feed
def json_width(h):
    h.answer(b'{"items": [0' + b",1" * (7 * MIB) + b"]}")


@feed
def json_number(h):
    h.answer(b'{"items": [{"id": ' + b"9" * (8 * MIB) + b"}]}")


@feed
def reset(h):
    h.begin(("Content-Length", "100000"))
    h.wfile.write(HEAD)
    h.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    h.connection.close()


@feed
def many_items(h):
    h.answer(rss(*[(i, f"Item {i}", "w" * 750) for i in range(18500)]))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def begin(self, *headers, status=200):
        self.close_connection = True
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def answer(self, body, *headers, status=200):
        self.begin(("Content-Length", str(len(body))), *headers, status=status)
        self.wfile.write(body)

    def do_GET(self):
        try:
            self.server.feed(self)
        except OSError:
            self.close_connection = True  # the daemon had enough


class Server(ThreadingHTTPServer):
    daemon_threads = True
    asked = 0

    def handle_error(self, *_):
        pass


if __name__ == "__main__":
    BOMB = gzip.compress(bytes(64 * MIB), 9)
    urls = {}
    for number, (name, f) in enumerate(FEEDS.items()):
        server = Server((f"127.0.1.{number + 1}", 0), Handler)
        server.feed = f
        urls[name] = "http://%s:%d/a" % server.server_address
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps(urls), flush=True)
    sys.stdin.read()
