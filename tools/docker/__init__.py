"""The Docker engine and the Consul image."""
