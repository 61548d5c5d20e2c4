"""Checks of a create request, one module per topic, with the texts that Docker's clients know."""
