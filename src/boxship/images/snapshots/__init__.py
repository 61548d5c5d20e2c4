"""Snapshotters: how stored layers become directories that a container's root is stacked from."""
