"""HTTP/2 (RFC 9113) on a connection that has left HTTP/1, as either side, for gRPC's use of it."""
