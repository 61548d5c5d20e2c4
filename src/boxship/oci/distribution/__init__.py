"""Words of the distribution protocol (OCI distribution-spec 1.1): names, ranges, errors."""
