"""The sources of KV entries, and the sets that are made of them."""
