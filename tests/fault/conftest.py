"""Faults are done to daemons that a test owns."""

from support.mortal import mortal

__all__ = ["mortal"]
