"""What keeps a cluster closed: generated credentials, certificates, and who has which rights."""
