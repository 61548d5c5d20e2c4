"""BuildKit's protocol as far as it is pure: messages, attributes, what clients are told."""
