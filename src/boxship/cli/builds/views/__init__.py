"""How a build's progress looks: a live table, lines, JSON, or not at all."""
