"""Network routes, one module a verb."""
