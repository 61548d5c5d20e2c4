"""cgroup v2: one group in the unified hierarchy."""
