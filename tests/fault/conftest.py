"""Faults are done to daemons that a test owns."""

from support.mortal import cramped_mortal, mortal, remapped_mortal

__all__ = ["cramped_mortal", "mortal", "remapped_mortal"]
