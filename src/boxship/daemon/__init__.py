"""Wiring only: configuration, the engine, the API on its sockets, signals."""
