"""Between the requests and the model: the batcher and the loaded runs; no HTTP, no JSON.

Its files in the order in which to read them: tag_runner (which runs are loaded, and which of them
is served), loaded (one of them), batching, shared_thread.
"""
