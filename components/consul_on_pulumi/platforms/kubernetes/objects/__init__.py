"""The Kubernetes objects of one tier."""
