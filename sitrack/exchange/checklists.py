"""Fills a checklist from one episode: by a payer's policy, or by the protocol itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from sitrack.exchange import fusion_packet, rfa_packet
from sitrack.exchange.dossier import Dossier
from sitrack.exchange.packet import Line, Packet, Subject
from sitrack.journey.assessment.case import Case
from sitrack.journey.assessment.payer import as_asked_by
from sitrack.journey.entries import Entry
from sitrack.pathway.policy import Policy

_Fill = Callable[[Dossier, Subject], Iterator[Line]]

CHECKLISTS: Final[Mapping[str, tuple[str, _Fill]]] = {
    "rfa": (rfa_packet.TITLE, rfa_packet.lines),
    "post-fusion": (fusion_packet.TITLE, fusion_packet.lines),
}
"""What a packet can ask for, by the stage that it would lead to."""


def filled(
    target: str,
    subject: Subject,
    case: Case,
    entries: Sequence[Entry],
    zone: dt.tzinfo,
    *,
    policy: Policy | None = None,
    as_known: dt.datetime | None = None,
) -> Packet:
    """Return the packet of one episode.

    Args:
        target: a key of `CHECKLISTS`.
        subject: the patient.
        case: the episode on the day that the packet speaks of.
        entries: the stream that it was folded from, without earlier exports.
        zone: the clinic's zone.
        policy: by whose numbers; None for those of the episode's protocol.
        as_known: the moment by which everything was written; None for now.
    """
    asked, not_asked = as_asked_by(policy, case) if policy else (case, ())
    title, fill = CHECKLISTS[target]
    return Packet(
        target=target,
        title=title,
        subject=subject,
        episode=str(case.episode.key),
        side=case.episode.key.side.value,
        as_of=case.today,
        as_known=as_known,
        protocol=case.protocol.id,
        protocol_hash=case.protocol.hash,
        policy=policy,
        not_asked=not_asked,
        last_entry=entries[-1].seq,
        last_hash=entries[-1].hash,
        lines=tuple(fill(Dossier(asked, entries, zone), subject)),
    )
