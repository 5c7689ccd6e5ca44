"""Dynamic providers for both platforms. Their import paths are part of every stack's state: never rename one."""
