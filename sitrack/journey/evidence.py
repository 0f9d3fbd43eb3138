"""What clinicians write down: the kinds of evidence, their fields and their bounds.

One table. It is what `sitrack record KIND` offers, what the record stores, and what
the requirements read. Evidence says what happened, whatever the rules think of it; it
never moves a stage. Scores: NRS 0 to 10 in half points, VAS 0 to 100 mm, ODI 0 to
100 %, PGIC 1 (very much improved) to 7.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal

from sitrack.errors import BadInput

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
    """

    name: str
    title: str
    example: str
    fields: tuple[Field, ...]
    one_of: tuple[str, ...] = ()
    procedure: bool = False
    clinician: bool = False
    about_entry: bool = False


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
                    ),
                    required=True,
                ),
            ),
            clinician=True,
            about_entry=True,
        ),
    )
}
"""Every kind of evidence that can be recorded, by name."""

_WORD: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}\Z", re.ASCII)
_READING: Final = re.compile(
    r"([0-9]{1,3}(?:\.[0-9]{1,2})?)(h|m)=([0-9]{1,3}(?:\.5)?)\Z"
)
_DRUG_CLASSES: Final = {
    "nsaid": [
        *("aceclofenac", "celecoxib", "dexketoprofen", "diclofenac", "etodolac"),
        *("etoricoxib", "ibuprofen", "indometacin", "indomethacin", "ketoprofen"),
        *("ketorolac", "lornoxicam", "meloxicam", "nabumetone", "naproxen"),
        *("piroxicam", "tenoxicam"),
    ],
    "gabapentin": ["gabapentin"],
    "pregabalin": ["pregabalin"],
}


@dataclass(frozen=True, slots=True)
class Reading:
    """One line of a pain diary: minutes after the procedure, and the score then."""

    minutes: int
    score: Decimal


@dataclass(frozen=True, slots=True)
class Evidence:
    """One recorded clinical fact, as the requirements read it.

    Attributes:
        seq: the entry it stands in.
        kind: a key of `KINDS`.
        day: the clinical day on which it was so.
        written: the clinical day on which it was written.
        performer: staff id of who did it, or None.
        values: by field name, typed: Decimal, int, date, bool, str or tuple.
        about: the entry it belongs to, for a diary, score or attestation.
        readings: the readings of a diary, earliest first.
    """

    seq: int
    kind: str
    day: dt.date
    written: dt.date
    performer: str | None
    values: Mapping[str, Any]
    about: int | None = None
    readings: tuple[Reading, ...] = ()

    @property
    def scale(self) -> str | None:
        """The pain scale it speaks: `nrs`, `vas`, or None."""
        if "nrs" in self.values:
            return "nrs"
        return "vas" if "vas" in self.values else None

    @property
    def pain(self) -> Decimal | None:
        """The pain score on its scale, or None."""
        found = self.values.get(self.scale or "")
        return found if isinstance(found, Decimal) else None


def read_value(kind: str, field: Field, raw: Any) -> Any:
    """Return `raw` as the field's type.

    Args:
        kind: the kind of evidence, for the sentence of an error.
        field: which value.
        raw: text as typed, or a JSON value as stored.

    Raises:
        BadInput: it is not such a value, or out of bounds.
    """
    try:
        return _READERS[field.type](field, raw)
    except (ValueError, TypeError, InvalidOperation):
        raise BadInput(
            f"{kind}: --{option_of(field.name)} {_expected(field)}",
            f"see: sitrack record {kind} --help",
        ) from None


def option_of(name: str) -> str:
    """Return the option of a field: `soft_tissue` is typed `--soft-tissue`."""
    return name.replace("_", "-")


def _expected(field: Field) -> str:
    if field.choices:
        return f"takes {', '.join(field.choices)}"
    if field.type == "score":
        return (
            f"takes a score from {field.low} to {field.high} in steps of {field.step}"
        )
    if field.type in {"whole", "amount"}:
        return f"takes a number from {field.low} to {field.high}"
    if field.type == "date":
        return "takes a date such as 2025-02-17"
    return "takes one lower-case word such as naproxen or 500mg-bd"


