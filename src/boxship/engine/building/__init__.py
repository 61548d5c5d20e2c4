"""Builds, the engine's side: contexts, RUN as containers, files from elsewhere, the cache."""
