"""`audit verify`: chains, contents and seals against the limit of hashing; then replay.

The limit is what the bare interpreter takes to read the same rows through `sqlite3`, in
the order of the chains and then in that of the log, and to hash what has to be hashed of
each: its header, its content, its leaf, and one node of the tree. It frames nothing,
compares nothing, and looks at no time.

    python -m benchmarks verify --ledger country.db       a ledger that `country` kept
"""

from __future__ import annotations

import hashlib
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks import clinic, databases
from benchmarks.measure import Figure, NotRun, in_turn, milliseconds
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

EPISODES = 5_000
_EACH = 100_000
"""Entries for which a figure is given."""

_OFFICE = Provenance(None, "bench", "system")
_HEADER = codec.HEADER[1:-1]
_ROWS = f"""
SELECT {", ".join(f"e.{name}" for name in _HEADER)}, e.previous, p.salt, p.body
FROM entry e JOIN payload p ON p.stream = e.stream AND p.seq = e.seq
ORDER BY e.stream, e.seq
"""


def run(runs: int = 0, episodes: int = 0, ledger: str = "") -> list[Figure]:
    """Return the figures of a sealed record, per 100,000 entries.

    Args:
        runs: how often the proofs are measured; the whole is measured once.
        episodes: how large the clinic is that is made for this.
        ledger: the URL of one to read instead; it stays sealed, by a key of ours.

    Raises:
        NotRun: it is sealed by somebody else's key.
    """
    if ledger:
        with closing(clinic.opened(ledger)) as given:
            return [proofs(given, sealed(given), runs or 1)]
    runs, episodes = runs or 5, episodes or EPISODES
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            closing(clinic.make(folder, clinic.Mix(episodes), "large")) as large,
            closing(clinic.make(folder, clinic.Mix(episodes // 10 + 1), "s")) as small,
        ):
            key, its_key = sealed(large), sealed(small)
            whole = _whole(large, key)
            (few, less), (many, more) = _held(small, its_key), _held(large, key)
            whole.notes.append(
                f"Verify held {less / 1e6:.2f} MB at most of {few:,} entries, "
                f"and {more / 1e6:.2f} MB of {many:,}."
            )
            return [proofs(large, key, runs), whole]


def sealed(ledger: Ledger) -> Trusted:
    """Put every entry of a ledger under a seal; return the key that signs them.

    Raises:
        NotRun: it is sealed by another key.
    """
    private = Ed25519PrivateKey.from_private_bytes(b"benchmarks".ljust(32, b"."))
    origin = seal.origin_of(ledger.ledger_id)
    raw = private.public_key().public_bytes_raw()
    signer = Signer(PublicKey(origin, raw, ED25519), private)
    with writing(ledger) as work:
        known = keyring.current(work.connection)
        if known is None:
            keyring.write_made(work, signer.public, 0, _OFFICE)
        elif known != signer.public:
            raise NotRun("the ledger is sealed by a key that is not here")
    done = True
    while done:
        with writing(ledger) as work:
            done = seal.seal(work, signer, _OFFICE) is not None
    return Trusted(signer.public, 0)


def proofs(ledger: Ledger, key: Trusted, runs: int) -> Figure:
    """Read every entry of a sealed ledger, and hash as much in the bare interpreter."""
    with reading(ledger) as connection:
        entries = verify.count_entries(connection)
    with databases.bare(ledger) as bare:
        ours, limit = in_turn(
            runs,
            _per(entries, lambda: _proved(ledger, key)),
            _per(entries, lambda: _hashed(bare)),
            warm_up=min(runs - 1, 1),
        )
    return Figure(
        f"verify: chains, contents, seals; {_of(ledger)}",
        "hashing the same rows in the bare interpreter",
        ours,
        limit,
        budget=0.5,
        at_least=True,
    )


def _whole(ledger: Ledger, key: Trusted) -> Figure:
    held = verify.Held(keys=[key])
    with reading(ledger) as connection:
        entries = verify.count_entries(connection)

        def act() -> None:
            report = verify.verify(connection, ledger, lambda _: None, held)
            assert (report.faults, report.entries) == ([], entries)

        [times] = in_turn(1, _per(entries, act), warm_up=0)
    return Figure(
        f"verify whole: replay, standing and shape, too; {_of(ledger)}", "", times
    )


def _of(ledger: Ledger) -> str:
    return f"{clinic.size_of(ledger)}, figures for {_EACH:,}"


def _per(entries: int, act: Callable[[], object]) -> Callable[[], float]:
    """Return the act as one that says how long it took for so many entries, in ms."""
    timed = milliseconds(act)
    return lambda: timed() * _EACH / entries


def _proved(ledger: Ledger, key: Trusted) -> None:
    """What verify does before it replays anything."""
    with reading(ledger) as connection:
        now = verify.present(connection, ledger)
        walk = Walk(ledger, now, now, lambda _: None, Erased())
        log = LogCheck(ledger.ledger_id, [key])
        faults = [*walk.faults(connection), *log.faults(connection)]
        faults += announced_faults(connection, log.seals)
        faults += entries_gone(connection, walk.leaves)
        faults += delivery_faults(connection, now, is_sealed=True)
    assert not faults
    assert log.leaves == walk.entries


def _hashed(bare: Callable[[str], Iterator[Any]]) -> None:
    """Hash of every entry what has to be hashed: each in its chain, then in the log."""
    sha256 = hashlib.sha256
    for *header, previous, salt, body in bare(_ROWS):
        bound = sha256(salt + body.encode()).hexdigest()
        told = "\0".join(map(str, header)) + bound
        sha256(previous + told.encode()).digest()
    last = b""
    for (leaf,) in bare("SELECT hash FROM leaf ORDER BY position"):
        last = sha256(last + sha256(leaf).digest()).digest()


def _held(ledger: Ledger, key: Trusted) -> tuple[int, int]:
    """How many entries a verification saw, and the most bytes that it held."""
    tracemalloc.start()
    try:
        report = verify.verify_ledger(ledger, lambda _: None, verify.Held(keys=[key]))
        return report.entries, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
