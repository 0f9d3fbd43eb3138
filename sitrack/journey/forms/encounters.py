"""How the patient was seen or reached, and what came of it."""

from __future__ import annotations

from typing import Final

from sitrack.journey.forms.fields import Field, Kind

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

VISIT: Final = Kind(
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
)

CONTACT: Final = Kind(
    "contact",
    "Contact",
    "--outcome no-answer --channel phone",
    (
        Field("outcome", "choice", "what came of it", OUTCOMES, required=True),
        Field("channel", "choice", "by what way", CHANNELS, default="phone"),
        Field("again", "date", "the day of the next attempt"),
    ),
    own_command=True,
)
