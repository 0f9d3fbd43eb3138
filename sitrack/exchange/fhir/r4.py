"""The shapes of FHIR R4 that the resources here share: codes, references, moments."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Final

Resource = dict[str, Any]

BASE: Final = "https://sitrack.invalid/fhir"
"""Stands before every system and every full URL; nobody answers there."""

SEPARATED: Final = re.compile(r"[^A-Za-z0-9.-]")
_LONGEST_ID: Final = 64


def resource(kind: str, called: str, /, **elements: Any) -> Resource:
    """Return a resource; elements without a value are left out."""
    given = {key.rstrip("_"): value for key, value in elements.items()}
    return {"resourceType": kind, "id": identifier_of(called), **without_empty(given)}


def identifier_of(name: str) -> str:
    """Return a name as FHIR takes an id.

    Raises:
        ValueError: it is too long for one.
    """
    found = SEPARATED.sub("-", name)
    if len(found) > _LONGEST_ID:
        raise ValueError("an id of FHIR has at most 64 characters")
    return found


def without_empty(elements: dict[str, Any]) -> dict[str, Any]:
    """Return the elements that have a value: FHIR knows no null and no empty list."""
    return {
        key: value for key, value in elements.items() if value not in (None, "", [], {})
    }


def reference(kind: str, name: str) -> dict[str, str]:
    """Return a reference to a resource of the same bundle."""
    return {"reference": f"{kind}/{identifier_of(name)}"}


def coding(system: str, code: str, display: str | None = None) -> dict[str, Any]:
    """Return one code; a system without a scheme is one of ours."""
    whole = system if ":" in system else f"{BASE}/CodeSystem/{system}"
    return without_empty({"system": whole, "code": code, "display": display})


def concept(
    system: str, code: str, display: str | None = None, text: str | None = None
) -> dict[str, Any]:
    """Return a codeable concept of one code."""
    return without_empty({"coding": [coding(system, code, display)], "text": text})


def instant(moment: dt.datetime | dt.date) -> str:
    """Return an instant; of a day, its first in UTC."""
    if not isinstance(moment, dt.datetime):
        return f"{moment.isoformat()}T00:00:00Z"
    utc = moment.astimezone(dt.UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="milliseconds") + "Z"


def moment(at: dt.datetime, *, exact: bool) -> str:
    """Return when something happened, as exactly as it is known."""
    return instant(at) if exact else at.date().isoformat()
