"""``boxship restart``: stop containers and start them again."""

from boxship.cli.commands.stop import stopping

COMMAND = stopping("restart")
