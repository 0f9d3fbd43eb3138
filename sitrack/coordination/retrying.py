"""Trying again what was given up: a person's act, and so an entry of the record."""

from __future__ import annotations

from sitrack.coordination.people import Author, provenance
from sitrack.errors import NotFound
from sitrack.journey.entries import Draft, Entry
from sitrack.record import outbox
from sitrack.record.journal import writing
from sitrack.record.ledger import Ledger


def retry_reminders(
    ledger: Ledger, author: Author, episode: str | None, *, dry_run: bool = False
) -> tuple[int, Entry]:
    """Open what was given up, of one episode or of every one, from its first attempt.

    Returns:
        How many reminders were opened, and the entry that says so.

    Raises:
        NotFound: nothing was given up that is still wanted.
        NotPermitted: the author is not on the staff list.
    """
    with writing(ledger, dry_run=dry_run) as work:
        who = provenance(work, author)
        opened = outbox.retry(work.connection, work.now, episode)
        if not opened:
            raise NotFound("nothing was given up", "sitrack reminder status")
        told = {**author.payload(), "reminders": opened}
        told |= {"episode": episode} if episode else {}
        draft = Draft("reminders-retried", work.today, who, payload=told)
        return opened, work.append("office", draft)
