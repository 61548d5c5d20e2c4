"""From what a user asked for to a running process: OCI spec, plan of steps, supervision."""
