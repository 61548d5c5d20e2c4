"""Copying files between containers and this machine."""
