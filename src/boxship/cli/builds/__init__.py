"""``boxship build``: what is asked of the daemon, and how its progress is shown."""
