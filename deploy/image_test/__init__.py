"""The image and the manifests, tested by running them: `make image-test`."""
