"""Load tests with locust, and benchmarks against other servers.

Its files in the order in which to read them::

    make load             texts, slo, faults, users, ramp, __main__
    what is measured      results, running, subjects, wrk, servers/
    make bench            table, rounds, hot_path, bench
    PEERS=1               peers/
    CURVES=1              open_loop, capacity, bare_loop, made_runs, curves, growth
    make profile          floors, costs
    make soak             memory
    make sizing           sizing/
    pages and charts      sections, chart, panels, readme
"""
