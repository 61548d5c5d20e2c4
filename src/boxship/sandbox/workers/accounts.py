"""The users and groups of a container's root, by which names become numbers."""

from boxship.sandbox.root import Root


def accounts(root: int) -> tuple[bytes, bytes]:
    """Return the content of /etc/passwd and of /etc/group below *root*; b"" for a file that is
    missing or not a regular one."""
    files = Root(root)
    return files.read_regular("/etc/passwd"), files.read_regular("/etc/group")
