"""Logins at registries, in Docker's ``config.json`` and its credential helpers."""
