"""What Consul's releases read and store, and how to get from one to another."""
