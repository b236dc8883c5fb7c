"""Load tests with locust, and benchmarks against other servers."""
