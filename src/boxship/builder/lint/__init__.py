"""Checks of a Dockerfile: what is allowed and not wise, in BuildKit's rules and words. Pure."""
