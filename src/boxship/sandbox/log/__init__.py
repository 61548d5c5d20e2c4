"""Container logs as the shim writes them: format, file, rotation."""
