"""What is found: scores, examination, imaging, laboratory.

PGIC runs from 1 (very much improved) to 7.
"""

from __future__ import annotations

from typing import Final

from sitrack.journey.forms.fields import NRS, ODI, VAS, Field, Kind

TESTS: Final = (
    "faber",
    "gaenslen",
    "thigh-thrust",
    "compression",
    "distraction",
    "sacral-thrust",
    "yeoman",
    "aslr",
)
REGIONS: Final = ("si-joint", "pelvis", "lumbar")
EXCLUSIONS: Final = (
    "inflammatory",
    "infection",
    "tumour",
    "fracture",
    "neural-compression",
    "pain-disorder",
)
"""What must be ruled out before a fusion [P3][P4]."""
_SCREEN: Final = ("positive", "negative", "not-done")

DIARY: Final = Kind(
    "diary",
    "Diary",
    "--for 2 --reading 1h=2 --reading 2h=3 --method paper",
    (
        Field(
            "method",
            "choice",
            "how it was kept",
            ("e-diary", "paper", "phone"),
            default="paper",
        ),
        Field("scale", "choice", "the scale of the readings", ("nrs", "vas")),
    ),
    about_entry=True,
)

SCORE: Final = Kind(
    "score",
    "Score",
    "--nrs 3 --pgic 2",
    (
        NRS,
        VAS,
        ODI,
        Field("pgic", "whole", "global change, 1 to 7", low=1, high=7),
        Field(
            "pattern",
            "choice",
            "the pain pattern against before",
            ("same", "changed"),
        ),
        Field(
            "method",
            "choice",
            "how it was asked",
            ("clinic", "phone", "portal", "letter"),
        ),
    ),
    one_of=("nrs", "vas", "odi", "pgic"),
    about_entry=True,
)

EXAM: Final = Kind(
    "exam",
    "Examination",
    "--positive faber,thigh-thrust,gaenslen --negative compression",
    (
        Field("positive", "choices", "tests that were positive", TESTS),
        Field("negative", "choices", "tests that were negative", TESTS),
        Field("fortin", "choice", "Fortin finger sign", ("yes", "no")),
        Field("sulcus", "choice", "sacral sulcus tenderness", ("yes", "no")),
        Field("centralisation", "choice", "pain centralises", ("yes", "no")),
    ),
    one_of=("positive", "negative"),
)

SCREEN: Final = Kind(
    "screen",
    "Screens",
    "--lumbar negative --hip negative --soft-tissue negative",
    (
        Field("lumbar", "choice", "lumbar spine", _SCREEN, default="not-done"),
        Field("hip", "choice", "hip", _SCREEN, default="not-done"),
        Field("soft_tissue", "choice", "soft tissue", _SCREEN, default="not-done"),
        Field("excluded", "choices", "what is ruled out", EXCLUSIONS),
        Field(
            "behavioural",
            "choice",
            "behavioural-health screen",
            ("unremarkable", "managed", "unmanaged"),
        ),
        Field(
            "red_flags",
            "choices",
            "red flags found",
            ("inflammatory", "infection", "tumour", "fracture"),
        ),
    ),
)

IMAGING: Final = Kind(
    "imaging",
    "Imaging",
    "--modality ct --regions si-joint,pelvis,lumbar",
    (
        Field(
            "modality",
            "choice",
            "how it was taken",
            ("ct", "mri", "x-ray", "other"),
            required=True,
        ),
        Field("regions", "choices", "what it shows", REGIONS, required=True),
        Field(
            "bridging",
            "choice",
            "bone across the joint",
            ("present", "absent", "unclear"),
        ),
    ),
)

LAB: Final = Kind(
    "lab",
    "Laboratory",
    "--cotinine 4",
    (
        Field("cotinine", "amount", "cotinine, ng/mL", high=5000),
        Field("smoker", "choice", "smoking", ("never", "former", "current")),
    ),
    one_of=("cotinine", "smoker"),
)
