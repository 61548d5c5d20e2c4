"""``python -m boxship``: the command line."""

from boxship.cli.launch import launch

if __name__ == "__main__":
    launch()
