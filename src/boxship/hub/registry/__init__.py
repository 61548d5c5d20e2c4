"""The distribution protocol's endpoints (OCI distribution-spec 1.1), one file for each kind."""
