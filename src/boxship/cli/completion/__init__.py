"""What may stand next on a command line, for shells that ask when Tab is pressed."""
