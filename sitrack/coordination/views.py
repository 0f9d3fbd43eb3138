"""Keeping and forgetting saved views."""

from __future__ import annotations

from collections.abc import Callable

from sitrack.coordination.people import Author, author_of
from sitrack.record import views
from sitrack.record.journal import writing
from sitrack.record.ledger import Ledger
from sitrack.record.views import SavedView


def keep_view(
    ledger: Ledger,
    author: Author,
    made_for: Callable[[str], SavedView],
    *,
    dry_run: bool = False,
) -> SavedView:
    """Keep a view of the author's, in place of the one of that name.

    Raises:
        NotPermitted: the author is not on the staff list.
    """
    with writing(ledger, dry_run=dry_run) as work:
        view = made_for(author_of(work, author).id)
        views.save(work.connection, view)
        return view


def forget_view(
    ledger: Ledger, author: Author, name: str, *, dry_run: bool = False
) -> bool:
    """Forget a view of the author's; say whether there was one.

    Raises:
        NotPermitted: the author is not on the staff list.
    """
    with writing(ledger, dry_run=dry_run) as work:
        owner = author_of(work, author).id
        return views.delete_view(work.connection, owner, name)
