"""One file a promise; each test states its claim in one sentence."""
