"""The only code that runs in forked processes: spawner, shim, init, exec and workers.

Everything is imported by the spawner before its first fork; afterwards imports are cut off, since a
process that has entered a container's root would load the image's copy of a module as host root.
"""
