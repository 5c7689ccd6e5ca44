"""Pulumi: the engine, the Python language host, the plugins, and the user's backend and passphrase."""
