"""A patient known by tokens that occur nowhere else: none of them leaves by a reminder.

A real `reminder watch` sends to staff into a maildir and to the patient by a webhook
whose gateway fails first, and repeats the tokens in what it answers.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import select

from sitrack.coordination import consent, people
from sitrack.coordination.evidence import EvidenceRequest, record_evidence
from sitrack.record import tables
from sitrack.record.ledger import open_ledger, reading
from sitrack.record.staff import Staff
from tests.clinic import RIVERA, Clinic
from tests.conftest import new_ledger
from tests.docs.readme import ROOT

from .gateway import HOST, OK, Gateway, said, serving

PERSON = ("Quillon", "Zebedeus", "1951-07-23", "MRN77CANARY")
PHONE = "+447700900461"
SECRETS = (*PERSON, "19510723", PHONE, "7700900461", "xylotheque")
NOTE = f"The patient keeps a xylotheque; {' '.join(PERSON)}, {PHONE}."
SENT_BY = {
    "reminder",
    "delivery",
    "message",
    "period_run",
    "agenda",
    "unsealed_delivery",
}
"""What rounds write into."""


def known(url):
    """A ledger with the canary, whose diary is overdue; return its episode."""
    ledger = new_ledger(url)
    clinic = Clinic(ledger)
    people.add_staff(ledger, RIVERA, Staff("rounds", "scheduler", None))
    patient = clinic.enrolled(*PERSON[:2], mrn=PERSON[3])
    consent.give(ledger, RIVERA, patient, "sms", PHONE)
    key = clinic.opened(patient)
    clinic.inject(key)
    note = EvidenceRequest("note", {}, text=NOTE)
    record_evidence(ledger, RIVERA, key, note)
    ledger.close()
    return str(key)


def test_no_reminder_log_metric_or_file_name_tells_of_the_patient(ledger_url, tmp_path):
    key = known(ledger_url)
    secret, config = tmp_path / "key", tmp_path / "config.toml"
    secret.write_text("0123456789abcdef\n")
    config.touch()
    gateway = Gateway()
    telling = said(500, f"X-Patient: {PERSON[0]}", body=NOTE.encode())
    gateway.answers = [telling, OK]
    with serving(gateway):
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("SITRACK_")},
            "SITRACK_CONFIG": str(config),
            "SITRACK_DATABASE_URL": ledger_url,
            "SITRACK_AS": "rounds",
            "SITRACK_CLINIC_ADDRESS": "desk@clinic.example",
            "SITRACK_REMINDERS_CHANNEL": "maildir",
            "SITRACK_REMINDERS_MAILDIR": str(tmp_path / "mail"),
            "SITRACK_REMINDERS_PATIENT_CHANNEL": "webhook",
            "SITRACK_WEBHOOK_URL": f"http://{HOST}:{gateway.port}/",
            "SITRACK_WEBHOOK_SECRET_FILE": str(secret),
        }

        def typed(*words, wait=True):
            command = [sys.executable, "-m", "sitrack", "reminder", *words]
            process = subprocess.Popen(
                command,
                env=environment,
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            return "".join(process.communicate(timeout=60)) if wait else process

        watch = typed("watch", "--every", "1", "--now", "2025-01-07T10:00", wait=False)
        _until(
            lambda: gateway.requests and list((tmp_path / "mail").glob("new/*")), watch
        )
        time.sleep(1.5)
        argv = Path(f"/proc/{watch.pid}/cmdline")
        everything = argv.read_text() if argv.exists() else ""
        watch.send_signal(signal.SIGTERM)
        everything += "".join(watch.communicate(timeout=30))
        everything += typed("run", "--now", "2025-01-07T12:00")  # the next try
        for words in (
            ["status", "--openmetrics"],
            ["status", "--json"],
            ["plan", "--until", "+90d", "--json"],
            ["list", "--json"],
            ["dead", "--json"],
            ["ledger", key, "--json"],
        ):
            everything += typed(*words)
    bodies = [json.loads(body) for _, _, body in gateway.requests]
    assert [body["to"] for body in bodies] == [PHONE] * 2  # where it goes, and no more
    for body in bodies:
        everything += body["subject"] + body["body"] + body["key"]
    for path in tmp_path.rglob("*"):
        everything += path.name
        if path.is_file() and "mail" in path.parts:
            everything += path.read_text()
    everything += _written(ledger_url)
    assert key in everything
    assert "http-500" in everything
    assert [each for each in SECRETS if each in everything] == []


def _until(true, process):
    ends = time.monotonic() + 60
    while not true():
        assert time.monotonic() < ends, "it never came"
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.1)


def _written(url):
    """All that the tables of the reminders hold, as text."""
    ledger = open_ledger(url)
    with reading(ledger) as connection:
        rows = [
            str(row)
            for name in sorted(SENT_BY)
            for row in connection.execute(select(tables.metadata.tables[name]))
        ]
    ledger.close()
    return "\n".join(rows)
