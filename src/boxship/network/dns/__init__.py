"""Names of containers: the daemon's side of the resolver, and resolv.conf."""
