"""Reading container logs: json-file as the shim writes it, rotated files included."""
