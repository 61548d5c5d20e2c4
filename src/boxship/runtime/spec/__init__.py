"""A container's OCI runtime configuration, made from Docker's configuration (pure).

Two extensions: ``process.user.username`` and ``process.user.groups`` name users as in the image's
passwd, since only the container's own process can read it.
"""
