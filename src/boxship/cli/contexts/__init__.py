"""Contexts: names for daemons, kept in the files of Docker's client and shared with it."""
