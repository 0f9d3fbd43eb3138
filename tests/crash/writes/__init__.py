"""Every kind of write, as one table: a row is what it writes, and how it is made.

A new kind of write is one row, of `care.py` or of `office.py`: a function that makes it
on a copy of the ward of `tests/crash/ward.py`, as the use cases of the product make it.
"""

from .care import CARE
from .office import OFFICE

WRITES = {**CARE, **OFFICE}
