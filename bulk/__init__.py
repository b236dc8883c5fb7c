"""Tagging tables too large for one machine: `tagger` on Dask, partition by partition."""
