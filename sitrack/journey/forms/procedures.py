"""What is done to the joint: injection, diagnostic block, RFA and fusion."""

from __future__ import annotations

from typing import Final

from sitrack.journey.forms.fields import NRS, ODI, VAS, Field, Kind

NERVES: Final = ("l5", "s1", "s2", "s3")
_AGENTS: Final = ("lidocaine", "bupivacaine", "other")
_GUIDANCE: Final = ("fluoroscopy", "ct", "ultrasound", "none")

_GUIDED = Field("guidance", "choice", "how it was guided", _GUIDANCE, required=True)
_AGENT = Field("anaesthetic", "choice", "the anaesthetic agent", _AGENTS)
_NERVES = Field(
    "nerves", "choices", "the nerves, comma-separated", NERVES, default=NERVES
)

INJECTION: Final = Kind(
    "injection",
    "Injection",
    "--guidance fluoroscopy --contrast in-joint --nrs 8",
    (
        _GUIDED,
        Field(
            "contrast",
            "choice",
            "where the contrast went",
            ("in-joint", "not-in-joint", "unknown", "not-used"),
            default="unknown",
        ),
        Field(
            "purpose",
            "choice",
            "what it was for",
            ("diagnostic", "therapeutic", "both"),
            default="both",
        ),
        NRS,
        VAS,
        ODI,
        _AGENT,
        Field("anaesthetic_ml", "amount", "anaesthetic volume, ml", high=50),
        Field(
            "steroid",
            "choice",
            "the steroid",
            (
                "triamcinolone",
                "methylprednisolone",
                "betamethasone",
                "dexamethasone",
                "none",
                "other",
            ),
        ),
        Field("steroid_mg", "amount", "steroid dose, mg", high=500),
        Field("sedation", "flag", "sedation was given"),
    ),
    procedure=True,
)

BLOCK: Final = Kind(
    "block",
    "Diagnostic block",
    "--anaesthetic bupivacaine --nrs 7 --guidance fluoroscopy",
    (
        _NERVES,
        Field(
            "technique",
            "choice",
            "how the nerves were reached",
            ("multi-site", "single-site", "other"),
        ),
        Field("guidance", "choice", "how it was guided", _GUIDANCE),
        _AGENT,
        NRS,
        VAS,
        Field("steroid", "flag", "steroid in the injectate"),
        Field("sedation", "flag", "sedation or opioid was given"),
    ),
    procedure=True,
)

RFA: Final = Kind(
    "rfa",
    "RFA",
    "--technique cooled --guidance fluoroscopy --nrs 7",
    (
        _NERVES,
        Field(
            "technique",
            "choice",
            "the kind of lesion",
            ("cooled", "conventional", "bipolar", "pulsed", "other"),
            required=True,
        ),
        _GUIDED,
        NRS,
        VAS,
        ODI,
        Field("lesions", "whole", "number of lesions", low=1, high=60),
        Field(
            "complication",
            "choice",
            "immediate complication",
            ("none", "neuritis", "bleeding", "infection", "burn", "other"),
        ),
    ),
    procedure=True,
)

FUSION: Final = Kind(
    "fusion",
    "Fusion",
    "--approach lateral --implant titanium-triangular",
    (
        Field(
            "approach",
            "choice",
            "how the joint was reached",
            ("lateral", "posterior", "open", "other"),
            required=True,
        ),
        Field(
            "implant",
            "choice",
            "what was placed across it",
            ("titanium-triangular", "screw", "allograft", "other"),
        ),
    ),
)
