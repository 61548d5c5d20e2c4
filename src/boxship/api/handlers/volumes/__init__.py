"""Volume routes, one module a verb."""
