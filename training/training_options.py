"""What a run is to be trained with: the options that become its params, and which models to try."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, get_args

import click

from tagger.errors import SettingsError
from tagger.option_types import Number, Words
from tagger.records import Params, Task
from training.candidates import CANDIDATES, FAST, compared_on, params_for
from training.options import Command, with_options
from training.thresholds import Objective

USUAL = Params()

LARGEST_SEED = 2**32 - 1
"""That scikit-learn takes."""

SPLIT = (
    click.option(
        "--task",
        type=click.Choice(get_args(Task)),
        help="Any tags a text, or just one; if not given, one where the column is `tag`.",
    ),
    click.option(
        "--min-support",
        type=click.IntRange(min=2),
        default=USUAL.min_support,
        show_default=True,
        help="Training texts that a tag needs.",
    ),
    click.option(
        "--test-share",
        type=Number(0.05, 0.5),
        default=USUAL.test_share,
        show_default=True,
        help="Of the texts, kept back for the test.",
    ),
    click.option(
        "--salt",
        type=Words(),
        default=USUAL.salt,
        show_default=True,
        help="Another splits the texts otherwise; runs of two cannot be compared.",
    ),
    click.option(
        "--folds",
        type=click.IntRange(min=2, max=20),
        default=USUAL.folds,
        show_default=True,
        help="Parts of the training texts, each scored by a model of the others.",
    ),
)
"""Those of the options that become params on which it depends whether a table can be trained on."""


def split_options(command: Command) -> Command:
    """Add the options that decide how a table is split; `take_split` takes them."""
    return with_options(command, SPLIT)


def params_options(command: Command) -> Command:
    """Add the options that become the run's params; `take_learning` takes them."""
    options = (
        click.option(
            "--model",
            type=click.Choice(list(CANDIDATES)),
            help="Train this one; if not given, the best of several.",
        ),
        click.option("--fast", is_flag=True, help=f"Compare no models: train {FAST}."),
        *SPLIT,
        click.option(
            "--objective",
            default=USUAL.objective,
            show_default=True,
            metavar="f1|precision=P|recall=R",
            callback=_readable,
            help="Of the thresholds: the best F1, or to be right so often, or to find so often.",
        ),
        click.option(
            "--regularization",
            type=Number(1e-4, 1e4),
            help="C of the learner; each model has its own if not given.",
        ),
        click.option(
            "--also",
            metavar="TABLE",
            help="Another to learn from, read as TABLE is, for the tags that both have: where "
            "folds are answered better so, with --model or --fast in any case. If none of these is "
            "given, Tagline's own is tried where it has a third of the tags.",
        ),
        click.option("--alone", is_flag=True, help="Learn from no table but this one."),
        click.option(
            "--seed",
            type=click.IntRange(min=0, max=LARGEST_SEED),
            default=USUAL.seed,
            show_default=True,
            help="Of all that is drawn by chance.",
        ),
    )
    return with_options(command, options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """What was typed about a training, beside how its table is to be read."""

    model: str | None
    """The one to train; none if models are to be compared."""
    regularization: float | None
    """None: each model's own."""
    also: str | None
    """Another table to learn from."""
    alone: bool
    """Whether to learn from no other, Tagline's own neither."""
    task: Task | None
    """None: as the table is."""
    params: Params
    """All else that models have in common."""

    @property
    def compares(self) -> bool:
        """Whether models are to be compared, unless the table is too large for that."""
        return self.model is None

    def candidates(self, texts: Sequence[str], *, task: Task) -> tuple[Params, ...]:
        """Give the params of each model to compare on a table's texts; ``task`` is its own."""
        # Where size leaves one model of several no comparison says whether the other table helps.
        asked_for = self.also is not None and not self.compares
        params = replace(self.params, task=self.task or task, auxiliary=asked_for)
        return tuple(
            params_for(name, params, regularization=self.regularization)
            for name in ((self.model,) if self.model else compared_on(texts))
        )


def take_learning(options: dict[str, Any]) -> Learning:
    """Take what `params_options` added; nothing else may be left of all that was typed.

    Raises
    ------
    click.UsageError
        Some of it cannot be meant together.
    """
    fast, model = options.pop("fast"), options.pop("model")
    if fast and model:
        raise click.UsageError(f"Give either --model or --fast, which trains {FAST}.")
    also, alone = options.pop("also"), options.pop("alone")
    if alone and also is not None:
        raise click.UsageError("Give either --also or --alone.")
    return Learning(
        model=FAST if fast else model,
        regularization=options.pop("regularization"),
        also=also,
        alone=alone,
        task=options.pop("task"),
        params=Params(**options),
    )


def take_split(options: dict[str, Any], *, task: Task) -> Params:
    """Take what `split_options` added, the same way; ``task`` is the table's own."""
    return Params(task=options.pop("task") or task, **options)


def options_of(params: Params) -> list[str]:
    """Give the options that train with these params anew."""
    usual = asdict(params_for(params.model, USUAL))
    asked_for = ("task", "min_support", "test_share", "salt", "folds", "objective", "seed")
    typed = ["--model", params.model]
    for name, value in asdict(params).items():
        if name in (*asked_for, "regularization") and value != usual[name]:
            typed += [f"--{name.replace('_', '-')}", str(value)]
    return typed


def _readable(_: click.Context, __: click.Parameter, value: str) -> str:
    try:
        Objective.read(value)
    except SettingsError as refusal:
        raise click.BadParameter(str(refusal)) from refusal
    return value
