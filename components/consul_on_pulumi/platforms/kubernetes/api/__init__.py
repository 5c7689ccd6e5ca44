"""A client of the Kubernetes API: connection, port forwarding, and the few objects that a rollout reads and changes."""
