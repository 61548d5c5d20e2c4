"""Faults are done to daemons that a test owns."""

from support.mortal import mortal, remapped_mortal

__all__ = ["mortal", "remapped_mortal"]
