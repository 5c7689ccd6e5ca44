"""What keeps a cluster closed: drawn credentials, certificates, and who has which rights."""
