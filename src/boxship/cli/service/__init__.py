"""Boxship as a service of systemd."""
