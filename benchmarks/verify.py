"""`audit verify`: chains, contents and seals against the limit of hashing; then replay.

The limit is what the bare interpreter takes to read the same rows through `sqlite3`, in
the order of the chains and then in that of the log, and to hash what has to be hashed of
each: its header, its content, its leaf, and one node of the tree. It frames nothing,
compares nothing, and looks at no time.
"""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
import tracemalloc
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from benchmarks import clinic
from benchmarks.measure import Figure, in_turn, milliseconds
from sitrack.journey.entries import Provenance
from sitrack.record import codec, keyring, seal, verify
from sitrack.record.entry_checks import Walk
from sitrack.record.erasure import Erased
from sitrack.record.journal import writing
from sitrack.record.keys import Signer, Trusted
from sitrack.record.ledger import Ledger, reading
from sitrack.record.log_checks import (
    LogCheck,
    announced_faults,
    delivery_faults,
    entries_gone,
)
from sitrack.record.notes import ED25519, PublicKey

_EACH = 100_000
"""Entries for which a figure is given."""

_OFFICE = Provenance(None, "bench", "system")
_HEADER = codec.HEADER[1:-1]
_ROWS = f"""
SELECT {", ".join(f"e.{name}" for name in _HEADER)}, e.previous, p.salt, p.body
FROM entry e JOIN payload p ON p.stream = e.stream AND p.seq = e.seq
ORDER BY e.stream, e.seq
"""


def run(runs: int = 0, episodes: int = 0) -> list[Figure]:
    """Return the figures of a sealed record, per 100,000 entries."""
    runs, episodes = runs or 5, episodes or 10_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        large, key = _sealed(folder, episodes, "large")
        small, its_key = _sealed(folder, max(1, episodes // 10), "small")
        figures = _figures(folder, large, key, runs)
        held = [
            _held(ledger, each) for ledger, each in ((small, its_key), (large, key))
        ]
        small.close()
        large.close()
    (few, less), (many, more) = held
    figures[-1].notes.append(
        f"Verify held {less / 1e6:.2f} MB at most of {few:,} entries, "
        f"and {more / 1e6:.2f} MB of {many:,}."
    )
    return figures


def _sealed(folder: Path, episodes: int, name: str) -> tuple[Ledger, Trusted]:
    """A clinic whose every entry is under a seal, and the key that signed them."""
    ledger = clinic.make(folder, clinic.Mix(episodes), name)
    private = Ed25519PrivateKey.from_private_bytes(b"benchmarks".ljust(32, b"."))
    origin = seal.origin_of(ledger.ledger_id)
    raw = private.public_key().public_bytes_raw()
    signer = Signer(PublicKey(origin, raw, ED25519), private)
    with writing(ledger) as work:
        keyring.write_made(work, signer.public, 0, _OFFICE)
    done = True
    while done:
        with writing(ledger) as work:
            done = seal.seal(work, signer, _OFFICE) is not None
    return ledger, Trusted(signer.public, 0)


def _figures(folder: Path, ledger: Ledger, key: Trusted, runs: int) -> list[Figure]:
    with (
        reading(ledger) as connection,
        closing(sqlite3.connect(folder / "large.db")) as bare,
    ):
        entries = verify.count_entries(connection)
        held = verify.Held(keys=[key])

        def whole() -> None:
            report = verify.verify(connection, ledger, lambda _: None, held)
            assert (report.faults, report.entries) == ([], entries)

        ours, limit, replayed = in_turn(
            runs,
            _per(entries, lambda: _proofs(connection, ledger, key)),
            _per(entries, lambda: _hashed(bare)),
            _per(entries, whole),
            warm_up=1,
        )
    what = f"{entries:,} entries, figures for {_EACH:,}"
    return [
        Figure(
            f"verify: chains, contents, seals; {what}",
            "hashing the same rows in the bare interpreter",
            ours,
            limit,
            budget=0.5,
            at_least=True,
        ),
        Figure("verify whole: replay, standing and shape, too", "", replayed),
    ]


def _per(entries: int, act: Callable[[], object]) -> Callable[[], float]:
    """Return the act as one that says how long it took for so many entries, in ms."""
    timed = milliseconds(act)
    return lambda: timed() * _EACH / entries


def _proofs(connection: Connection, ledger: Ledger, key: Trusted) -> None:
    """What verify does before it replays anything."""
    now = verify.latest_possible(connection, ledger)
    walk = Walk(ledger, now, lambda _: None, Erased())
    log = LogCheck(ledger.ledger_id, [key])
    faults = [*walk.faults(connection), *log.faults(connection)]
    faults += announced_faults(connection, log.seals)
    faults += entries_gone(connection, walk.leaves)
    faults += delivery_faults(connection, now, is_sealed=True)
    assert not faults
    assert log.leaves == walk.entries


def _hashed(bare: sqlite3.Connection) -> None:
    """Hash of every entry what has to be hashed: each in its chain, then in the log."""
    sha256 = hashlib.sha256
    for *header, previous, salt, body in bare.execute(_ROWS):
        bound = sha256(salt + body.encode()).hexdigest()
        told = "\0".join(map(str, header)) + bound
        sha256(previous + told.encode()).digest()
    last = b""
    for (leaf,) in bare.execute("SELECT hash FROM leaf ORDER BY position"):
        last = sha256(last + sha256(leaf).digest()).digest()


def _held(ledger: Ledger, key: Trusted) -> tuple[int, int]:
    """How many entries a verification saw, and the most bytes that it held."""
    tracemalloc.start()
    try:
        report = verify.verify_ledger(ledger, lambda _: None, verify.Held(keys=[key]))
        return report.entries, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
