"""Boxship: a Docker-compatible container engine, its CLI, builder, compose and registry."""

__version__ = "0.1.0"
