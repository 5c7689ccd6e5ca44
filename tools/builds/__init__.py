"""Builds and downloads: Go programs, Python packages, Debian packages, and the cache that keeps them."""
