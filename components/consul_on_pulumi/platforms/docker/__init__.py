"""Agents as containers of one Docker engine."""
