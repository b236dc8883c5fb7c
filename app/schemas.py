"""The public contract: what a caller sends and gets, with the words that explain it.

Shapes only: how much is allowed is a setting, and checked in `reading`. What the store already has
a record for (params, performance) is that record, so that no number has two shapes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    RootModel,
    Tag,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from tagger import records

BLANK = "Text is empty or holds nothing but blanks: write what is to be tagged."
NO_BLANK = r"[^\t-\r\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
"""A character that is no blank, written out: regular expressions differ in what ``\\s`` is."""
HALF = "Input holds half of a surrogate pair, which is no character."


def _not_blank(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("blank", BLANK)
    return text


def _whole_characters(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise PydanticCustomError("string_unicode", HALF) from None
    return text


def _whole_number(value: Any) -> Any:
    """Take 5.0 for 5, as JSON Schema does: JSON has one kind of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Count = Annotated[int, Field(ge=1), BeforeValidator(_whole_number)]


class Request(BaseModel):
    """What a caller sends: nothing is guessed or converted, and nothing unknown passes."""

    model_config = ConfigDict(strict=True, extra="forbid", use_attribute_docstrings=True)


class Answer(BaseModel):
    """What a caller gets."""

    model_config = ConfigDict(use_attribute_docstrings=True, populate_by_name=True)


Characters = Annotated[str, AfterValidator(_whole_characters)]
NotBlank = Annotated[
    Characters, AfterValidator(_not_blank), Field(json_schema_extra={"pattern": NO_BLANK})
]


class Text(Request):
    """A text to tag."""

    text: NotBlank
    """What is to be tagged."""


class Titled(Request):
    """A text to tag in two parts; it is the text "title. description"."""

    title: NotBlank
    description: Characters
    """May be empty."""


def _kind(value: Any) -> Literal["text", "titled"]:
    """Tell which of the two shapes a caller meant, so that faults are told of that one alone."""
    names = value if isinstance(value, dict) else getattr(value, "__dict__", {})
    titled = "text" not in names and ("title" in names or "description" in names)
    return "titled" if titled else "text"


class Item(
    RootModel[
        Annotated[
            Annotated[Text, Tag("text")] | Annotated[Titled, Tag("titled")], Discriminator(_kind)
        ]
    ]
):
    """A text to tag, in one of two shapes."""


class PredictRequest(Request):
    """Texts to tag, and how to choose among their tags."""

    texts: list[Item] = Field(min_length=1)
    """The texts, in the order in which they are answered."""
    top_k: Count | None = Field(default=None, examples=[5])
    """Give the best so many tags at most, of those that reach the threshold."""
    threshold: float | None = Field(default=None, ge=0, le=1, allow_inf_nan=False, examples=[0.5])
    """The score to reach, in place of each tag's own; 0 shows all, or the `top_k` best of all."""
    evidence: bool | None = Field(default=None, examples=[True])
    """Tell which words of the text earned it each tag."""


class TagScore(Answer):
    """A predicted tag."""

    tag: str
    score: float = Field(ge=0, le=1)
    """How sure the tagger is, 0 to 1."""
    threshold: float = Field(ge=0, le=1)
    """The score from which on the tag is given; below it a run of task `single` gives the best tag
    too, where neither `top_k` nor `threshold` is asked for."""


class Word(Answer):
    """A word or phrase that raised a tag's score."""

    text: str
    contribution: float
    """How much, in log-odds."""
    spans: list[tuple[int, int]]
    """Where it stands in input_text: first character, and the one after its last (code points)."""


class TagEvidence(Answer):
    """The words that raised the score of one tag most, ten at most."""

    tag: str
    words: list[Word]


class Prediction(Answer):
    """The tags of one text."""

    input_text: str
    """The text as it was sent; of a title and a description, the text they were joined to."""
    predicted_tags: list[str]
    """Best first; empty where none is given."""
    scores: list[TagScore]
    """Of each predicted tag, in the same order; where the tagger abstained, of the tags that reach
    the threshold you gave, if you gave one."""
    abstained: bool
    """Whether the text is unlike everything that the tagger has seen, so that it gives no tag."""
    reason: str = Field(default="", json_schema_extra={"default": None})
    """Why the tagger abstained; only where it did."""
    evidence: list[TagEvidence] = Field(default=[], json_schema_extra={"default": None})
    """Which words earned each tag in `scores`; only where it was asked for."""


