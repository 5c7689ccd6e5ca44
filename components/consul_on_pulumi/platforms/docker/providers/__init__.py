"""The dynamic providers of the Docker platform."""
