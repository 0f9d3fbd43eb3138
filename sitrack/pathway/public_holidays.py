"""Writes out the public holidays of a country or a region, year by year.

This happens once, when a clinic's protocol is put together: from then on the days
stand in its text, and no other version of the library can move them.
"""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterable

from sitrack.errors import BadInput


def listed(
    country: str, region: str | None, years: tuple[int, int]
) -> list[dict[str, dt.date | str]]:
    """Return the holidays of those years as rows of `calendar.holidays`, by day.

    Args:
        country: its ISO code, such as `GB`.
        region: the code of a subdivision, such as `ENG`, or None.
        years: the first and the last.

    Raises:
        BadInput: the country or the region is not known; with the nearest ones.
    """
    # Loading it takes longer than most commands.
    import holidays

    regions = holidays.list_supported_countries().get(country)
    if regions is None:
        codes = holidays.list_supported_countries()
        raise BadInput(f"protocol: {_unknown('country', country, codes)}")
    if region is not None and region not in regions:
        raise BadInput(f"protocol: {_unknown('region', region, regions)}")
    # Their names would otherwise be in the language of whoever's machine this is.
    found = holidays.country_holidays(
        country,
        subdiv=region,
        years=range(years[0], years[1] + 1),
        language="en_US",
    )
    return [{"day": day, "name": name} for day, name in sorted(found.items())]


def _unknown(key: str, code: str, codes: Iterable[str]) -> str:
    known = sorted(codes)
    if not known:
        return f"calendar.{key} {code[:20]!r} is not known: there are none"
    near = difflib.get_close_matches(code.upper(), known, n=3, cutoff=0.5)
    some = near or known[:12]
    return f"calendar.{key} {code[:20]!r} is not known; such as {', '.join(some)}"
