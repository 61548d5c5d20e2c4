"""The process that answers the name queries of all containers, and outlives the daemon."""
