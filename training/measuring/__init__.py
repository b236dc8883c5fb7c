"""What training is worth on any table, as QUALITY.md tells it; to train a run takes none of it."""
