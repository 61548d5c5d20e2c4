"""Images to and from registries: the engine's verbs over ``registry`` and ``images``."""
