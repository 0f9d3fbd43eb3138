"""E-mail over a real SMTP server: what arrives, and what never leaves in clear."""

import asyncio
import datetime as dt
import io
import socket
import threading
import time
import traceback

import pytest

from sitrack import settings
from sitrack.clock import stopped_clock
from sitrack.reminders.channels import (
    DeliveryFailure,
    PermanentFailure,
    TemporaryFailure,
    open_channel,
)
from sitrack.reminders.channels.email import EmailChannel
from sitrack.reminders.wording import Message

from .post_office import (
    HOST,
    Authority,
    PostOffice,
    listening,
    only_this_password,
    silent_server,
)

KEY = "6f1ed002ab5595859014ebf0951522d9"
TEXT = "sitrack: P01428-R needs attention, due 2025-05-22"
NOON = stopped_clock(dt.datetime(2025, 5, 22, 12, tzinfo=dt.UTC))
GREETING = b"ehlo clinic.example\r\n"


def message(to="amy@clinic.example", key=KEY):
    return Message(to, TEXT, f"{TEXT}\nsitrack show P01428-R\n", key)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("stranger"))


@pytest.fixture
def channel_to(authority, tmp_path):
    """Open an e-mail channel to a port; close it in the end."""
    nothing = tmp_path / "config.toml"
    nothing.touch()
    opened = []

    def open_to(port, timeout=5.0, longest_send=60.0, **more):
        flags = {
            "smtp.host": HOST,
            "smtp.port": port,
            "smtp.sender": "reminders@clinic.example",
            "smtp.ca_file": str(authority.ca_file),
            **{f"smtp.{name}": value for name, value in more.items()},
        }
        values = settings.load(flags, {}, str(nothing))
        channel = EmailChannel(
            values, timeout=timeout, longest_send=longest_send, clock=NOON
        )
        opened.append(channel)
        return channel

    yield open_to
    for channel in opened:
        channel.close()


@pytest.fixture
def password_file(tmp_path):
    path = tmp_path / "password"
    path.write_text("open sesame\n")
    return path


def failure_of(channel, to="amy@clinic.example"):
    """Send, and return why it failed, having seen that nothing of others leaks."""
    with pytest.raises(DeliveryFailure) as caught:
        channel.send(message(to))
    error = caught.value
    told = "".join(traceback.format_exception(error)) + repr(error.__context__)
    assert "clinic.example" not in told
    assert "Kowalska" not in told
    assert error.__cause__ is None
    assert error.__context__ is None
    return error


# What arrives


def test_a_message_arrives_with_exactly_these_headers(authority, channel_to):
    with listening(PostOffice(), tls_context=authority.context()) as office:
        reference = channel_to(office.port).send(message())
    ((sender, recipients, mail),) = office.mails
    assert reference == f"<{KEY}@clinic.example>"
    assert sender == "reminders@clinic.example"
    assert recipients == ["amy@clinic.example"]
    assert mail.items() == [
        ("From", "reminders@clinic.example"),
        ("To", "amy@clinic.example"),
        ("Subject", TEXT),
        ("Date", "Thu, 22 May 2025 12:00:00 +0000"),
        ("Message-ID", f"<{KEY}@clinic.example>"),
        ("Auto-Submitted", "auto-generated"),
        ("Content-Type", 'text/plain; charset="utf-8"'),
        ("Content-Transfer-Encoding", "7bit"),
        ("MIME-Version", "1.0"),
    ]
    assert mail.get_content() == f"{TEXT}\r\nsitrack show P01428-R\r\n"


def test_before_the_line_is_secured_only_the_greeting_goes_out(authority, channel_to):
    with listening(PostOffice(), tls_context=authority.context()) as office:
        channel_to(office.port).send(message())
    assert len(office.mails) == 1
    assert office.clear == GREETING + b"STARTTLS\r\n"


def test_a_line_may_be_secured_from_its_first_byte(authority, channel_to):
    context = authority.context()
    with listening(PostOffice(), tls_context=context, wrapped=True) as office:
        channel_to(office.port, security="tls").send(message())
    assert len(office.mails) == 1
    assert office.clear == b""


def test_the_same_key_gives_the_same_message_id(authority, channel_to):
    with listening(PostOffice(), tls_context=authority.context()) as office:
        for key in (KEY, KEY, "00ff00ff"):
            channel_to(office.port).send(message(key=key))
    first, again, other = (mail["Message-ID"] for _, _, mail in office.mails)
    assert first == again != other


def test_long_addresses_and_keys_stay_on_one_line(authority, channel_to):
    to, key = f"{'x' * 64}@{'y' * 60}.{'z' * 60}.example", "ab" * 64
    with listening(PostOffice(), tls_context=authority.context()) as office:
        channel_to(office.port).send(message(to, key))
    ((_, recipients, mail),) = office.mails
    assert recipients == [to]
    assert mail["To"] == to
    assert mail["Message-ID"] == f"<{key}@clinic.example>"


