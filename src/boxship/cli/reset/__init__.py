"""Taking everything of ours off a machine: the daemon's process, its files, its control groups."""
