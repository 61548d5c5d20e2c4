"""The verbs of a container, one module each."""
