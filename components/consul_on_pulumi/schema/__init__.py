"""What a setting is, and how arguments are checked against it."""
