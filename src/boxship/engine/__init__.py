"""Rules and state transitions: what Docker's verbs mean, above images, runtime and logs."""
