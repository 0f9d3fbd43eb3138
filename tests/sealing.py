"""A record that is sealed: keys without files, seals, witnesses and receipts."""

import functools

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sitrack.journey.entries import Provenance
from sitrack.record import keyring, seal, verify, witness
from sitrack.record.journal import writing
from sitrack.record.keys import Signer, Trusted
from sitrack.record.ledger import reading
from sitrack.record.log_checks import Seen
from sitrack.record.notes import COSIGNATURE, ED25519, PublicKey, read_note
from sitrack.record.receipts import Receipt
from sitrack.record.verify import Held

OFFICE = Provenance(None, "tests", "system")


@functools.cache
def private(name):
    """The same key for the same name, all through a test run."""
    return Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32, b"."))


def signer(ledger, name="clinic"):
    """A key that can seal this record."""
    origin = seal.origin_of(ledger.ledger_id)
    raw = private(name).public_key().public_bytes_raw()
    return Signer(PublicKey(origin, raw, ED25519), private(name))


def auditor(name="osei"):
    """The key of a witness."""
    raw = private(name).public_key().public_bytes_raw()
    return Signer(PublicKey(name, raw, COSIGNATURE), private(name))


def register(ledger, name="clinic"):
    """Write down that this key seals from now on; return it as trusted."""
    with writing(ledger) as work:
        size = seal.log_size(work.connection)
        keyring.write_made(work, signer(ledger, name).public, size, OFFICE)
    return Trusted(signer(ledger, name).public, size)


def rotate(ledger, old="clinic", new="next"):
    """Let one key follow another."""
    with writing(ledger) as work:
        size = seal.log_size(work.connection)
        keyring.write_rotated(
            work, signer(ledger, old), signer(ledger, new).public, size, OFFICE
        )
    return Trusted(signer(ledger, new).public, size)


def sealed(ledger, name="clinic"):
    """Seal what is new."""
    with writing(ledger) as work:
        return seal.seal(work, signer(ledger, name), OFFICE)


def witnessed(ledger, trusted=(), before=None):
    """What a witness keeps after it has looked."""
    with reading(ledger) as connection:
        note, faults = witness.observe(connection, ledger, trusted, before)
    assert faults == []
    note = witness.cosigned(note, auditor(), 1_750_000_000)
    return Seen(read_note(str(note)), "osei")


def receipts(ledger):
    """A receipt for every entry there is."""
    from sqlalchemy import text

    query = text("SELECT stream, seq, hash FROM entry ORDER BY stream, seq")
    with reading(ledger) as connection:
        return [
            Receipt(stream, seq, bytes(hashed).hex()[:16])
            for stream, seq, hashed in connection.execute(query)
        ]


def report(ledger, **held):
    """Everything that `verify` says, given what was brought along."""
    return verify.verify_ledger(ledger, lambda _: None, Held(**held))


def found(ledger, **held):
    """What `verify` finds, as (code, stream, seq)."""
    faults = report(ledger, **held).faults
    return [(fault.code, fault.stream, fault.seq) for fault in faults]
