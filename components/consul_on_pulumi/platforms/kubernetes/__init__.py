"""Agents as pods of a Kubernetes cluster."""