def _choice(field: Field, raw: Any) -> str:
    if raw not in field.choices:
        raise ValueError
    return str(raw)


def _choices(field: Field, raw: Any) -> tuple[str, ...]:
    words = raw.split(",") if isinstance(raw, str) else list(raw)
    found = [_choice(field, str(word).strip()) for word in words]
    return tuple(word for word in field.choices if word in found)


def _number(field: Field, raw: Any, step: str) -> Decimal:
    value = Decimal(str(raw))
    if not value.is_finite() or not field.low <= value <= field.high:
        raise ValueError
    if value % Decimal(step):
        raise ValueError
    return value.normalize() if value else Decimal(0)


def _whole(field: Field, raw: Any) -> int:
    return int(_number(field, raw, "1"))


def _date(_field: Field, raw: Any) -> dt.date:
    return raw if isinstance(raw, dt.date) else dt.date.fromisoformat(str(raw))


def _flag(_field: Field, raw: Any) -> bool:
    if not isinstance(raw, bool):
        raise TypeError
    return raw


def _word(_field: Field, raw: Any) -> str:
    if not isinstance(raw, str) or not _WORD.match(raw.lower()):
        raise ValueError
    return raw.lower()


_READERS: Final[Mapping[str, Any]] = {
    "choice": _choice,
    "choices": _choices,
    "score": lambda field, raw: _number(field, raw, field.step),
    "amount": lambda field, raw: _number(field, raw, "0.001"),
    "whole": _whole,
    "date": _date,
    "flag": _flag,
    "word": _word,
}


def read_reading(text: str, scale: str) -> Reading:
    """Return the diary reading typed as `1h=2`, `0.5h=3` or `30m=3`.

    Raises:
        BadInput: it is not a reading, or the score is not on the scale.
    """
    match = _READING.match(text)
    hint = "a reading is a time after the procedure and a score: 1h=2 or 30m=3"
    if match is None:
        raise BadInput("a diary reading cannot be understood", hint)
    minutes = Decimal(match.group(1)) * (60 if match.group(2) == "h" else 1)
    score = Decimal(match.group(3))
    if minutes % 1 or minutes > 72 * 60:
        raise BadInput("a diary reading lies within 72 hours, at whole minutes", hint)
    if score > (10 if scale == "nrs" else 100) or (scale == "vas" and score % 1):
        raise BadInput(f"a diary reading is outside the {scale.upper()} scale", hint)
    return Reading(int(minutes), score)


def read_values(kind: Kind, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the typed values of a form, defaults filled in, absent ones left out.

    Raises:
        BadInput: a value is wrong, unknown, or a required one is missing.
    """
    known = {field.name: field for field in kind.fields}
    for name in raw:
        if name not in known:
            raise BadInput(f"{kind.name} has no field {name[:40]!r}")
    found: dict[str, Any] = {}
    for field in kind.fields:
        value = raw.get(field.name)
        if value is None or value is False:
            value = field.default
        if value is None:
            if field.required:
                raise BadInput(
                    f"{kind.name}: --{option_of(field.name)} is missing",
                    f"see: sitrack record {kind.name} --help",
                )
            continue
        found[field.name] = read_value(kind.name, field, value)
    if kind.one_of and not any(name in found for name in kind.one_of):
        options = ", ".join(f"--{option_of(name)}" for name in kind.one_of)
        raise BadInput(f"{kind.name}: give at least one of {options}")
    return found


def drug_class(values: Mapping[str, Any]) -> str:
    """Return the class of a medication entry: as given, else by the drug's name."""
    given = values.get("drug_class")
    if given:
        return str(given)
    for name, drugs in _DRUG_CLASSES.items():
        if values.get("drug") in drugs:
            return name
    return "other"


def to_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return typed values as JSON without floats: decimals and dates as text."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def from_json(kind: Kind, stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return stored values typed again; fields that this version lacks are kept out."""
    found: dict[str, Any] = {}
    for field in kind.fields:
        if field.name in stored:
            found[field.name] = read_value(kind.name, field, stored[field.name])
    return found
