"""Exec routes, one module a verb."""
