"""Conservative care, course by course, and the harm that any treatment may do."""

from __future__ import annotations

from typing import Final

from sitrack.journey.forms.fields import Field, Kind

WORKED_ON: Final = ("pelvic-girdle", "lumbar-spine", "hips")
"""Whose mechanics physical therapy is to mend (founding 18)."""
EXERCISES: Final = ("core", "gluteal", "pelvis-stabilising", "stretching")
"""What a programme may hold; the first three make it an active one (founding 19)."""

THERAPY: Final = Kind(
    "therapy",
    "Therapy",
    "--type active-stabilisation --start 2025-02-01 --visits 5",
    (
        Field(
            "type",
            "choice",
            "what was done",
            (
                "active-stabilisation",
                "passive",
                "stretching-only",
                "home-programme",
            ),
            required=True,
        ),
        Field("regions", "choices", "what it works on", WORKED_ON),
        Field("content", "choices", "what the programme holds", EXERCISES),
        Field("start", "date", "first day of the course"),
        Field("stop", "date", "last day of the course"),
        Field("visits", "whole", "visits attended so far", high=400),
        Field("planned", "whole", "visits planned", high=400),
        Field("adherence", "whole", "home programme done, %", high=100),
        Field("intolerance", "flag", "it could not be tolerated"),
    ),
)

MEDICATION: Final = Kind(
    "medication",
    "Medication",
    "--drug naproxen --dose 500mg --start 2025-02-17",
    (
        Field("drug", "word", "the drug's name", required=True),
        Field(
            "drug_class",
            "choice",
            "its class, where the name does not tell",
            ("nsaid", "gabapentin", "pregabalin", "other"),
        ),
        Field("dose", "word", "the dose, such as 500mg-bd"),
        Field("start", "date", "first day"),
        Field("stop", "date", "last day"),
        Field("response", "choice", "the response", ("none", "partial", "good")),
        Field("contraindicated", "flag", "contraindicated or not tolerated"),
        Field("neuropathic", "flag", "nerve irritation is suspected"),
    ),
)

BELT: Final = Kind(
    "belt",
    "Belt",
    "--start 2025-02-01",
    (
        Field("start", "date", "first day"),
        Field("stop", "date", "last day"),
    ),
    one_of=("start", "stop"),
)

ADVERSE: Final = Kind(
    "adverse",
    "Adverse event",
    "--event infection --severity mild",
    (
        Field(
            "event",
            "choice",
            "what happened",
            (
                "bleeding",
                "infection",
                "neuritis",
                "burn",
                "fracture",
                "implant",
                "allergy",
                "other",
            ),
            required=True,
        ),
        Field(
            "severity",
            "choice",
            "how severe",
            ("mild", "moderate", "severe"),
            required=True,
        ),
    ),
    one_side=True,
)