def test_one_connection_carries_a_round_one_message_each(authority, channel_to):
    with listening(PostOffice(), tls_context=authority.context()) as office:
        channel = channel_to(office.port)
        for name in ("amy", "bo", "cy"):
            channel.send(message(f"{name}@clinic.example"))
        channel.close()
        channel.close()
    assert office.lines == 1
    assert [to for _, to, _ in office.mails] == [
        ["amy@clinic.example"],
        ["bo@clinic.example"],
        ["cy@clinic.example"],
    ]


def test_a_connection_that_the_server_dropped_is_made_again(authority, channel_to):
    class Impatient(PostOffice):
        dropped = threading.Event()

        async def handle_DATA(self, server, session, envelope):  # noqa: N802
            self.accept(envelope)
            server.loop.call_later(0.05, self._drop, server.transport)
            return "250 OK"

        def _drop(self, transport):
            transport.abort()
            self.dropped.set()

    with listening(Impatient(), tls_context=authority.context()) as office:
        channel = channel_to(office.port)
        channel.send(message())
        assert office.dropped.wait(5)
        channel.send(message("bo@clinic.example"))
    assert office.lines == 2
    assert len(office.mails) == 2


def test_a_closed_channel_opens_again_when_it_is_used(authority, channel_to):
    with listening(PostOffice(), tls_context=authority.context()) as office:
        channel = channel_to(office.port)
        channel.send(message())
        channel.close()
        channel.send(message())
    assert office.lines == 2


# Who may send


def _with_login(authority, office=None):
    return listening(
        office or PostOffice(),
        tls_context=authority.context(),
        authenticator=only_this_password,
        auth_required=True,
    )


def test_the_password_comes_from_its_file(authority, channel_to, password_file):
    with _with_login(authority) as office:
        channel_to(
            office.port, user="reminders", password_file=str(password_file)
        ).send(message())
    assert len(office.mails) == 1
    assert office.clear == GREETING + b"STARTTLS\r\n"


def test_a_wrong_password_waits_until_it_is_mended(
    authority, channel_to, password_file
):
    password_file.write_text("shut\n")
    with _with_login(authority) as office:
        failure = failure_of(
            channel_to(office.port, user="reminders", password_file=str(password_file))
        )
    assert isinstance(failure, TemporaryFailure)
    assert failure.reason == "smtp-535"
    assert office.mails == []


def test_a_server_that_wants_a_login_and_gets_none_waits_for_it(authority, channel_to):
    with _with_login(authority) as office:
        failure = failure_of(channel_to(office.port))
    assert isinstance(failure, TemporaryFailure)
    assert failure.reason == "smtp-530"


def test_a_sender_that_is_refused_waits_until_it_is_mended(authority, channel_to):
    class Choosy(PostOffice):
        async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
            return "550 Kowalska may not send as reminders@clinic.example"

    with listening(Choosy(), tls_context=authority.context()) as office:
        failure = failure_of(channel_to(office.port))
    assert isinstance(failure, TemporaryFailure)
    assert failure.reason == "smtp-550"


def test_a_server_that_takes_no_login_gets_no_password(
    authority, channel_to, password_file
):
    with listening(
        PostOffice(),
        tls_context=authority.context(),
        auth_exclude_mechanism=["LOGIN", "PLAIN"],
    ) as office:
        failure = failure_of(
            channel_to(office.port, user="reminders", password_file=str(password_file))
        )
    assert isinstance(failure, TemporaryFailure)
    assert failure.reason == "no-auth"
    assert office.mails == []


# What the server answers


class Answering(PostOffice):
    """Says the same thing to every recipient, or to every message."""

    def __init__(self, *, recipient="250 OK", data="250 OK"):
        super().__init__()
        self._recipient = recipient
        self._data = data

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if self._recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self._recipient

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if self._data.startswith("250"):
            self.accept(envelope)
        return self._data


