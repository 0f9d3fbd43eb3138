"""An entry in words, as histories and cards show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sitrack.journey import forms
from sitrack.journey.entries import (
    ACCEPTED,
    ASSIGNED,
    CLAIMED,
    CORRECTED,
    DECLINED,
    MIGRATED,
    MOVE,
    OFFERED,
    OPENED,
    RETRACTED,
    SNOOZED,
    Entry,
)
from sitrack.pathway.stages import title_of

_CONTRAST = {
    "in-joint": "contrast in joint",
    "not-in-joint": "contrast not in joint",
    "unknown": "contrast unknown",
    "not-used": "no contrast",
}
_OTHER = {
    "held": "Put on hold",
    "hold-renewed": "Hold renewed",
    "resumed": "Hold released",
    "lost": "Lost to follow-up",
    "returned": "Returned to care",
    "enrolled": "Enrolled",
    "episode-opened": "Episode opened",
    "payer-set": "Payer set",
    "exported": "Exported",
    "contact-consent": "Consent to being reached",
    "stop": "Stop of an address",
    "reminders-retried": "Reminders tried again",
    "clock-stepped": "The clock was set",
    "database-away": "The database was away",
    "staff-added": "Staff added",
    "role-changed": "Role changed",
    "team-added": "Team added",
    "team-changed": "Team changed",
    "absence-set": "Absence",
    "absence-ended": "Back from an absence",
    "ledger-made": "Ledger made",
    "protocol-adopted": "Protocol adopted",
}


def what(entry: Entry) -> str:
    """Return what an entry says, in one short line."""
    payload = entry.payload or {}
    if entry.payload is None:
        return f"{entry.kind} (erased)"
    said = _SAYS.get(entry.kind)
    if said is not None:
        return str(said(entry, payload))
    if entry.kind in forms.KINDS:
        return _evidence(entry.kind, payload)
    return _status(entry, payload)


def _opened(_entry: Entry, payload: Mapping[str, Any]) -> str:
    return f"Episode opened, {payload.get('side', '')}"


def _migrated(_entry: Entry, payload: Mapping[str, Any]) -> str:
    led = f"{payload['from']} → {payload['to']}"
    return f"Protocol changed: {led}, signed by {payload['clinician']}"


def _corrected(entry: Entry, payload: Mapping[str, Any]) -> str:
    kind = str(payload.get("kind"))
    if kind not in forms.KINDS:
        return f"Day set right: {entry.occurred}"
    return _evidence(kind, payload)


def _evidence(kind: str, payload: Mapping[str, Any]) -> str:
    return f"{forms.KINDS[kind].title}{_details(kind, payload)}"


def _retracted(_entry: Entry, payload: Mapping[str, Any]) -> str:
    kind = str(payload.get("kind"))
    title = forms.KINDS[kind].title if kind in forms.KINDS else kind.capitalize()
    where = f", now {payload['to']}" if "to" in payload else ""
    return f"{title} retracted{where}"


def _snoozed(_entry: Entry, payload: Mapping[str, Any]) -> str:
    why = f", {payload['reason']}" if "reason" in payload else ""
    return f"Put off until {payload['until']}{why}"


def _assigned(_entry: Entry, payload: Mapping[str, Any]) -> str:
    if payload.get("coordinator") is None:
        return f"Assigned to the queue of {payload.get('team')}"
    return f"Assigned to {payload['coordinator']}"


def _claimed(_entry: Entry, payload: Mapping[str, Any]) -> str:
    queue = f", from the queue of {payload['team']}" if payload.get("team") else ""
    return f"Claimed by {payload['coordinator']}{queue}"


def _offered(_entry: Entry, payload: Mapping[str, Any]) -> str:
    until = f"answer by {payload['until']}"
    return f"Hand-off to {payload['to']} offered, {payload['reason']}, {until}"


def _accepted(_entry: Entry, payload: Mapping[str, Any]) -> str:
    return f"Hand-off #{payload['offer']} accepted by {payload['coordinator']}"


def _declined(_entry: Entry, payload: Mapping[str, Any]) -> str:
    return f"Hand-off #{payload['offer']} declined, {payload['reason']}"


def _status(entry: Entry, payload: Mapping[str, Any]) -> str:
    """A change of status: its reason, and the day of the review."""
    named = ("reason", "review", "what", "for", "policy", "format")
    words = [payload[name] for name in named if payload.get(name)]
    if "hold" in payload:
        words.insert(0, f"#{payload['hold']}")
    if entry.stage_to is not None:
        words.append(f"to {title_of(entry.stage_to).lower()}")
    told = f", {', '.join(words)}" if words else ""
    return _OTHER.get(entry.kind, entry.kind) + told


def _move(entry: Entry, payload: Mapping[str, Any]) -> str:
    left = title_of(entry.stage_from or "").lower() if entry.stage_from else "?"
    entered = title_of(entry.stage_to or "").lower() if entry.stage_to else "?"
    left, entered = (word.replace("rfa", "RFA") for word in (left, entered))
    reason = f" ({payload['reason']})" if payload.get("reason") else ""
    variance = payload.get("variance")
    lifted = (
        f" by variance {variance['code']}, {variance['clinician']}" if variance else ""
    )
    return f"Moved: {left} → {entered}{reason}{lifted}"


def _details(kind: str, payload: Mapping[str, Any]) -> str:
    values: Mapping[str, Any] = payload.get("values", {})
    words = _WORDS[kind](values, payload) if kind in _WORDS else []
    return f", {', '.join(words)}" if words else ""


def _scores(values: Mapping[str, Any]) -> list[str]:
    return [
        f"{name.upper()} {values[name]}"
        for name in ("nrs", "vas", "odi", "pgic")
        if name in values
    ]


def _injection(values: Mapping[str, Any], _payload: Mapping[str, Any]) -> list[str]:
    guidance = values.get("guidance", "none")
    guided = "unguided" if guidance == "none" else guidance.replace("ct", "CT")
    return [guided, _CONTRAST[values.get("contrast", "unknown")], *_scores(values)]


def _diary(values: Mapping[str, Any], payload: Mapping[str, Any]) -> list[str]:
    scale = str(values.get("scale") or "nrs").upper()
    about = f"of #{payload['about']}" if payload.get("about") else ""
    readings = " ".join(
        f"{hours(row['minutes'])}={row['score']}" for row in payload.get("readings", ())
    )
    return [word for word in (about, f"{scale} {readings}") if word]


def hours(minutes: int) -> str:
    """Return the time of a reading as it is typed: `2h`, `30m`."""
    return f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m"


def _exam(values: Mapping[str, Any], _payload: Mapping[str, Any]) -> list[str]:
    positive, negative = values.get("positive", []), values.get("negative", [])
    return [f"{len(positive)} of {len(positive) + len(negative)} tests positive"]


def _screen(values: Mapping[str, Any], _payload: Mapping[str, Any]) -> list[str]:
    regions = [
        f"{name.replace('_', ' ')} {values[name]}"
        for name in ("lumbar", "hip", "soft_tissue")
        if values.get(name, "not-done") != "not-done"
    ]
    return regions + list(values.get("red_flags", []))


def _therapy(values: Mapping[str, Any], _payload: Mapping[str, Any]) -> list[str]:
    words = [values["type"]]
    if "visits" in values:
        words.append(f"{values['visits']} visits")
    if values.get("intolerance"):
        words.append("not tolerated")
    return words


def _medication(values: Mapping[str, Any], _payload: Mapping[str, Any]) -> list[str]:
    words = [values["drug"]]
    words += [f"{name} {values[name]}" for name in ("start", "stop") if name in values]
    if "response" in values:
        words.append(f"response {values['response']}")
    if values.get("contraindicated"):
        words.append("contraindicated")
    return words


def _block(values: Mapping[str, Any], _payload: Mapping[str, Any]) -> list[str]:
    nerves = " ".join(values.get("nerves", [])).upper()
    agent = [values["anaesthetic"]] if "anaesthetic" in values else []
    return [nerves, *agent, *_scores(values)]


def _rfa(values: Mapping[str, Any], _payload: Mapping[str, Any]) -> list[str]:
    nerves = " ".join(values.get("nerves", [])).upper()
    return [values["technique"], nerves, *_scores(values)]


_SAYS: Mapping[str, Any] = {
    OPENED: _opened,
    MOVE: _move,
    MIGRATED: _migrated,
    CORRECTED: _corrected,
    RETRACTED: _retracted,
    SNOOZED: _snoozed,
    ASSIGNED: _assigned,
    CLAIMED: _claimed,
    OFFERED: _offered,
    ACCEPTED: _accepted,
    DECLINED: _declined,
}
_WORDS: Mapping[str, Any] = {
    "injection": _injection,
    "diary": _diary,
    "score": lambda values, _payload: _scores(values),
    "exam": _exam,
    "screen": _screen,
    "therapy": _therapy,
    "medication": _medication,
    "block": _block,
    "rfa": _rfa,
    "consent": lambda values, _payload: [
        f"to {values['procedure'].replace('rfa', 'RFA')}"
    ],
    "opinion": lambda values, _payload: [values["from"], values["verdict"]],
    "note": lambda values, _payload: [values["topic"]],
    "attestation": lambda values, _payload: [values["about"]],
    "contact": lambda values, _payload: [
        values["outcome"],
        values["channel"],
        *([f"again {values['again']}"] if "again" in values else []),
    ],
    "fusion": lambda values, _payload: [values["approach"]],
    "visit": lambda values, _payload: [values["by"]],
    "imaging": lambda values, _payload: [values["modality"], *values["regions"]],
    "notice": lambda values, _payload: [f"for {values['procedure']}"],
    "belt": lambda values, _payload: [f"{n} {v}" for n, v in values.items()],
    "lab": lambda values, _payload: [f"{n} {v}" for n, v in values.items()],
    "booking": lambda values, _payload: [
        values["what"],
        values["day"],
        values["status"],
    ],
    "authorisation": lambda values, _payload: [values["what"], values["status"]],
    "adverse": lambda values, _payload: [values["event"], values["severity"]],
}
