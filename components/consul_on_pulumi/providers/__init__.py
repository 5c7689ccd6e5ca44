"""What asks a running Consul. The import paths in here are part of every stack's state: never rename one."""
