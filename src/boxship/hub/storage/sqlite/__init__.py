"""The metadata store in one SQLite file, for hubs whose processes share a machine."""
