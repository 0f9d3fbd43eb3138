"""Keeping the record: a copy of it, bringing it back from one, mending its copies."""

from __future__ import annotations

from collections.abc import Callable

from sitrack.clock import read_instant, stopped_clock
from sitrack.coordination.exports import OFFICE, note_export
from sitrack.coordination.people import Author, provenance
from sitrack.errors import VerificationFailed
from sitrack.journey.entries import Draft, Entry, Provenance
from sitrack.record import copying, rebuilding, verify
from sitrack.record.copying import Copied
from sitrack.record.journal import writing
from sitrack.record.ledger import Ledger, open_ledger

BACKUP = "backup"
RESTORED = "restored"
REBUILT = "rebuilt"


def back_up(
    ledger: Ledger, author: Author, url: str, tell: Callable[[int], None]
) -> tuple[Entry, Copied]:
    """Copy the whole record; that it was is written down first, and in the copy, too.

    Raises:
        NotPermitted: the author may not.
        Unavailable: there is something of that name, or it cannot be made.
        VerificationFailed: the record does not hold, or its copy does not.
    """
    entry = note_export(ledger, author, {"what": BACKUP, "named": True})
    return entry, copying.copy(ledger, url, tell)


def restore(
    bring_back: Callable[[], Copied],
    url: str,
    account: str,
    now: str | None = None,
) -> tuple[Entry, Copied]:
    """Bring a record back, to a place that holds none, and write down that it was.

    Args:
        bring_back: takes it in at `url`, from a copy or from a folder.
        url: where to.
        account: who does it, by the account of the machine.
        now: the time, as typed, for a synthetic ledger.

    Raises:
        Unavailable: the copy cannot be used, or there is a record already.
        VerificationFailed: the copy does not hold; nothing was made.
    """
    done = bring_back()
    made = open_ledger(url)
    try:
        if now is not None:
            made.use_clock(stopped_clock(read_instant(now, made.zone)))
        with writing(made) as work:
            who = Provenance(None, account, "system")
            said = {"entries": done.entries, "heads": done.heads}
            return work.append(
                OFFICE, Draft(RESTORED, work.today, who, payload=said)
            ), done
    finally:
        made.close()


def from_copy(source: str, url: str, tell: Callable[[int], None]) -> Copied:
    """Take in what a backup holds.

    Raises:
        Unavailable: the copy cannot be used, or there is a record already.
        VerificationFailed: the copy does not hold; nothing was made.
    """
    kept = open_ledger(source)
    try:
        return copying.copy(kept, url, tell)
    finally:
        kept.close()


def rebuild(ledger: Ledger, author: Author, *, dry_run: bool) -> list[str]:
    """Derive standing, spans and agenda anew; return whose were not as they should be.

    Raises:
        NotPermitted: the author may not.
        VerificationFailed: the entries themselves do not hold; nothing was changed.
    """
    with writing(ledger, dry_run=dry_run) as work:
        who = provenance(work, author)
        changed = rebuilding.rebuild(work.connection)
        report = verify.verify(work.connection, ledger, lambda _done: None)
        if report.faults:
            raise VerificationFailed(
                "the entries themselves do not hold; nothing was changed",
                "sitrack audit verify",
            )
        if changed:
            payload = {**author.payload(), "episodes": changed}
            work.append(OFFICE, Draft(REBUILT, work.today, who, payload=payload))
        return changed
