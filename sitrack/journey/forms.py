"""What clinicians write down: the kinds of evidence, their fields and their bounds.

One table. It is what `sitrack record KIND` offers, what the record stores, and what
the requirements read. Scores: NRS 0 to 10 in half points, VAS 0 to 100 mm, ODI 0 to
100 %, PGIC 1 (very much improved) to 7. The file is long because the table is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

FieldType = Literal[
    "choice", "choices", "score", "amount", "whole", "date", "flag", "word"
]


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a kind of evidence.

    Attributes:
        name: the key in the payload; its option is the same word in lower-kebab.
        type: how it is read.
        about: what it is, in a few words, for the help.
        choices: the words allowed, for `choice` and `choices`.
        low: the least value allowed.
        high: the greatest value allowed.
        step: scores are multiples of this.
        required: a command without it is not understood.
        default: taken where it is not given.
    """

    name: str
    type: FieldType
    about: str
    choices: tuple[str, ...] = ()
    low: int = 0
    high: int = 1000
    step: str = "1"
    required: bool = False
    default: Any = None


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of evidence.

    Attributes:
        name: `injection`.
        title: as a history shows it.
        example: the options of a typical command, for the help.
        fields: in the order of the form.
        one_of: names of which at least one must be given.
        procedure: it is done to the joint, on a side, and anchors follow-ups.
        clinician: only a clinician may be its performer.
        about_entry: it may say with `--for` which entry it belongs to.
        own_command: it is written by a command of its own, not by `record`.
        one_side: it is signed, or happened, on one side: no session writes it to both.
    """

    name: str
    title: str
    example: str
    fields: tuple[Field, ...]
    one_of: tuple[str, ...] = ()
    procedure: bool = False
    clinician: bool = False
    about_entry: bool = False
    own_command: bool = False
    one_side: bool = False


NERVES: Final = ("l5", "s1", "s2", "s3")
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
WORKED_ON: Final = ("pelvic-girdle", "lumbar-spine", "hips")
"""Whose mechanics physical therapy is to mend (founding 18)."""
EXERCISES: Final = ("core", "gluteal", "pelvis-stabilising", "stretching")
"""What a programme may hold; the first three make it an active one (founding 19)."""
OUTCOMES: Final = (
    "reached",
    "no-answer",
    "voicemail",
    "sent",
    "call-later",
    "wrong-number",
    "declined",
    "moved",
    "deceased",
)
STOPPING: Final = ("declined", "moved", "deceased")
"""Outcomes after which nobody is reminded of the episode any more."""
CHANNELS: Final = ("phone", "sms", "portal", "letter", "email")
BOOKABLE: Final = ("injection", "block", "rfa", "fusion", "visit", "imaging")
EXCLUSIONS: Final = (
    "inflammatory",
    "infection",
    "tumour",
    "fracture",
    "neural-compression",
    "pain-disorder",
)
"""What must be ruled out before a fusion [P3][P4]."""
_AGENTS: Final = ("lidocaine", "bupivacaine", "other")
_SCREEN: Final = ("positive", "negative", "not-done")
_GUIDANCE: Final = ("fluoroscopy", "ct", "ultrasound", "none")

_NRS = Field("nrs", "score", "pain, 0 to 10", high=10, step="0.5")
_VAS = Field("vas", "score", "pain, 0 to 100 mm", high=100)
_ODI = Field("odi", "score", "disability, 0 to 100 %", high=100)
_GUIDED = Field("guidance", "choice", "how it was guided", _GUIDANCE, required=True)
_AGENT = Field("anaesthetic", "choice", "the anaesthetic agent", _AGENTS)
_NERVES = Field(
    "nerves", "choices", "the nerves, comma-separated", NERVES, default=NERVES
)

KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind(
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
                _NRS,
                _VAS,
                _ODI,
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
        ),
        Kind(
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
        ),
        Kind(
            "score",
            "Score",
            "--nrs 3 --pgic 2",
            (
                _NRS,
                _VAS,
                _ODI,
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
        ),
        Kind(
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
        ),
        Kind(
            "screen",
            "Screens",
            "--lumbar negative --hip negative --soft-tissue negative",
            (
                Field("lumbar", "choice", "lumbar spine", _SCREEN, default="not-done"),
                Field("hip", "choice", "hip", _SCREEN, default="not-done"),
                Field(
                    "soft_tissue", "choice", "soft tissue", _SCREEN, default="not-done"
                ),
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
        ),
        Kind(
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
        ),
        Kind(
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
                Field(
                    "response", "choice", "the response", ("none", "partial", "good")
                ),
                Field("contraindicated", "flag", "contraindicated or not tolerated"),
                Field("neuropathic", "flag", "nerve irritation is suspected"),
            ),
        ),
        Kind(
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
                _NRS,
                _VAS,
                Field("steroid", "flag", "steroid in the injectate"),
                Field("sedation", "flag", "sedation or opioid was given"),
            ),
            procedure=True,
        ),
        Kind(
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
                _NRS,
                _VAS,
                _ODI,
                Field("lesions", "whole", "number of lesions", low=1, high=60),
                Field(
                    "complication",
                    "choice",
                    "immediate complication",
                    ("none", "neuritis", "bleeding", "infection", "burn", "other"),
                ),
            ),
            procedure=True,
        ),
        Kind(
            "consent",
            "Consent",
            "--procedure rfa",
            (
                Field(
                    "procedure",
                    "choice",
                    "what is consented to",
                    ("injection", "block", "rfa", "fusion"),
                    required=True,
                ),
                Field("permanence", "flag", "permanence was explained"),
            ),
        ),
        Kind(
            "opinion",
            "Opinion",
            "--from hip --verdict other-source",
            (
                Field(
                    "from",
                    "choice",
                    "who replied",
                    (
                        "surgeon",
                        "lumbar",
                        "hip",
                        "soft-tissue",
                        "rheumatology",
                        "infection-oncology",
                        "other",
                    ),
                    required=True,
                ),
                Field(
                    "verdict",
                    "choice",
                    "what the reply says",
                    (
                        "candidate",
                        "not-candidate",
                        "optimise",
                        "other-source",
                        "joint-confirmed",
                        "unclear",
                    ),
                    required=True,
                ),
            ),
        ),
        Kind(
            "note",
            "Note",
            "--topic shared-decision --text note.txt",
            (
                Field(
                    "topic",
                    "choice",
                    "what it is about",
                    ("general", "shared-decision", "adherence", "activity", "safety"),
                    default="general",
                ),
            ),
        ),
        Kind(
            "attestation",
            "Attestation",
            "--about diary --for 6 --performer osei",
            (
                Field(
                    "about",
                    "choice",
                    "what is attested",
                    (
                        "source",
                        "repeat",
                        "home-programme",
                        "diary",
                        "early-failure",
                        "rfa-waiver",
                        "discharge",
                        "move",
                    ),
                    required=True,
                ),
            ),
            clinician=True,
            about_entry=True,
            one_side=True,
        ),
        Kind(
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
        ),
        Kind(
            "visit",
            "Visit",
            "--by clinic --wound well",
            (
                Field(
                    "by",
                    "choice",
                    "how the patient was seen",
                    ("clinic", "phone", "video"),
                    default="clinic",
                ),
                Field("wound", "choice", "the wound", ("well", "problem")),
                Field(
                    "weight_bearing",
                    "choice",
                    "weight bearing",
                    ("full", "partial", "none"),
                ),
                Field("other_side", "choice", "pain on the other side", ("yes", "no")),
            ),
        ),
        Kind(
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
        ),
        Kind(
            "lab",
            "Laboratory",
            "--cotinine 4",
            (
                Field("cotinine", "amount", "cotinine, ng/mL", high=5000),
                Field("smoker", "choice", "smoking", ("never", "former", "current")),
            ),
            one_of=("cotinine", "smoker"),
        ),
        Kind(
            "belt",
            "Belt",
            "--start 2025-02-01",
            (
                Field("start", "date", "first day"),
                Field("stop", "date", "last day"),
            ),
            one_of=("start", "stop"),
        ),
        Kind(
            "notice",
            "Financial notice",
            "--procedure rfa",
            (
                Field(
                    "procedure",
                    "choice",
                    "what the payer does not cover",
                    ("injection", "block", "rfa", "fusion"),
                    required=True,
                ),
            ),
        ),
        Kind(
            "booking",
            "Booking",
            "--what rfa --day 2025-06-03",
            (
                Field("what", "choice", "what is booked", BOOKABLE, required=True),
                Field("day", "date", "the day it is booked for", required=True),
                Field(
                    "status",
                    "choice",
                    "what became of it",
                    ("made", "moved", "cancelled", "missed"),
                    default="made",
                ),
            ),
        ),
        Kind(
            "authorisation",
            "Authorisation",
            "--what rfa --status approved --valid-until 2025-09-30",
            (
                Field("what", "choice", "what it is for", BOOKABLE, required=True),
                Field(
                    "status",
                    "choice",
                    "where it stands",
                    ("requested", "approved", "denied", "withdrawn"),
                    required=True,
                ),
                Field("valid_until", "date", "its last valid day"),
            ),
        ),
        Kind(
            "contact",
            "Contact",
            "--outcome no-answer --channel phone",
            (
                Field("outcome", "choice", "what came of it", OUTCOMES, required=True),
                Field("channel", "choice", "by what way", CHANNELS, default="phone"),
                Field("again", "date", "the day of the next attempt"),
            ),
            own_command=True,
        ),
        Kind(
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
        ),
    )
}
"""Every kind of evidence that can be recorded, by name."""


def option_of(name: str) -> str:
    """Return the option of a field: `soft_tissue` is typed `--soft-tissue`."""
    return name.replace("_", "-")
