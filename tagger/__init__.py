"""The tagger as it is served: a run read from the store, texts in, tags out; no HTTP and no scikit-learn."""
