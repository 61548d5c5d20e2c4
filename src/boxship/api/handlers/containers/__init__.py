"""Container routes, one module a verb."""
