"""Correcting, retracting and transferring what was written; the first stays visible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sitrack.coordination.attesting import refuse_own
from sitrack.coordination.page import Amended, Because, Page, Versions
from sitrack.coordination.people import Author, clinician_named
from sitrack.errors import BadInput, NotEligible, NotFound
from sitrack.journey import corrections
from sitrack.journey.attesting import ATTESTATION
from sitrack.journey.desk import Desk
from sitrack.journey.entries import Draft
from sitrack.journey.folding import first_written
from sitrack.journey.forms import KINDS
from sitrack.journey.patient import EpisodeKey, patient_stream
from sitrack.journey.plausibility import EvidenceForm
from sitrack.record import registry, staff
from sitrack.record.journal import Work, writing
from sitrack.record.ledger import Ledger


def correct(
    ledger: Ledger,
    author: Author,
    key: EpisodeKey,
    changes: Mapping[int, Sequence[tuple[str, str]]],
    because: Because,
    *,
    seen: Versions | None = None,
    dry_run: bool = False,
) -> list[Amended]:
    """Give entries other values; several at once where one alone makes no sense.

    Args:
        ledger: the record.
        author: who corrects.
        key: the episode.
        changes: for each number the (field, value) pairs as typed.
        because: why.
        seen: the version at which the effects were looked at.
        dry_run: keep nothing.

    Raises:
        BadInput, NotFound, Refused, NotEligible: see `journey.corrections`.
        NotFound: a performer is not on the staff list.
        NotPermitted: a performer must be a clinician, or wrote down what they attest.
        WrittenFirst: somebody wrote in between.
    """
    corrections.refuse_unknown_reason(because.reason)
    with writing(ledger, dry_run=dry_run) as work:
        page = Page.of(work, author, key, seen)
        # A procedure comes before what belongs to it.
        for number, given in sorted(changes.items()):
            draft = corrections.correct(
                page.desk, number, given, because.payload(author)
            )
            _refuse_unknown_performer(work, draft)
            if draft.payload["kind"] == ATTESTATION:
                refuse_own(work, page.desk.entries, draft)
            page.write(draft)
        return [page.settled(dry_run=dry_run)]


def _refuse_unknown_performer(work: Work, draft: Draft) -> None:
    who = draft.provenance.performer
    if who is not None and staff.member(work.connection, who) is None:
        raise NotFound(
            f"{staff.called(who)} is not on the staff list", "sitrack staff list"
        )
    kind = KINDS.get(draft.payload["kind"])
    if kind is not None and kind.clinician:
        clinician_named(work, who or draft.provenance.recorder, "an attestation")


def retract(
    ledger: Ledger,
    author: Author,
    key: EpisodeKey,
    numbers: Sequence[int],
    because: Because,
    *,
    seen: Versions | None = None,
    dry_run: bool = False,
) -> list[Amended]:
    """Take entries out; they stay visible, and count for nothing.

    Raises:
        BadInput, NotFound, NotEligible: see `journey.corrections`.
        WrittenFirst: somebody wrote in between.
    """
    corrections.refuse_unknown_reason(because.reason)
    with writing(ledger, dry_run=dry_run) as work:
        page = Page.of(work, author, key, seen)
        for number in dict.fromkeys(numbers):
            page.write(corrections.retract(page.desk, number, because.payload(author)))
        return [page.settled(dry_run=dry_run)]


def transfer(
    ledger: Ledger,
    author: Author,
    key: EpisodeKey,
    numbers: Sequence[int],
    to: EpisodeKey,
    because: Because,
    *,
    seen: Versions | None = None,
    dry_run: bool = False,
) -> list[Amended]:
    """Set evidence right on the other side, or on the patient it belongs to.

    What belongs to a procedure (its diary) goes with it. Each entry is retracted here
    and written there, each citing the other.

    Raises:
        BadInput, NotFound, Refused, NotEligible: see `journey.corrections`.
        WrittenFirst: somebody wrote in between.
    """
    corrections.refuse_unknown_reason(because.reason)
    if key == to:
        raise BadInput("--to is another episode than the one it stands on")
    with writing(ledger, dry_run=dry_run) as work:
        people = [registry.patient(work.connection, e.patient) for e in (key, to)]
        for patient in sorted({each.key for each in people}):
            work.hold(patient_stream(patient))
        both = sorted((key, to), key=str)
        pages = {each: Page.of(work, author, each, seen) for each in both}
        source, target = pages[key], pages[to]
        moved: dict[int, int] = {}
        for number in _with_its_own(source.desk, numbers):
            said = because.payload(author)
            entry = target.write(_carried(source, target.desk, number, moved, said))
            moved[number] = entry.seq
            said = {**said, "to": f"{to}#{entry.seq}"}
            source.write(corrections.retract(source.desk, number, said))
        return [page.settled(dry_run=dry_run) for page in (source, target)]


def _with_its_own(desk: Desk, numbers: Sequence[int]) -> list[int]:
    """The entries, and the evidence that belongs to them."""
    found = set(numbers)
    for fact in desk.episode.evidence:
        if fact.about in found:
            found.add(fact.seq)
    return sorted(found)


def _carried(
    source: Page,
    target: Desk,
    number: int,
    moved: Mapping[int, int],
    said: Mapping[str, Any],
) -> Draft:
    """The entry that says on the right episode what another said on the wrong one."""
    entry = source.desk.standing(number)
    if entry.kind not in KINDS:
        raise NotEligible(
            f"#{number} is no evidence: a change of stage stays on its episode",
            f"sitrack entry retract {source.desk.key} {number}",
        )
    about = (entry.payload or {}).get("about")
    if entry.values.get("about") == "move":
        raise NotEligible(f"#{number} stands for move #{about}, and stays with it")
    if about is not None and about not in moved:
        raise NotEligible(
            f"#{number} belongs to #{about}: transfer both",
            f"sitrack entry transfer {source.desk.key} {about} --to {target.key}",
        )
    origin = {
        "from": f"{source.desk.key}#{number}",
        "recorded": first_written(entry).isoformat(),
    }
    who = replace(target.provenance, performer=entry.provenance.performer)
    words = {k: v for k, v in (entry.payload or {}).items() if k == "text"}
    form = EvidenceForm(
        kind=entry.kind,
        occurred=entry.occurred,
        side=None,
        about=moved.get(about) if about is not None else None,
        values=entry.values,
        readings=corrections.typed_readings(entry),
        provenance=who,
        payload={**said, **words, "transferred": origin},
    )
    return corrections.plausible(target, form)
