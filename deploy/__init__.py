"""From the Bento to the image to Kubernetes; README.md is the operator's guide."""
