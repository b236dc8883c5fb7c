"""Small models of every kind, fitted once in this process from texts of many scripts."""
# ruff: noqa: RUF001 - letters of other scripts are meant

from __future__ import annotations

import csv
from dataclasses import replace
from functools import cache

from hypothesis import settings

from tagger.records import Params
from tests.runs import TABLE
from training.candidates import params_for
from training.fit import Fitted, fit

untimed = settings(deadline=None)
"""For properties: how long one example takes says nothing on a busy machine."""

SCRIPTS = {
    "turkish": ["İstanbul'da yeni bir müze açıldı", "İzmir ve İstanbul arası tren", "çay İÇTİM"],
    "greek": ["ΟΔΟΣ Αθηνών", "ο δρόμος της Αθήνας", "ΑΘΗΝΑ ΟΔΟΣ πόλις"],
    "arabic": ["مُدَرِّسٌ في المدرسة", "ذهب المدرس إلى المدرسة", "كتاب جديد في المدرسة"],
    "hindi": ["हिन्दी में लिखा हुआ", "यह हिन्दी पुस्तक है", "नई पुस्तक हिन्दी में"],
    "chinese": ["我爱机器学习", "机器学习 model 和 深度学习", "学习中文的机器"],
    "japanese": ["テストを実行する", "機械学習のテスト", "学習データ set を見る"],
    "thai": ["ภาษาไทยไม่มีช่องว่าง", "เรียนภาษาไทย", "ภาษา ไทย ง่าย"],
    "emoji": ["cooking 👩‍🍳 at home ❤️", "❤️ 🎉 party at home", "home cooking 🎉"],
}
"""Three texts of each; the tag is the key."""

KINDS = {
    "default": Params(),
    "with pairs": Params(pairs=True),
    "other n-grams": Params(characters=(3, 5)),
    "logistic": Params(model="logistic", regularization=5.0),
    "svc-signs": params_for("svc-signs", Params()),
    "svc-joined": params_for("svc-joined", Params()),
    "naive-bayes": params_for("naive-bayes", Params()),
    "naive-bayes-signs": params_for("naive-bayes-signs", Params()),
    "single": Params(task="single"),
}


@cache
def table() -> tuple[tuple[str, ...], tuple[frozenset[str], ...]]:
    """Read the tests' table and the texts of `SCRIPTS`: texts, tags of each."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    texts = [row["text"] for row in rows]
    tags = [frozenset(row["tags"].split("|")) for row in rows]
    for script, some in SCRIPTS.items():
        texts += some
        tags += [frozenset({script})] * len(some)
    return tuple(texts), tuple(tags)


@cache
def fitted(kind: str = "default") -> Fitted:
    """Fit one of `KINDS` on `table`."""
    texts, tags = table()
    return fit(texts, tags, replace(KINDS[kind], folds=3))
