"""What was said, signed, booked or granted."""

from __future__ import annotations

from typing import Final

from sitrack.journey.forms.fields import Field, Kind

BOOKABLE: Final = ("injection", "block", "rfa", "fusion", "visit", "imaging")

CONSENT: Final = Kind(
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
)

OPINION: Final = Kind(
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
)

NOTE: Final = Kind(
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
)

ATTESTATION: Final = Kind(
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
)

NOTICE: Final = Kind(
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
)

BOOKING: Final = Kind(
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
)

AUTHORISATION: Final = Kind(
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
)
