"""Dockerfiles that BuildKit has built, and what came out: see :mod:`e2e.builds.corpus`."""
