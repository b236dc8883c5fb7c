"""The servers that Tagline is measured against, each in the shape its own documentation shows."""
