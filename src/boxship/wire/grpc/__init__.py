"""gRPC over HTTP/2: calls that this side makes or answers, with their status."""
