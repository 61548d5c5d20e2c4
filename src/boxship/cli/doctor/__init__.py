"""What this machine can and cannot do for containers: one module for each topic."""
