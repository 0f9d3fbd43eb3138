"""Saved filters by name: one's own, and those that are shared with everybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, insert, or_, select

from sitrack.errors import NotFound, repeated
from sitrack.record import tables

_SEPARATOR: Final = "\n"


@dataclass(frozen=True, slots=True)
class SavedView:
    """A filter that was saved.

    Attributes:
        name: how it is called: `worklist @NAME`.
        owner: the staff id of who saved it.
        shared: everybody may use it.
        words: the filter, as it was typed.
    """

    name: str
    owner: str
    shared: bool
    words: tuple[str, ...]


def save(connection: Connection, view: SavedView) -> None:
    """Keep a view, in place of the owner's one of that name."""
    delete_view(connection, view.owner, view.name)
    row = {
        "name": view.name,
        "owner": view.owner,
        "shared": int(view.shared),
        "words": _SEPARATOR.join(view.words),
    }
    connection.execute(insert(tables.saved_view), row)


def delete_view(connection: Connection, owner: str, name: str) -> bool:
    """Forget somebody's own view; say whether there was one."""
    views = tables.saved_view
    query = delete(views).where(views.c.owner == owner, views.c.name == name)
    return connection.execute(query).rowcount > 0


def usable(connection: Connection, owner: str) -> list[SavedView]:
    """Return one's own views and the shared ones, by name, one's own first."""
    views = tables.saved_view
    query = (
        select(views)
        .where(or_(views.c.owner == owner, views.c.shared == 1))
        .order_by(views.c.name, (views.c.owner == owner).desc(), views.c.owner)
    )
    return [
        SavedView(
            row["name"],
            row["owner"],
            bool(row["shared"]),
            tuple(row["words"].split(_SEPARATOR)),
        )
        for row in connection.execute(query).mappings()
    ]


def named(views: Sequence[SavedView], name: str) -> SavedView:
    """Return the view of that name; one's own before a shared one.

    Raises:
        NotFound: there is none.
    """
    for view in views:
        if view.name == name:
            return view
    known = ", ".join(f"@{view.name}" for view in views) or "none is saved"
    raise NotFound(
        f"there is no view {repeated(name, 'of that name')}",
        f"sitrack view list ({known})",
    )
