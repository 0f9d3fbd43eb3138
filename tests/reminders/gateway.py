"""A real HTTP server on loopback that answers exactly what a test tells it to.

An answer is the very bytes that go out, so that it can also lie, stop half way, drip,
or never come.
"""

import contextlib
import socket
import threading
import time

HOST = "127.0.0.1"


def said(status, *headers, body=b"", length=None):
    """The bytes of an answer; `length` is what it claims its body to be."""
    lines = [f"HTTP/1.1 {status} Whatever", *headers]
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode() + body


OK = said(200)


class Gateway:
    """What one server was posted.

    Attributes:
        requests: each as (request line, headers, body).
        answers: what to answer to each in turn; the last one for ever.
        port: where it listens.
    """

    def __init__(self):
        self.requests = []
        self.answers = [OK]
        self.port = 0

    def answer(self, line):
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if callable(answer):
            answer(line)
        else:
            line.sendall(answer)


def hang(line):
    """Say nothing until the other side gives up."""
    line.settimeout(30)
    with contextlib.suppress(OSError):
        line.recv(1)


def drip(line):
    """Say a header that never ends, a letter at a time."""
    with contextlib.suppress(OSError):
        line.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(1000):
            line.sendall(b"x")
            time.sleep(0.05)


def hang_up(line):
    """Say nothing and go away."""


def _read(line):
    """A whole request, by the length that it names."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        piece = line.recv(65536)
        if not piece:
            return None
        raw += piece
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *rest = head.decode("ascii").split("\r\n")
    headers = dict(each.split(": ", 1) for each in rest)
    while len(body) < int(headers["Content-Length"]):
        body += line.recv(65536)
    return first, headers, body


@contextlib.contextmanager
def serving(gateway, context=None):
    """Let a gateway listen on loopback while the block runs."""
    with socket.create_server((HOST, 0)) as server:
        gateway.port = server.getsockname()[1]
        threads = []

        def serve(line):
            with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
                line = stack.enter_context(line)
                if context is not None:
                    line = stack.enter_context(
                        context.wrap_socket(line, server_side=True)
                    )
                request = _read(line)
                if request is not None:
                    gateway.requests.append(request)
                    gateway.answer(line)

        def accept():
            while True:
                try:
                    line, _ = server.accept()
                except OSError:
                    return
                thread = threading.Thread(target=serve, args=(line,))
                threads.append(thread)
                thread.start()

        acceptor = threading.Thread(target=accept)
        acceptor.start()
        try:
            yield gateway
        finally:
            server.shutdown(socket.SHUT_RDWR)
            acceptor.join()
            for thread in threads:
                thread.join()
