"""`make bench PEERS=1`: Tagline beside LitServe, MLServer and Annif, on the same texts."""

from __future__ import annotations

from dataclasses import replace

import click

from load_tests.hot_path import digest
from load_tests.peers.subjects import ANNIF, LITSERVE, MLSERVER, rows
from load_tests.results import PEERS, Comparison, write
from load_tests.rounds import measure, summarise, table
from load_tests.subjects import TAGLINE, measuring

TITLE = "One text a request, 64 keep-alive connections; ratio to Tagline on one core"


@click.command()
@click.option("--rounds", default=12, show_default=True, help="Rounds; every server once in each.")
@click.option("--seconds", default=3, show_default=True, help="Seconds a server in a round.")
def main(*, rounds: int, seconds: int) -> None:
    """Measure the peers beside Tagline on the promoted run of BENTOML_HOME.

    Example: make bench PEERS=1
    """
    with measuring() as (ground, on):
        subjects = rows(ground)
        samples = measure(subjects, rounds=rounds, seconds=seconds)
    found = tuple(summarise(subject, samples, TAGLINE) for subject in subjects)
    table(found).show(TITLE)
    peers = {peer.name: peer.version() for peer in (LITSERVE, MLSERVER, ANNIF)}
    on = replace(on, versions=on.versions | peers)
    write(Comparison(on, digest(), rounds, seconds, found), PEERS)


if __name__ == "__main__":
    main()
