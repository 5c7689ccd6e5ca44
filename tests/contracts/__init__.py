"""The recorded resources of each release, which no later release may replace or orphan."""
