"""`make bench-check`: whether the code that was measured is the code that is here.

Syntax trees without docstrings are compared, so comments, layout and wording may differ.
"""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path

import click

from load_tests.results import BENCH, PROJECT, Comparison, read

HOT_PATH = (
    "tagger/words.py",
    "tagger/packed.py",
    "tagger/vocabulary.py",
    "tagger/features.py",
    "tagger/sparse.py",
    "tagger/familiarity.py",
    "tagger/model.py",
    "tagger/decide.py",
    "runners/batching.py",
    "runners/shared_thread.py",
    "runners/loaded.py",
    "runners/tag_runner.py",
    "app/edge.py",
    "app/incoming.py",
    "app/bodies.py",
    "app/routes.py",
    "app/reading.py",
    "app/predict.py",
    "app/envelope.py",
    "app/joined_writes.py",
    "app/upgrades.py",
    "app/metrics.py",
    "app/long_heads.py",
    "service.py",
)
"""Every file of ours that a request of `POST /predict` passes through."""


def digest(project: Path = PROJECT) -> str:
    """Return one number, in hexadecimal digits, of all syntax trees of the hot path."""
    found = hashlib.sha256()
    for name in HOT_PATH:
        tree = ast.parse((project / name).read_bytes())
        found.update(repr((name, _shape(tree))).encode())
    return found.hexdigest()


def _shape(node: object) -> object:
    """Return what a tree says: without places, docstrings and what is absent.

    Python's own ``ast.dump`` writes absent parts in some versions and leaves them out in others.
    """
    if isinstance(node, list):
        return [_shape(part) for part in node]
    if not isinstance(node, ast.AST):
        return node
    parts = dict(ast.iter_fields(node))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    if isinstance(node, documented):
        parts["body"] = [part for part in node.body if not _is_words(part)]
    return (
        type(node).__name__,
        [(name, _shape(part)) for name, part in parts.items() if part not in (None, [])],
    )


def _is_words(node: ast.AST) -> bool:
    """Whether a statement is a string alone: a docstring, of an attribute too."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


@click.command()
def main() -> None:
    """Warn when the hot path is no longer the one that was measured."""
    measured = read(Comparison, BENCH)
    commit = measured.on.commit
    if measured.hot_path == digest():
        click.echo(f"The hot path is the one that was measured at commit {commit}.")
    else:
        click.echo(
            f"Warning: the hot path is not the one that load_tests/results/{BENCH.name} measured "
            f"(commit {commit}). Measure anew, and judge by a kept build in the same run: "
            f"make bench KEPT={commit.removesuffix('-dirty')}",
            err=True,
        )


if __name__ == "__main__":
    main()
