"""Lists of manifests that a user puts together, on Docker's own files."""
