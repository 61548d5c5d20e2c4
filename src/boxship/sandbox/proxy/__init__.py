"""Published ports that the kernel cannot translate, carried by one process for all containers.

The kernel sends nothing on that comes from ::1, and translates no IPv6 into IPv4.
"""
