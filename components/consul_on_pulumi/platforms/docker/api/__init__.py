"""The way to a Docker engine: which one, a client of it, and the agents in its containers."""
