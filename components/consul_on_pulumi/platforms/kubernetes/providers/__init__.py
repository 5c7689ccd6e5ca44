"""The dynamic providers of the Kubernetes platform."""
