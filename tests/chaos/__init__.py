"""Clusters under load and faults: `make chaos` prints the figures, `make test` runs a short version."""
