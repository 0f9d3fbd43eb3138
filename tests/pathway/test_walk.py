"""Faults that show on a path only, or in a number: each is seeded, found and named."""

from __future__ import annotations

import pytest

from sitrack.pathway import derivation
from sitrack.pathway.loading import load, shipped_text
from sitrack.pathway.soundness import emptied, faults
from sitrack.pathway.stages import Stage
from sitrack.pathway.walk import walk
from tests.journey.notation import shipped_with
from tests.pathway.test_soundness import with_move

BASE = load(shipped_text())
PRIOR_FAILURE = '[[moves.requirements]]\nkind = "prior-rfa-failure"\nhard = true\n'
HELD = (
    *("injection", "re-evaluation", "conservative-care", "diagnostic-block"),
    *("rfa", "relief", "fusion-evaluation", "post-fusion"),
)


def test_on_the_shipped_pathway_nothing_is_skipped_and_nobody_gets_stuck():
    found = walk(BASE)
    assert (found.gaps, found.dead_ends, found.idle) == ((), (), ())
    assert emptied(BASE) == []


SHORTCUTS = [
    (
        "relief",
        "diagnostic-block",
        (
            "a path reaches diagnostic-block without a re-evaluation: "
            "record-relief, shortcut"
        ),
    ),
    (
        "relief",
        "conservative-care",
        (
            "a path reaches conservative-care without a re-evaluation: "
            "record-relief, shortcut"
        ),
    ),
    (
        "closed",
        "conservative-care",
        "a path reaches conservative-care without a re-evaluation: finish, shortcut",
    ),
    (
        "referred-out",
        "fusion-evaluation",
        "shortcut enters fusion-evaluation without an RFA failed or waived",
    ),
    (
        "conservative-care",
        "rfa",
        "shortcut enters rfa without demanding a positive block",
    ),
]


@pytest.mark.parametrize(("source", "target", "sentence"), SHORTCUTS)
def test_a_short_cut_is_found_with_the_path_that_takes_it(source, target, sentence):
    assert sentence in faults(load(with_move(source, target)))


WITHOUT_DEMANDS = [
    (source.value, target)
    for source in Stage
    for target in ("rfa", "fusion-evaluation", "post-fusion")
    if source != target and BASE.move_between(source, target) is None
]


@pytest.mark.parametrize(("source", "target"), WITHOUT_DEMANDS)
def test_no_way_into_the_late_stages_that_demands_nothing_is_sound(source, target):
    assert any("shortcut" in each for each in faults(load(with_move(source, target))))


SEEDED = {
    "relief by anything counts as an earlier RFA": (
        [('stage = "rfa"\nhard = true', 'stage = "conservative-care"\nhard = true')],
        [
            (
                "a path reaches rfa without a positive block: fail-injection, "
                "confirm-source, record-conservative-relief, repeat-rfa"
            )
        ],
    ),
    "an RFA that was done, and not shown to have failed": (
        [('item = "NRS"\nhard = true', 'item = "NRS"')],
        [
            (
                "a path reaches fusion-evaluation without an RFA failed or waived: "
                "fail-injection, confirm-source, exhaust-conservative, block-positive, "
                "rfa-failed"
            )
        ],
    ),
    "a reopening that leads straight into treatment": (
        [
            (
                'to = "re-evaluation"\ncommand = "episode reopen"',
                'to = "diagnostic-block"\ncommand = "episode reopen"',
            )
        ],
        [
            "a path reaches diagnostic-block without a re-evaluation: finish, reopen",
            (
                "a path reaches fusion-evaluation without conservative care: "
                "finish, reopen, waive-rfa"
            ),
            (
                "a path reaches fusion-evaluation without conservative care: "
                "finish, reopen, block-positive, rfa-failed"
            ),
        ],
    ),
    "nothing but finishing leads out of a referral": (
        [('from = ["referred-out", "closed"]', 'from = ["closed"]')],
        [
            (
                "referred-out is a dead end after fail-injection, refer-out: "
                "only finishing leads out of it"
            )
        ],
    ),
    "nothing but finishing leads out of a fusion": (
        [('"fusion-evaluation", "post-fusion"]\nto', '"fusion-evaluation"]\nto')],
        [
            (
                "post-fusion is a dead end after fail-injection, confirm-source, "
                "exhaust-conservative, waive-rfa, record-fusion: "
                "only finishing leads out of it"
            )
        ],
    ),
    "a repeat that demands a relief which no move brings": (
        [('stage = "rfa"\nhard = true', 'stage = "post-fusion"\nhard = true')],
        ["repeat-rfa can never be made: no path brings what it demands"],
    ),
    "a number with which no block need be positive": (
        [("blocks_required = { value = 1,", "blocks_required = { value = 0,")],
        ["block-positive demands nothing by positive-blocks: required is 0"],
    ),
    "a number with which every block is positive": (
        [("block_min_pct = { value = 50,", "block_min_pct = { value = 0,")],
        ["block-positive demands nothing by positive-blocks: response_pct is 0"],
    ),
    "a setting with which a fusion needs no RFA": (
        [
            (
                "fusion_requires_rfa = { value = true",
                "fusion_requires_rfa = { value = false",
            )
        ],
        ["record-fusion demands nothing by prior-rfa-failure: required is no"],
    ),
    "a hold that nobody looks at again": (
        [('anchor = "hold"', 'anchor = "booking"')],
        [f"{stage} has no follow-up that reviews a hold" for stage in HELD],
    ),
}


@pytest.mark.parametrize("name", SEEDED)
def test_a_seeded_fault_is_found_and_nothing_else_is_reported(name):
    changes, sentences = SEEDED[name]
    protocol = shipped_with(*changes)
    assert faults(protocol) + emptied(protocol) == sentences


SOUND = [
    ("referred-out", "conservative-care", ""),
    ("post-fusion", "fusion-evaluation", PRIOR_FAILURE),
    ("post-fusion", "referred-out", ""),
]


@pytest.mark.parametrize(("source", "target", "demands"), SOUND)
def test_another_way_that_skips_nothing_is_sound(source, target, demands):
    assert faults(load(with_move(source, target, demands))) == []


def test_a_long_path_that_nobody_would_think_of_is_found():
    found = faults(load(with_move("relief", "fusion-evaluation", PRIOR_FAILURE)))
    assert found == [
        (
            "a path reaches fusion-evaluation without a re-evaluation: fail-injection, "
            "confirm-source, exhaust-conservative, waive-rfa, reassess, repeat-injection, "
            "record-relief, shortcut"
        )
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "[numbers]\nblocks_required = { value = 0 }\n",
            "block-positive demands nothing by positive-blocks: required is 0",
        ),
        (
            "[settings]\nfusion_requires_rfa = { value = false }\n",
            "record-fusion demands nothing by prior-rfa-failure: required is no",
        ),
        (
            "[[follow_ups]]\nid = 'HOLD-REVIEW'\nremove = true\n",
            "injection has no follow-up that reviews a hold",
        ),
        (
            "[[follow_ups]]\nid = 'STOP-DECIDE'\nremove = true\n",
            "referred-out has no follow-up that decides after a stop",
        ),
        (
            "[[follow_ups]]\nid = 'INJ-SCHED'\nremove = true\n",
            "injection has no follow-up that starts when it is entered",
        ),
    ],
)
def test_a_clinic_cannot_derive_away_what_the_pathway_promises(text, sentence):
    head = 'derives = "si-2026.1"\nid = "north-2026.1"\ntitle = "North"\n'
    mine = derivation.read(head + text, lambda _: BASE)
    assert sentence in faults(mine) + emptied(mine)
