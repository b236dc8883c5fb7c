"""The report of a run, which is also its model card: one HTML file for its owner."""
