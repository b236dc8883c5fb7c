"""Between the requests and the model: the batcher and the loaded runs; no HTTP, no JSON."""
