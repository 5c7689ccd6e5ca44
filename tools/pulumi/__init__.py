"""Pulumi: the engine, the language hosts, the plugins, and the user's backend and passphrase."""
