"""Finds, fetches or builds what the program runs on: engine, language host, plugin, Docker engine, Consul image."""
