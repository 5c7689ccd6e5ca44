"""Facts about Consul's official image that the program depends on."""

USER, GROUP = 100, 1000
"""Numeric IDs of the user `consul`, who owns /consul/data."""
