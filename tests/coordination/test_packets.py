"""What leaves the house is an entry, in the same transaction, on either database."""

import datetime as dt
import hashlib

import pytest

from sitrack.coordination.packets import Composed, export
from sitrack.coordination.people import Author, set_payer
from sitrack.coordination.questions import When
from sitrack.errors import NotFound, NotPermitted
from sitrack.record.journal import load_stream
from sitrack.record.ledger import reading
from tests.clinic import RIVERA, Clinic, codes_of, everything


@pytest.fixture
def clinic(ledger):
    return Clinic(ledger)


def as_seen(patient, case, entries):
    """An export that says only what it was given."""
    payer = case.payer.name if case.payer else None
    words = (patient.key, case.today, case.episode.stage, payer, len(entries))
    return Composed(repr(words).encode(), {"what": "words"})


def stream(clinic, key):
    with reading(clinic.ledger) as connection:
        return load_stream(connection, key.stream)


def test_an_export_is_an_entry_that_holds_the_hash_of_its_bytes(clinic):
    key = clinic.walked()
    before = stream(clinic, key)
    done = export(clinic.ledger, RIVERA, key, as_seen)
    assert done.digest == hashlib.sha256(done.content).hexdigest()
    [*rest, entry] = stream(clinic, key)
    assert rest == before
    assert (entry.kind, entry.payload["digest"]) == ("exported", done.digest)
    assert entry.provenance.recorder == "rivera"
    assert done.written.episode.version == entry.seq
    assert codes_of(clinic.ledger) == set()


def test_an_export_does_not_count_the_exports_before_it(clinic):
    key = clinic.walked()
    first, second = (export(clinic.ledger, RIVERA, key, as_seen) for _ in range(2))
    assert first.content == second.content
    assert first.written.entry.seq < second.written.entry.seq


def test_it_is_composed_from_what_was_true_that_day_and_known_then(clinic):
    key = clinic.walked()
    early = When(as_of=dt.date(2025, 1, 20))
    assert (
        b"'re-evaluation'"
        in export(clinic.ledger, RIVERA, key, as_seen, when=early).content
    )
    known = When(as_known=dt.datetime(2025, 1, 6, 12, tzinfo=dt.UTC))
    made = export(clinic.ledger, RIVERA, key, as_seen, when=known)
    assert b"'injection'" in made.content
    assert made.written.entry.payload["as_known"].startswith("2025-01-06T12:00")
    before = When(as_of=dt.date(2024, 12, 31))
    with pytest.raises(NotFound):
        export(clinic.ledger, RIVERA, key, as_seen, when=before)


def test_it_knows_who_pays_in_whatever_stage(clinic):
    key = clinic.injected()
    assert b"None" in export(clinic.ledger, RIVERA, key, as_seen).content
    set_payer(clinic.ledger, RIVERA, key.patient, "bcbs-al")
    assert b"'bcbs-al'" in export(clinic.ledger, RIVERA, key, as_seen).content


def test_what_cannot_be_composed_or_is_nobodys_leaves_no_entry(clinic):
    key = clinic.injected()
    before = everything(clinic.ledger)

    def broken(*_loaded):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        export(clinic.ledger, RIVERA, key, broken)
    with pytest.raises(NotPermitted):
        export(clinic.ledger, Author("nobody", "account"), key, as_seen)
    export(clinic.ledger, RIVERA, key, as_seen, dry_run=True)
    assert everything(clinic.ledger) == before
