"""What keeps a cluster closed."""
