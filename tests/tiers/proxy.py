# SPDX-License-Identifier: MIT
"""A proxy for tests: HTTP (absolute requests and CONNECT) and SOCKS 5 on one port. Writes down what it is asked to reach, and reaches
one place only, whatever it was asked for: so a name needs no resolver."""
import socket
import socketserver
import threading


def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
        b.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def join(a, b):
    other = threading.Thread(target=pump, args=(b, a), daemon=True)
    other.start()
    pump(a, b)
    other.join()
    b.close()


class Proxy(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, leads_to, refuses=()):
        super().__init__(("127.0.3.1", 0), None)
        self.leads_to, self.refuses, self.asked = leads_to, refuses, []
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def finish_request(self, peer, _address):
        (self.socks if peer.recv(1, socket.MSG_PEEK) == b"\x05" else self.http)(peer)

    def handle_error(self, peer, _address):
        """Who goes away in the middle is no fault of the test's."""

    def reach(self, target):
        self.asked.append(target)
        return None if target.rsplit(":", 1)[0] in self.refuses else socket.create_connection(self.leads_to(target))

    def socks(self, peer):
        peer.recv(262)
        peer.sendall(b"\x05\x00")
        head = peer.recv(4)
        kind = head[3]
        host = peer.recv(peer.recv(1)[0]).decode() if kind == 3 else "address:" + peer.recv(4 if kind == 1 else 16).hex()
        there = self.reach(f"{host}:{int.from_bytes(peer.recv(2), 'big')}")
        peer.sendall(b"\x05" + (b"\x00" if there else b"\x02") + b"\x00\x01" + bytes(6))
        if there:
            join(peer, there)

    def http(self, peer):
        head = b""
        while b"\r\n\r\n" not in head:
            more = peer.recv(65536)
            if not more:
                return
            head += more
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        connect = method == "CONNECT"
        there = self.reach(target if connect else target.split("/")[2] + ":")
        if not there:
            peer.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        elif connect:
            peer.sendall(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")
        else:
            there.sendall(head)
        if there:
            join(peer, there)
