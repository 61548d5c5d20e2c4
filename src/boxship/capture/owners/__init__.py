"""Package managers: which package a file belongs to, and what else belongs to it."""
