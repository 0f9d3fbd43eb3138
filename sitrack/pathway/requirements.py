"""The kinds of requirement a protocol may name, and their parameters.

A requirement is data: a kind, its parameters, and whether it is `hard` (no variance
lifts it). What each kind means for one patient is judged in `journey.assessment`;
a kind that nothing there can judge yet is *unknown*, and lets no move pass.

A parameter that came after the first protocols has a default here: what was true of
them before, so that a record goes on reading the texts it was pinned to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Parameter = Literal["number", "word", "words", "flag"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of requirement.

    Attributes:
        parameters: by name, how each is given.
        asks: what it asks, in words.
        defaults: parameters that a protocol need not name, and what holds then.
    """

    parameters: Mapping[str, Parameter]
    asks: str
    defaults: Mapping[str, int | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition of one move, with the protocol's numbers filled in.

    Attributes:
        id: its name within the protocol, as JSON and screens show it.
        kind: a key of `KINDS`.
        parameters: by name; numbers are whole (days, percent, points, counts).
        hard: true where no variance may lift it (an invariant of the pathway).
        sources: citation keys of the numbers it uses.
    """

    id: str
    kind: str
    parameters: Mapping[str, int | bool | str | tuple[str, ...]]
    hard: bool
    sources: tuple[str, ...]

    def number(self, name: str) -> int:
        """Return the whole number that the protocol gives for `name`."""
        value = self.parameters[name]
        if not isinstance(value, int):
            raise TypeError(f"{self.id}.{name} is not a number")
        return value

    def flag(self, name: str) -> bool:
        """Return the setting that the protocol gives for `name`."""
        value = self.parameters[name]
        if not isinstance(value, bool):
            raise TypeError(f"{self.id}.{name} is not a setting")
        return value

    def words(self, name: str) -> tuple[str, ...]:
        """Return the list of words that the protocol gives for `name`."""
        value = self.parameters[name]
        if not isinstance(value, tuple):
            raise TypeError(f"{self.id}.{name} is not a list of words")
        return value

    def word(self, name: str) -> str:
        """Return the word that the protocol gives for `name`."""
        value = self.parameters[name]
        if not isinstance(value, str):
            raise TypeError(f"{self.id}.{name} is not a word")
        return value


_RELIEF: Final[dict[str, Parameter]] = {
    "min_pct": "number",
    "partial_pct": "number",
    "partial_points": "number",
    "pgic_max": "number",
    "max_age_days": "number",
    "from_day": "number",
}

_BLOCK: Final[dict[str, Parameter]] = {
    "response_pct": "number",
    "recall_after_days": "number",
    "recall_counts": "flag",
    "throughout": "flag",
    "lidocaine_minutes": "number",
    "bupivacaine_minutes": "number",
    "steroid_counts": "flag",
    "after_steroid_days": "number",
}
"""By what a block is judged, wherever one is."""
_BLOCK_DEFAULTS: Final[dict[str, int | bool]] = {
    "recall_counts": True,
    "throughout": False,
    "lidocaine_minutes": 60,
    "bupivacaine_minutes": 180,
    "steroid_counts": True,
    "after_steroid_days": 28,
}

KINDS: Final[Mapping[str, Kind]] = {
    # the injection and what it showed
    "injection-classified": Kind(
        {"response_pct": "number", "steroid_pct": "number", "score_from_day": "number"},
        "the injection failed in a way that can be named",
    ),
    "relief-satisfactory": Kind(_RELIEF, "relief is satisfactory"),
    "relief-insufficient": Kind({**_RELIEF, "item": "word"}, "relief is insufficient"),
    "trial-length": Kind({"min_days": "number"}, "the trial has lasted long enough"),
    # re-evaluation
    "provocation-tests": Kind(
        {"min_positive": "number"}, "enough provocation tests are positive on this side"
    ),
    "differential-screens": Kind({}, "lumbar, hip and soft tissue are ruled out"),
    "source-response": Kind(
        {"response_pct": "number"},
        "the anaesthetic relieved the pain, or a clinician attests the source",
    ),
    "repeatable-class": Kind(
        {
            "classes": "words",
            "response_pct": "number",
            "steroid_pct": "number",
            "score_from_day": "number",
        },
        "the failure is of a kind that a repeat can settle",
    ),
    "injection-spacing": Kind(
        {"min_days": "number"}, "enough days lie between the injections"
    ),
    "technical-repeats": Kind({"max": "number"}, "a repeat is still allowed"),
    "injection-sessions": Kind(
        {
            "diagnostic_max": "number",
            "therapeutic_max": "number",
            "therapeutic_spacing_days": "number",
            "window_days": "number",
            "per_joint": "flag",
            "blocks_count": "flag",
            "needs_relief": "flag",
            "relief_pct": "number",
            "relief_from_day": "number",
        },
        "the patient's yearly sessions are not used up",
        {
            "per_joint": False,
            "blocks_count": False,
            "needs_relief": False,
            "relief_pct": 50,
            "relief_from_day": 14,
        },
    ),
    "new-injection": Kind({}, "the new injection is recorded, guided, with contrast"),
    "alternative-source": Kind({}, "another source or a red flag is named"),
    "coded-reason": Kind({"item": "word"}, "a coded reason is given"),
    "score-for-reason": Kind(
        {"reasons": "words", "max_age_days": "number"},
        "the reason is backed by a fresh pain score",
    ),
    "reopening-cause": Kind({}, "a new pain report or a reply calls for it"),
    # conservative care
    "conservative-days": Kind(
        {"min_days": "number", "credit_days": "number"},
        "conservative care has lasted long enough",
    ),
    "active-therapy": Kind(
        {"min_visits": "number"},
        "active physical therapy, an attested home programme, or intolerance",
    ),
    "nsaid-trial": Kind({}, "an NSAID was tried, or is contraindicated"),
    "pain-severity": Kind(
        {"min_nrs": "number", "max_age_days": "number", "item": "word"},
        "the pain is severe enough",
    ),
    # the diagnostic block
    "positive-blocks": Kind(
        {
            "required": "number",
            "apart_days": "number",
            "max_age_days": "number",
            **_BLOCK,
        },
        "the required number of diagnostic blocks is positive",
        _BLOCK_DEFAULTS,
    ),
    "same-nerves": Kind({}, "same side, same nerves"),
    "consent": Kind(
        {"procedure": "word", "max_age_days": "number"}, "consent is on record"
    ),
    "coverage": Kind(
        {"covered": "flag"}, "the payer covers it, or a financial notice is signed"
    ),
    "negative-block": Kind(
        {"reasons": "words", **_BLOCK},
        "a valid block is below the threshold, or a coded reason is given",
        _BLOCK_DEFAULTS,
    ),
    "rfa-waiver": Kind({}, "RFA is waived with a coded reason by a clinician"),
    # radiofrequency ablation
    "rfa-done": Kind({}, "the RFA is recorded"),
    "failure-period": Kind(
        {"attested_from_day": "number", "min_days": "number"},
        "enough time has passed to call it a failure",
    ),
    "relief-from": Kind({"stage": "word"}, "the relief came from this treatment"),
    "rfa-response": Kind(
        {"min_pct": "number", "from_day": "number"},
        "the earlier RFA gave lasting relief",
    ),
    "rfa-spacing": Kind({"min_days": "number"}, "enough days since the last RFA"),
    "rfa-sessions": Kind(
        {"max": "number", "window_days": "number"},
        "the yearly number of RFAs is not used up",
    ),
    "recurrence": Kind(
        {"min_nrs": "number", "below_pct": "number", "max_age_days": "number"},
        "the pain has come back",
    ),
    "same-pattern": Kind({}, "the pain pattern is unchanged"),
    "past-positive-block": Kind(
        {"max_age_days": "number", **_BLOCK},
        "the last positive block is recent enough",
        _BLOCK_DEFAULTS,
    ),
    # fusion, and the frame of the journey
    "prior-rfa-failure": Kind(
        {"required": "flag"},
        "RFA failed or was waived on this side",
        {"required": True},
    ),
    "deferral-note": Kind({}, "a shared-decision or surgeon's note is on record"),
    "fusion-surgery": Kind(
        {"same_day_bilateral": "flag"},
        "the surgery is recorded on this side",
        {"same_day_bilateral": True},
    ),
    "fusion-severity": Kind(
        {"min_nrs": "number", "min_odi": "number", "max_age_days": "number"},
        "pain and disability are severe",
    ),
    "fusion-injection": Kind(
        {
            "required": "number",
            "response_pct": "number",
            "max_age_days": "number",
            "therapeutic": "number",
        },
        "an intra-articular injection was positive",
        {"max_age_days": 36525, "therapeutic": 0},
    ),
    "fusion-checklist": Kind(
        {
            "imaging_max_age_days": "number",
            "supervised_therapy": "flag",
            "nicotine_required": "flag",
            "cotinine_max": "number",
            "cotinine_max_age_days": "number",
        },
        "exclusions, opinion, behaviour, imaging and shared decision are on record",
        {
            "supervised_therapy": False,
            "nicotine_required": False,
            "cotinine_max": 10,
            "cotinine_max_age_days": 42,
        },
    ),
    "consent-before-surgery": Kind(
        {"max_age_days": "number"}, "consent is dated on or before the surgery"
    ),
    "disposition": Kind(
        {"resolved_days": "number", "fusion_days": "number"},
        "the disposition fits what is on record",
    ),
    "hold-review": Kind(
        {"max_days": "number"}, "the hold has a reason and a near review date"
    ),
    "contact-attempts": Kind(
        {"attempts": "number", "channels": "number", "overdue_days": "number"},
        "the patient was sought often enough",
    ),
    "patient-contact": Kind({}, "the patient is back in contact"),
    "return-window": Kind(
        {"max_days": "number"},
        "the evidence is fresh enough to go on where it was left",
    ),
}
"""Every kind of requirement, by name, in the order of the pathway."""
