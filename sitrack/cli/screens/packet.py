"""What an export says: how the checklist stands, what is lacking, where it went."""

from __future__ import annotations

import textwrap
from typing import Any

from sitrack.cli.output import NOT_KEPT
from sitrack.cli.screens.written import receipt
from sitrack.coordination.packets import Export
from sitrack.exchange.packet import Packet
from sitrack.exchange.rendering import told
from sitrack.legible import shown
from sitrack.pathway.stages import title_of


def lines(done: Export, packet: Packet, path: str | None, width: int) -> list[str]:
    """Return the screen of an export; it shows no name."""
    written = done.written
    key, stage = written.episode.key, title_of(written.episode.stage)
    by = packet.policy.id if packet.policy else packet.protocol
    found = [
        f"{key}  {written.patient.initials}  {key.side.value} SI joint  {stage}",
        *textwrap.wrap(
            f"Packet for {title_of(packet.target)}, by {by}, as of {packet.as_of}: "
            f"{told(packet.counts())}",
            width,
        ),
    ]
    for line, part in packet.lacking():
        needs = f" (needs {part.needs})" if part.needs else ""
        text = f"{line.number}. {part.asks}: {part.seen}{needs}"
        state = part.state.value.replace("-", " ").ljust(9)
        found += textwrap.wrap(
            shown(text),
            width,
            initial_indent=f"  {state}",
            subsequent_indent=" " * 14,
        )
    if written.dry_run:
        return [*found, NOT_KEPT]
    where = f"written to {shown(path)}" if path else "written to stdout"
    asked = f" --policy {packet.policy.id}" if packet.policy else ""
    return [
        *found,
        where,
        f"recorded {receipt(written.entry, str(key))}",
        f"Next: sitrack why {key} {packet.target}{asked}",
    ]


def as_json(done: Export, packet: Packet, path: str | None) -> dict[str, Any]:
    """Return the JSON twin of the screen."""
    written = done.written
    return {
        "schema": "sitrack.exported/1",
        "as_of": packet.as_of,
        "episode": packet.episode,
        "packet": packet.target,
        "policy": packet.policy.id if packet.policy else None,
        "file": path,
        "sha256": done.digest,
        "entry": None if written.dry_run else f"{packet.episode}#{written.entry.seq}",
        "receipt": None if written.dry_run else written.entry.hash[:16],
        "dry_run": written.dry_run,
        "counts": packet.counts(),
        "lacking": [
            {
                "line": line.number,
                "asks": part.asks,
                "state": part.state,
                "seen": part.seen or None,
                "needs": part.needs or None,
            }
            for line, part in packet.lacking()
        ],
    }
