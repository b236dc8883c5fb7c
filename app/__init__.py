"""The HTTP side: the contract, the layers around it, and all that the server tells of itself.

``service.py`` puts it together. Its files in the order in which to read them::

    everywhere      settings, logs, metrics, metric_files
    the contract    schemas, routes, envelope
    each request    edge, queries, cors, compression
    a prediction    incoming, bodies, reading, predict
    other answers   api, resources, etags, pages
    the document    operations, examples, openapi
    a connection    protocol, joined_writes, keep_alive, pipelines, upgrades
    no request yet  malformed, long_heads, unfinished
    the process     bento, own_process, open_files, stopping
"""
