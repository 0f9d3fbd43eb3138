"""Giving people logins of their own on a server, and writing down that they have them."""

from __future__ import annotations

from sitrack.coordination.people import Author, provenance
from sitrack.journey.entries import Draft, Entry
from sitrack.record import grants, registry
from sitrack.record.grants import Granted
from sitrack.record.journal import writing
from sitrack.record.ledger import Ledger

GRANTED = "granted"


def grant_logins(
    ledger: Ledger, author: Author, *, dry_run: bool = False
) -> tuple[Granted, Entry | None]:
    """Give everybody on the staff list a login with the rights of their role.

    Whose work has ended loses theirs. An entry says so, where anybody may now do more
    or less than before.

    Raises:
        NotEligible: the record is no server's, or somebody's login is more than that.
        NotPermitted: the author is no admin, or whoever is connected cannot do it.
    """
    with writing(ledger, dry_run=dry_run) as work:
        registry.one_at_a_time(work.connection)
        who = provenance(work, author)
        done = grants.grant(work)
        if not done.changed:
            return done, None
        payload = {
            **author.payload(),
            "owner": done.owner,
            "logins": [{"staff": name, "role": role} for name, role in done.logins],
            "ended": done.ended,
        }
        draft = Draft(GRANTED, work.today, who, payload=payload)
        return done, work.append("office", draft)
