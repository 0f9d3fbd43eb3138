"""Every move that left the protocol's way: what was lifted, who decided it, and why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from sitrack.journey.entries import MOVE, RETRACTED
from sitrack.record import tables
from sitrack.record.trail import Span


def variances(connection: Connection, span: Span) -> list[dict[str, Any]]:
    """Return the moves of a span that were made by a variance, as they were written.

    What was lifted is told by the codes of the requirements that were not met then.
    """
    entries, payloads = tables.entry.c, tables.payload.c
    again = tables.entry.alias()
    last_word = (
        select(again.c.kind)
        .where(again.c.stream == entries.stream, again.c.corrects == entries.seq)
        .order_by(again.c.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = (
        select(tables.entry, payloads.body, last_word.label("last_word"))
        .join(
            tables.payload,
            (payloads.stream == entries.stream) & (payloads.seq == entries.seq),
        )
        .where(
            entries.kind == MOVE,
            payloads.body.contains('"variance"'),
            *span.holds(),
        )
        .order_by(entries.recorded, entries.stream, entries.seq)
    )
    found = []
    for row in connection.execute(query).mappings():
        said = json.loads(row["body"])
        if said.get("variance"):
            found.append(_told(dict(row), said))
    return found


def _told(row: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    key, variance = str(row["stream"]).removeprefix("episode/"), said["variance"]
    return {
        "entry": f"{key}#{row['seq']}",
        "episode": key,
        "recorded": row["recorded"],
        "happened": row["occurred"],
        "stage_from": row["stage_from"],
        "stage_to": row["stage_to"],
        "code": variance["code"],
        "clinician": variance["clinician"],
        "recorder": row["recorder"],
        "lifted": [
            each["code"]
            for each in said.get("findings", ())
            if each["result"] != "met" and "code" in each
        ],
        "retracted": row["last_word"] == RETRACTED,
    }
