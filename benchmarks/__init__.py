"""Measures Boxship beside dockerd, with the same clients on the same machine: ``make bench``.

Each module holds one story and its figures; a figure is a function from a running engine to one
number, the lower the better.
"""

import sys
from pathlib import Path

# The private daemons are those of the tests.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
