"""What clinicians write down: the kinds of evidence, their fields and their bounds.

One table. It is what `sitrack record KIND` offers, what the record stores, and what
the requirements read; its rows stand by subject in the files beside this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sitrack.journey.forms import (
    encounters,
    examinations,
    papers,
    procedures,
    treatment,
)
from sitrack.journey.forms.encounters import CHANNELS, OUTCOMES, STOPPING
from sitrack.journey.forms.examinations import EXCLUSIONS, REGIONS
from sitrack.journey.forms.fields import Field, Kind, option_of
from sitrack.journey.forms.papers import BOOKABLE

__all__ = [
    "BOOKABLE",
    "CHANNELS",
    "EXCLUSIONS",
    "KINDS",
    "OUTCOMES",
    "REGIONS",
    "STOPPING",
    "Field",
    "Kind",
    "option_of",
]

KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind
    for kind in (
        procedures.INJECTION,
        examinations.DIARY,
        examinations.SCORE,
        examinations.EXAM,
        examinations.SCREEN,
        treatment.THERAPY,
        treatment.MEDICATION,
        procedures.BLOCK,
        procedures.RFA,
        papers.CONSENT,
        papers.OPINION,
        papers.NOTE,
        papers.ATTESTATION,
        procedures.FUSION,
        encounters.VISIT,
        examinations.IMAGING,
        examinations.LAB,
        treatment.BELT,
        papers.NOTICE,
        papers.BOOKING,
        papers.AUTHORISATION,
        encounters.CONTACT,
        treatment.ADVERSE,
    )
}
"""Every kind of evidence that can be recorded, by name, in the order of the help."""