class Predictions(Answer):
    """The tags of all texts, in the order of the texts."""

    run_id: str
    """The run that gave them."""
    predictions: list[Prediction]


class Empty(Answer):
    """Nothing: to answer is all there is to say."""


class OverallOnly(Answer):
    """How good a run is over all texts."""

    overall: records.Overall
    """Over all texts."""


class Performance(OverallOnly):
    """How good a run is, measured on texts that it was not trained on."""

    class_: Mapping[str, records.Scores] = Field(alias="class")
    """For each tag."""
    slices: Mapping[str, records.Overall]
    """Over kinds of texts, where 20 texts of the test are of the kind: `short-texts` of 10 words at
    most, `long-texts` of more than 50; `one-tag`, `several-tags` and `no-tag` by what they truly
    bear; `abstained` where the run gave none for their being strange. Precision, recall and F1 are
    of all tags thrown together: the F1 of all texts to set beside them is the micro F1."""


class Part(Answer):
    """The part of the performance that was asked for, by its name."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Any]


class OneParam(Answer):
    """The parameter that was asked for, by its name."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Any]


class RunSummary(Answer):
    """A training run."""

    run_id: str
    """Its name in every path under `/runs`, and in the store."""
    created_at: str
    """When its training ended."""
    promoted: bool
    """Whether it is the run that is meant to serve."""
    served: bool
    """Whether it answers POST /predict here and now."""
    task: records.Task
    """multi: a text bears any number of tags; single: exactly one."""
    performance: OverallOnly
    params: records.Params


class Runs(Answer):
    """Training runs, the best first."""

    runs: list[RunSummary]


class WholeRun(RunSummary):
    """A training run, with all that is known of it."""

    performance: Performance
    tags: list[str]
    """All that it can give."""
    thresholds: Mapping[str, float]
    """By tag, the score from which on it is predicted; where the task is `single`, it counts only
    with `top_k`."""
    abstain_below: float
    """The familiarity of a text below which the run gives no tags."""
    derived_from: str | None
    """The run of which this one differs in thresholds alone, if there is one."""
    data: records.Data
    versions: Mapping[str, str]
    """Of Python and of the packages that made the run."""
    format: int
    """Of the stored files."""


class TagEntry(Answer):
    """A tag that the served run can give, and how good it is at it."""

    tag: str
    support: int
    """Texts of the test that truly bear it."""
    precision: float
    """Of the texts that got the tag, the share that bear it."""
    recall: float
    """Of the texts that bear the tag, the share that got it."""
    f1: float
    """Harmonic mean of precision and recall."""
    threshold: float
    """The score from which on it is given; with task `single` it counts only with `top_k`."""


class Tags(Answer):
    """The tags of the served run."""

    tags: list[TagEntry]


Data = TypeVar("Data")

Timestamp = Annotated[
    str, WithJsonSchema({"type": "string", "format": "date-time", "title": "Timestamp"})
]


class Envelope(Answer):
    """What every JSON answer carries."""

    message: str
    """The status in words."""
    method: str
    """Of the request; empty where it could not be read."""
    status_code: int = Field(alias="status-code")
    """Equal to the HTTP status, always."""
    timestamp: Timestamp
    """ISO 8601, UTC."""
    url: str
    """The address that was asked; empty where it could not be read."""


class Success(Envelope, Generic[Data]):
    """An answer."""

    data: Data


class Refusal(Envelope):
    """What went wrong, and what to do."""

    detail: str
    """One sentence."""


class Fault(Answer):
    """One fault in what was sent."""

    loc: list[str | int]
    """Where: from body, query, path or header on."""
    msg: str
    """What is wrong, and what to do."""
    type: str
    """Which kind of fault."""


class InvalidRefusal(Envelope):
    """Every fault in what was sent."""

    detail: list[Fault]
    """The faults, each with its place."""
