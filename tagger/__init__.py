"""The tagger as it is served: a run out of the store, texts in, tags out; no HTTP."""
