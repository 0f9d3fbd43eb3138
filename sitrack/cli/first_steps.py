"""What `sitrack` alone says comes next, by how far the record is.

It is asked at a shell, often, so that the record is only glanced at: no name is read,
and nothing heavy is loaded.
"""

from __future__ import annotations

import os
from typing import Final

from sitrack.errors import SitrackError

_STEPS: Final = {
    "missing": ("There is no record yet.", "sitrack db init"),
    "no-staff": (
        "Nobody is on the staff list yet.",
        "sitrack staff add YOUR-ID --role coordinator",
    ),
    "no-patients": ("Nobody is enrolled yet.", "sitrack patient add"),
    "no-episodes": (
        "Nobody's joint is followed yet.",
        "sitrack episode open PATIENT --side left|right",
    ),
    "goes-on": ("", "sitrack worklist"),
    "unclear": ("The record cannot be looked at.", "sitrack doctor"),
}
"""How far a record is, in words, and the command that goes on from there."""


def next_step() -> list[str]:
    """Return where the record stands, and the command that comes next."""
    from sitrack import settings
    from sitrack.record.glance import how_far

    try:
        url = settings.load({}, os.environ)["database_url"]
    except SitrackError:
        far = "unclear"
    else:
        far = how_far(url)
    words, command = _STEPS[far]
    more = ["To see it work first: sitrack demo"] if far == "missing" else []
    return [*([words] if words else []), *more, f"Next: {command}"]