@pytest.mark.parametrize("stage", ["recipient", "data"])
@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        ("421 Kowalska, come back later", TemporaryFailure, "smtp-421"),
        ("450 greylisted amy@clinic.example", TemporaryFailure, "smtp-450"),
        ("452 mailbox of Kowalska is full", TemporaryFailure, "smtp-452"),
        ("550 no Kowalska here, amy@clinic.example", PermanentFailure, "smtp-550"),
        ("554 message about Kowalska refused", PermanentFailure, "smtp-554"),
        ("550 5.1.1 no Kowalska here", PermanentFailure, "smtp-550"),
        ("550 5.5.0 mailbox unavailable", PermanentFailure, "smtp-550"),
        ("550 5.7.1 not from you, Kowalska", TemporaryFailure, "smtp-550-5.7.1"),
        ("554 5.7.26 unauthenticated", TemporaryFailure, "smtp-554-5.7.26"),
        ("553 5.1.8 sender of Kowalska", TemporaryFailure, "smtp-553-5.1.8"),
        ("550 Relaying for Kowalska denied", TemporaryFailure, "smtp-550-relay"),
        ("503 Kowalska goes first", TemporaryFailure, "smtp-503"),
        ("521 no mail for Kowalska", TemporaryFailure, "smtp-521"),
        ("530 who is Kowalska?", TemporaryFailure, "smtp-530"),
        ("299 hm", TemporaryFailure, "smtp-299"),
        ("Kowalska?", TemporaryFailure, "not-understood"),
    ],
)
def test_a_reply_becomes_its_code_alone(
    stage, answer, kind, reason, authority, channel_to
):
    office = Answering(**{stage: answer})
    with listening(office, tls_context=authority.context()):
        failure = failure_of(channel_to(office.port))
    assert type(failure) is kind
    assert failure.reason == str(failure) == reason
    assert office.mails == []


def test_a_refused_recipient_does_not_spoil_the_next_message(authority, channel_to):
    class OneLeft(PostOffice):
        async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
            if address.startswith("gone"):
                return "550 left the clinic"
            envelope.rcpt_tos.append(address)
            return "250 OK"

    with listening(OneLeft(), tls_context=authority.context()) as office:
        channel = channel_to(office.port)
        channel.send(message())
        failure_of(channel, "gone@clinic.example")
        channel.send(message("bo@clinic.example"))
    assert [to for _, to, _ in office.mails] == [
        ["amy@clinic.example"],
        ["bo@clinic.example"],
    ]


# Servers that fail


def test_a_server_that_hangs_over_a_message_is_left(authority, channel_to):
    class Hanging(PostOffice):
        async def handle_DATA(self, server, session, envelope):  # noqa: N802
            await asyncio.sleep(30)

    with listening(Hanging(), tls_context=authority.context()) as office:
        failure = failure_of(channel_to(office.port, timeout=0.3))
    assert isinstance(failure, TemporaryFailure)
    assert failure.reason == "time-out"


@pytest.mark.parametrize("stage", ["MAIL", "DATA"])
def test_a_server_that_speaks_for_ever_is_left_all_the_same(
    stage, authority, channel_to
):
    """Each piece comes in time, and none is the last."""

    class Dripping(HangingUp):
        def _answer(self, stage, server, answer):
            if stage == self._stage:
                self._drip(server.loop, server.transport)
            return "250-" if stage == self._stage else answer

        def _drip(self, loop, transport):
            if not transport.is_closing():
                transport.write(b"250-and then\r\n")
                loop.call_later(0.05, self._drip, loop, transport)

    with listening(Dripping(stage), tls_context=authority.context()) as office:
        channel = channel_to(office.port, timeout=5, longest_send=0.8)
        begun = time.monotonic()
        failure = failure_of(channel)
    assert time.monotonic() - begun < 3
    assert isinstance(failure, TemporaryFailure)
    assert failure.reason == "time-out"
    assert office.mails == []


def test_past_its_end_no_answer_is_waited_for(channel_to):
    """Whatever took so long, a name that was looked up for minutes, say."""
    with silent_server() as port:
        channel = channel_to(port, timeout=8, longest_send=0)
        begun = time.monotonic()
        failure = failure_of(channel)
    assert time.monotonic() - begun < 4
    assert isinstance(failure, TemporaryFailure)
    assert failure.reason == "time-out"


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_that_never_says_a_word_is_left(security, channel_to):
    with silent_server() as port:
        failure = failure_of(channel_to(port, timeout=0.2, security=security))
    assert isinstance(failure, TemporaryFailure)
    assert failure.reason == "time-out"


class HangingUp(PostOffice):
    """Breaks the line at one stage of the conversation."""

    def __init__(self, stage):
        super().__init__()
        self._stage = stage

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802
        session.host_name = hostname
        return self._answer("EHLO", server, responses)

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
        envelope.mail_from = address
        return self._answer("MAIL", server, "250 OK")

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        return self._answer("DATA", server, "250 OK")

    def _answer(self, stage, server, answer):
        if stage == self._stage:
            server.transport.abort()
        return answer


@pytest.mark.parametrize("stage", ["EHLO", "MAIL", "DATA"])
def test_a_line_that_breaks_is_temporary(stage, authority, channel_to):
    with listening(HangingUp(stage), tls_context=authority.context()) as office:
        failure = failure_of(channel_to(office.port))
    assert isinstance(failure, TemporaryFailure)
    assert failure.reason == "disconnected"
    assert office.mails == []


