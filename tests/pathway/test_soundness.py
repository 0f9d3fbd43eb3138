"""The shipped pathway is sound, and each way of being unsound is found and named."""

from __future__ import annotations

import pytest

from sitrack.pathway.loading import load, shipped_text
from sitrack.pathway.soundness import faults
from tests.journey.notation import shipped_with

ONLY_FINISH_AND_REOPEN = (
    ('"fusion-evaluation", "post-fusion", "referred-out"]', '"fusion-evaluation"]'),
    ('from = ["referred-out", "closed"]', 'from = ["closed"]'),
)
RELIEF = 'id = "relief"\npurpose'
BLOCKS_ARE_HARD = (
    'after_steroid_days = "block_after_steroid_days"\nhard = true',
    'after_steroid_days = "block_after_steroid_days"',
)


def with_move(source: str, target: str, requirements: str = "") -> str:
    """The shipped text with one more move."""
    return shipped_text() + (
        f'\n[[moves]]\nid = "shortcut"\ntitle = "A shortcut"\nfrom = ["{source}"]\n'
        f'to = "{target}"\nsources = ["R"]\n{requirements}'
    )


def test_the_shipped_protocol_has_no_faults():
    assert faults(load(shipped_text())) == []


SEEDED = [
    (
        ((RELIEF, 'final = true\nid = "relief"\npurpose'),),
        ["relief must not be final: relief by RFA is finite"],
    ),
    (
        (
            ('id = "REV-DUE"', 'id = "REV-DUEX"'),
            (
                'stages = ["re-evaluation"]\nanchor = "entry"\noffset = 14',
                'stages = ["rfa"]\nanchor = "entry"\noffset = 14',
            ),
            (
                'stages = ["re-evaluation"]\nanchor = "entry"\noffset = 28',
                'stages = ["rfa"]\nanchor = "entry"\noffset = 28',
            ),
        ),
        ["re-evaluation has no follow-up that starts when it is entered"],
    ),
    (
        (BLOCKS_ARE_HARD,),
        ["block-positive enters rfa without demanding a positive block"],
    ),
    (
        (('stage = "rfa"\nhard = true', 'stage = "rfa"'),),
        [
            "repeat-rfa enters rfa without demanding a positive block",
            "repeat-rfa enters rfa for the first time from elsewhere than the block",
            (
                "a path reaches fusion-evaluation without conservative care: "
                "record-relief, repeat-rfa, rfa-failed"
            ),
        ],
    ),
    (
        (('kind = "rfa-done"\nhard = true', 'kind = "rfa-done"'),),
        ["rfa-failed enters fusion-evaluation without an RFA failed or waived"],
    ),
    (
        (('kind = "rfa-waiver"\nhard = true', 'kind = "rfa-waiver"'),),
        ["waive-rfa enters fusion-evaluation without an RFA failed or waived"],
    ),
    (
        (
            (
                'kind = "prior-rfa-failure"\nhard = true\n[[moves.requirements]]\nkind = "relief-insufficient"',
                'kind = "prior-rfa-failure"\n[[moves.requirements]]\nkind = "relief-insufficient"',
            ),
        ),
        [
            "request-fusion-evaluation enters fusion-evaluation without an RFA failed or waived",
        ],
    ),
    (
        (
            (
                'kind = "consent-before-surgery"\nmax_age_days = "consent_max_age_days"\nhard = true',
                'kind = "consent-before-surgery"\nmax_age_days = "consent_max_age_days"',
            ),
        ),
        ["record-fusion records a fusion without demanding consent before it"],
    ),
    (
        (
            (
                'from = ["diagnostic-block"]\nto = "rfa"',
                'from = ["diagnostic-block", "conservative-care"]\nto = "rfa"',
            ),
        ),
        ["block-positive enters rfa for the first time from elsewhere than the block"],
    ),
    (
        (
            (
                'from = ["fusion-evaluation"]\nto = "post-fusion"',
                'from = ["fusion-evaluation", "relief"]\nto = "post-fusion"',
            ),
        ),
        ["record-fusion records a fusion from elsewhere than its evaluation"],
    ),
]


@pytest.mark.parametrize(("changes", "sentences"), SEEDED)
def test_a_seeded_fault_is_found_and_nothing_else_is_reported(changes, sentences):
    assert faults(shipped_with(*changes)) == sentences


def test_a_stage_that_nobody_gets_out_of_is_found():
    protocol = shipped_with(*ONLY_FINISH_AND_REOPEN)
    assert faults(protocol) == ["referred-out has no way out to an end of the journey"]


def test_a_fusion_that_nobody_follows_up_is_found():
    text = shipped_text().replace('anchor = "fusion"', 'anchor = "booking"')
    assert faults(load(text)) == [
        "post-fusion has no follow-up that starts when it is entered"
    ]


@pytest.mark.founding(15)
@pytest.mark.parametrize(
    "target",
    ["conservative-care", "diagnostic-block", "referred-out", "post-fusion"],
)
def test_a_way_from_the_injection_past_the_re_evaluation_is_found(target):
    found = faults(load(with_move("injection", target)))
    assert (
        f"shortcut leads from the injection to {target} without a re-evaluation"
        in found
    )


@pytest.mark.founding(34)
def test_an_rfa_that_skips_the_diagnostic_block_stage_is_found():
    blocks = (
        '[[moves.requirements]]\nkind = "positive-blocks"\nhard = true\n'
        'required = "blocks_required"\nresponse_pct = "block_min_pct"\n'
        'apart_days = "block_spacing_days"\nmax_age_days = "block_max_age_days"\n'
        'recall_after_days = "diary_recall_after_days"\n'
        'after_steroid_days = "block_after_steroid_days"\n'
    )
    found = faults(load(with_move("conservative-care", "rfa", blocks)))
    assert found == [
        "shortcut enters rfa for the first time from elsewhere than the block"
    ]


@pytest.mark.founding(37, 38)
def test_a_path_to_fusion_that_skips_conservative_care_is_found():
    found = faults(load(with_move("re-evaluation", "diagnostic-block")))
    without = "a path reaches fusion-evaluation without conservative care"
    assert found == [
        f"{without}: fail-injection, shortcut, waive-rfa",
        f"{without}: fail-injection, shortcut, block-positive, rfa-failed",
    ]
