"""cgroup v1: a group in every hierarchy."""
