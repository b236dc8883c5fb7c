"""The tagger as it is served: a run from the store, texts in, tags out; no HTTP, no scikit-learn."""
