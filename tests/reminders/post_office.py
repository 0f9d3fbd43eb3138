"""A real mail server on loopback, with a throw-away authority that vouches for it.

Each server keeps the mails that it accepted and, apart, every byte that came in
before the line was secured.
"""

import asyncio
import datetime as dt
import ipaddress
import socket
import ssl
import threading
from contextlib import contextmanager
from email import message_from_bytes
from email.policy import default as modern
from functools import partial

from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOST = "127.0.0.1"


class Authority:
    """A certificate authority of one minute's standing, and one server certificate."""

    def __init__(self, folder):
        self.ca_file = folder / "ca.pem"
        self.server_file = folder / "server.pem"
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name(
            [x509.NameAttribute(x509.NameOID.COMMON_NAME, folder.name)]
        )
        self._write_own()
        self._write_server()

    def context(self):
        """What a server needs to prove who it is."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.server_file)
        return context

    def _builder(self, subject, key):
        day = dt.timedelta(days=1)
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - day)
            .not_valid_after(now + day)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    self._key.public_key()
                ),
                False,
            )
        )

    def _write_own(self):
        usage = dict.fromkeys(
            (
                "digital_signature",
                "content_commitment",
                "key_encipherment",
                "data_encipherment",
                "key_agreement",
                "encipher_only",
                "decipher_only",
            ),
            False,
        )
        certificate = (
            self._builder(self._name, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
            .add_extension(
                x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage), True
            )
            .sign(self._key, hashes.SHA256())
        )
        self.ca_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def _write_server(self):
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.IPAddress(ipaddress.ip_address(HOST))]
        certificate = (
            self._builder(x509.Name([]), key)
            .add_extension(x509.SubjectAlternativeName(names), True)
            .sign(self._key, hashes.SHA256())
        )
        self.server_file.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )


class PostOffice:
    """What one server was told; a subclass may answer differently.

    Attributes:
        mails: each accepted message, as (envelope sender, recipients, content).
        clear: every byte that arrived before the line was secured.
        lines: how many connections were made.
        port: where it listens.
        transports: the server's ends of all connections.
    """

    def __init__(self):
        self.mails = []
        self.clear = b""
        self.lines = 0
        self.port = 0
        self.transports = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.accept(envelope)
        return "250 OK"

    def accept(self, envelope):
        content = message_from_bytes(envelope.content, policy=modern)
        self.mails.append((envelope.mail_from, list(envelope.rcpt_tos), content))


class _Line(SMTP):
    """One connection to a post office, which notes what comes in clear."""

    def connection_made(self, transport):
        if self.transport is None:  # else it is the same line, now secured
            self.event_handler.lines += 1
            self.event_handler.transports.append(transport)
        super().connection_made(transport)

    def data_received(self, data):
        if self.transport.get_extra_info("sslcontext") is None:
            self.event_handler.clear += data
        super().data_received(data)


def only_this_password(_server, _session, _envelope, _mechanism, data):
    """Let `reminders` in, with the password `open sesame`."""
    known = (data.login, data.password) == (b"reminders", b"open sesame")
    return AuthResult(success=known, handled=False)


@contextmanager
def listening(office, *, tls_context=None, wrapped=False, **options):
    """Let a post office listen on loopback while the block runs.

    With `wrapped` the line is secured from its first byte, else by STARTTLS where a
    context is given.
    """
    loop = asyncio.new_event_loop()
    if not wrapped:
        options["tls_context"] = tls_context
    line = partial(_Line, office, hostname="mail.test", loop=loop, **options)
    outer = tls_context if wrapped else None
    server = loop.run_until_complete(loop.create_server(line, HOST, 0, ssl=outer))
    office.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield office
    finally:
        asyncio.run_coroutine_threadsafe(_closed(server, office), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _closed(server, office):
    server.close()
    for transport in office.transports:
        transport.abort()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    # A few more turns, for the transports to see that their lines are gone.
    for _ in range(5):
        await asyncio.sleep(0)


@contextmanager
def silent_server():
    """A server that takes the call and never says a word."""
    with socket.create_server((HOST, 0)) as server:
        yield server.getsockname()[1]
