"""``/images``: what the engine has stored, and the ways in and out."""
