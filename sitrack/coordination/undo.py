"""Taking back a command as one unit, by entries that make it good."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sitrack.coordination.page import Amended, Page, Versions
from sitrack.coordination.people import Author, provenance
from sitrack.errors import (
    BadInput,
    NotEligible,
    NotFound,
    WrittenFirst,
    may_be_repeated,
)
from sitrack.journey import corrections
from sitrack.journey.corrections import UNDO
from sitrack.journey.entries import OPENED
from sitrack.journey.patient import EpisodeKey, patient_stream, read_episode_key
from sitrack.record import commands, persons
from sitrack.record.journal import Work, writing
from sitrack.record.ledger import Ledger

_BATCH: Final = re.compile(r"[0-9a-f]{32}\Z", re.ASCII)
"""How a history writes the name of a command."""


def undo(
    ledger: Ledger,
    author: Author,
    batch: str | None,
    *,
    seen: Versions | None = None,
    dry_run: bool = False,
) -> list[Amended]:
    """Take back a command as one unit, by entries that make it good.

    Args:
        ledger: the record.
        author: who takes it back.
        batch: the command, by its name or by one of its entries (`P01428-R#9`); None
            is the author's last one that was not taken back.
        seen: the versions at which the effects were looked at.
        dry_run: keep nothing.

    Raises:
        NotFound: there is no such command.
        NotEligible: it cannot be taken back, or something was built on it.
        WrittenFirst: somebody wrote in between.
    """
    with writing(ledger, dry_run=dry_run) as work:
        who = provenance(work, author)
        name = _command(work, who.recorder, batch)
        keys = _episodes_of(work, name)
        _refuse_unseen(keys, seen)
        owners = {persons.owner(work.connection, key.patient) for key in keys}
        for patient in sorted(owners):
            work.hold(patient_stream(patient))
        said = {**author.payload(), "reason": UNDO, "undoes": name}
        pages = [Page.of(work, author, key, seen) for key in keys]
        for page in pages:
            _take_back(page, name, said)
        return [page.settled(dry_run=dry_run) for page in pages]


def _refuse_unseen(keys: Sequence[EpisodeKey], seen: Versions | None) -> None:
    """What was looked at is what is taken back, and not a later command."""
    if seen is not None and set(seen) != set(keys):
        raise WrittenFirst(
            "somebody wrote in between: the last command is another one now",
            "sitrack undo --dry-run",
        )


def _take_back(page: Page, name: str, said: Mapping[str, Any]) -> None:
    mine = [entry for entry in page.desk.entries if entry.batch == name]
    for entry in reversed(mine):
        if entry.kind == OPENED:
            page.finish(said)
        else:
            page.write(corrections.take_back(page.desk, entry, said))


def _command(work: Work, recorder: str, batch: str | None) -> str:
    if batch is None:
        found = commands.last_of(work.connection, recorder)
        if found is None:
            raise NotFound(
                f"{recorder} has written nothing that can be taken back",
                "name it: sitrack undo P01428-R#9",
            )
        return found
    if "#" not in batch:
        if not _BATCH.match(batch):
            raise BadInput(
                "that names no command",
                "name one of its entries: sitrack undo P01428-R#9",
            )
        return batch
    typed, _, number = batch.partition("#")
    key = read_episode_key(typed)
    seq = int(number) if number.isdecimal() and len(number) < 10 else 0
    found = commands.batch_of(work.connection, key.stream, seq)
    if found is None:
        known = number.isdecimal() or may_be_repeated(number)
        said = number[:9] if known else "…"
        raise NotFound(f"{key} has no entry #{said}", f"sitrack history {key}")
    return found


def _episodes_of(work: Work, name: str) -> list[EpisodeKey]:
    """The episodes that a command wrote to, if it can be taken back."""
    streams = {stream for stream, _ in commands.entries_of(work.connection, name)}
    if not streams:
        raise NotFound(
            "there is no such command", "name one of its entries: P01428-R#9"
        )
    episodes = sorted(s for s in streams if s.startswith("episode/"))
    merged = commands.merge_of(work.connection, name)
    if merged is not None:
        raise NotEligible(
            f"that command says that {merged} is the same person as another",
            f"sitrack patient unmerge {merged}",
        )
    if not episodes:
        raise NotEligible(
            "that command wrote to no episode: only what happened to one is taken back",
            "name another: sitrack undo P01428-R#9",
        )
    return [read_episode_key(s.removeprefix("episode/")) for s in episodes]
