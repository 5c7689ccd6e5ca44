"""The plugin: its schema, its names, its values on the wire."""
