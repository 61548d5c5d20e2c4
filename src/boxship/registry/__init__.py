"""The distribution protocol, client side (OCI distribution-spec 1.1, Docker Registry HTTP API)."""
