"""Where the entries of a seed set come from, and how each source is read."""
