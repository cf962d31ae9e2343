#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Real SMTP servers (aiosmtpd) on loopback: plain without and with SMTPUTF8, STARTTLS with AUTH, TLS from the start; and one that is
no server at all but misbehaves. Prints its ports and the certificate. Every mail taken is printed as one line of JSON behind that.

What it answers is decided by the recipient: CODE@... refuses RCPT with that code, data-CODE@... refuses the mail itself, mail-CODE as
sender refuses MAIL. Serves until stdin closes.
"""
import asyncio
import json
import os
import ssl
import subprocess
import sys
import tempfile

from aiosmtpd.smtp import SMTP, AuthResult

WORDS = {"550": "550 5.1.1 no such user", "551": "551 go elsewhere", "552": "552 5.2.2 mailbox full", "450": "450 4.2.0 greylisted, come again",
         "554": "554 5.7.1 relaying denied", "530": "530 5.7.0 authentication required"}


class Handler:
    async def handle_MAIL(self, server, session, envelope, address, options):
        local = address.partition("@")[0]
        if local.startswith("mail-"):
            return WORDS[local[5:]]
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        local = address.partition("@")[0]
        if local in WORDS:
            return WORDS[local]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        local = envelope.rcpt_tos[0].partition("@")[0]
        if local.startswith("data-"):
            return WORDS[local[5:]]
        if local == "hang":
            await asyncio.sleep(30)
        if local == "drop":
            server.transport.abort()
            return "250 OK"
        session.slow = local == "slow-goodbye"
        print(json.dumps({"from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": session.ssl is not None, "user": str(session.auth_data or ""),
                          "mail_options": envelope.mail_options, "message": envelope.content.decode("utf-8", "replace")}), flush=True)
        return "250 2.0.0 taken"

    async def handle_QUIT(self, server, session, envelope):
        if getattr(session, "slow", False):
            await asyncio.sleep(30)
        return "221 2.0.0 goodbye"


def authenticate(server, session, envelope, mechanism, data):
    good = data.login == b"whynow" and data.password == b"secret"
    return AuthResult(success=good, auth_data=data.login.decode() if good else None)


def certificate():
    folder = tempfile.mkdtemp()
    cert = os.path.join(folder, "cert.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", cert, "-out", cert + ".crt"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert + ".crt", cert)
    return context, cert + ".crt"


async def rude(reader, writer):
    """Greets, then closes."""
    writer.write(b"554 5.3.2 not today\r\n")
    await writer.drain()
    writer.close()


async def main():
    loop = asyncio.get_running_loop()
    context, cert = certificate()
    sys.stderr = open(os.devnull, "w")
    kinds = [dict(enable_SMTPUTF8=False), dict(enable_SMTPUTF8=True),
             dict(tls_context=context, require_starttls=True, auth_required=True, authenticator=authenticate), dict()]
    ports = []
    for i, kind in enumerate(kinds):
        server = await loop.create_server(lambda kind=kind: SMTP(Handler(), hostname="mail.example.com", loop=loop, **kind), "127.0.0.1", 0,
                                          ssl=context if i == 3 else None)
        ports.append(server.sockets[0].getsockname()[1])
    ports.append((await asyncio.start_server(rude, "127.0.0.1", 0)).sockets[0].getsockname()[1])
    print(*ports, cert, flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    os._exit(0)


asyncio.run(main())
