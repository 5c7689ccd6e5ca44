"""What the program relies on in Consul's official image."""

USER, GROUP = 100, 1000
"""`consul`, who owns /consul/data there."""