def test_no_server_at_all_is_temporary(channel_to):
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
    failure = failure_of(channel_to(port))
    assert isinstance(failure, TemporaryFailure)
    assert failure.reason == "unreachable"


@pytest.mark.parametrize("host", ["mail.invalid", "a" * 70 + ".invalid", ".", "ma il"])
def test_a_host_that_cannot_be_found_is_temporary(host, channel_to):
    failure = failure_of(channel_to(25, host=host))
    assert isinstance(failure, TemporaryFailure)
    assert failure.reason == "unreachable"


# Never in clear, never to a stranger


def test_a_server_without_starttls_gets_the_greeting_alone(channel_to, password_file):
    options = {"authenticator": only_this_password, "auth_require_tls": False}
    with listening(PostOffice(), **options) as office:
        failure = failure_of(
            channel_to(office.port, user="reminders", password_file=str(password_file))
        )
    assert isinstance(failure, TemporaryFailure)
    assert failure.reason == "no-starttls"
    assert office.mails == []
    assert office.clear == GREETING


def test_a_server_that_takes_back_its_starttls_gets_nothing(authority, channel_to):
    class Refusing(PostOffice):
        async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802
            session.host_name = hostname
            return [*responses[:-1], "250-STARTTLS", responses[-1]]

    with listening(Refusing()) as office:
        failure = failure_of(channel_to(office.port))
    assert failure.reason == "smtp-454"
    assert isinstance(failure, TemporaryFailure)
    assert office.clear == GREETING + b"STARTTLS\r\n"


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_a_stranger_ends_it(
    security, stranger, channel_to, password_file
):
    office = PostOffice()
    wrapped = security == "tls"
    with listening(office, tls_context=stranger.context(), wrapped=wrapped):
        failure = failure_of(
            channel_to(
                office.port,
                security=security,
                user="reminders",
                password_file=str(password_file),
            )
        )
    assert isinstance(failure, TemporaryFailure)
    assert failure.reason == "certificate-not-trusted"
    assert office.mails == []
    assert office.clear.replace(GREETING + b"STARTTLS\r\n", b"") == b""


def test_a_certificate_for_another_name_ends_it(authority, channel_to):
    with listening(PostOffice(), tls_context=authority.context()) as office:
        failure = failure_of(channel_to(office.port, host="localhost"))
    assert failure.reason == "certificate-not-trusted"
    assert office.mails == []


def test_without_a_ca_file_the_system_decides_whom_to_trust(authority, channel_to):
    with listening(PostOffice(), tls_context=authority.context()) as office:
        failure = failure_of(channel_to(office.port, ca_file=""))
    assert failure.reason == "certificate-not-trusted"
    assert office.mails == []


def test_a_server_that_cannot_speak_tls_gets_nothing(channel_to):
    with listening(PostOffice()) as office:
        failure = failure_of(channel_to(office.port, security="tls", timeout=0.5))
    assert isinstance(failure, TemporaryFailure)
    assert office.mails == []
    assert b"clinic.example" not in office.clear


# Hostile recipients


@pytest.mark.parametrize(
    "hostile",
    [
        "amy@clinic.example,eve@evil.example",
        "amy@clinic.example\r\nBcc: eve@evil.example",
        "amy@clinic.example\r\nRCPT TO:<eve@evil.example>",
        "amy@clinic.example> SIZE=1\r\nDATA",
        "ämy@clinic.example",
        "amy@clinic.example\u2028eve@evil.example",
        "",
    ],
)
def test_a_hostile_recipient_is_refused_before_anything_goes_out(
    hostile, authority, channel_to
):
    with listening(PostOffice(), tls_context=authority.context()) as office:
        failure = failure_of(channel_to(office.port), hostile)
    assert isinstance(failure, PermanentFailure)
    assert failure.reason == "address-refused"
    assert office.lines == 0


def test_open_channel_gives_the_same_channel(authority, tmp_path):
    nothing = tmp_path / "config.toml"
    nothing.touch()
    with listening(PostOffice(), tls_context=authority.context()) as office:
        flags = {
            "smtp.host": HOST,
            "smtp.port": office.port,
            "smtp.sender": "reminders@clinic.example",
            "smtp.ca_file": str(authority.ca_file),
        }
        channel = open_channel(
            "email", settings.load(flags, {}, str(nothing)), io.StringIO()
        )
        assert channel.name == "email"
        channel.send(message())
        channel.close()
    ((_, _, mail),) = office.mails
    assert abs(mail["Date"].datetime - dt.datetime.now(dt.UTC)) < dt.timedelta(
        minutes=1
    )
