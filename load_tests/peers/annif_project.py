"""An Annif project, trained on the embedded table by Annif's own commands.

Annif serves its own backends only, so its row is not the same model: TF-IDF, the one that its
tutorial starts with, and the cheapest that it has.
"""

from __future__ import annotations

import csv
import os
import subprocess
from pathlib import Path

from load_tests.texts import TABLE

PROJECT_NAME = "tagline"
CONFIGURATION = """\
[tagline]
name=Tagline
language=en
backend=tfidf
analyzer=snowball(english)
limit=10
vocab=tagline
"""
SENTENCES = ("abbrev_types.txt", "collocations.tab", "ortho_context.tab", "sent_starters.txt")


def environment(folder: Path) -> dict[str, str]:
    """Name the project's files to Annif."""
    return {
        "ANNIF_PROJECTS": str(folder / "projects.cfg"),
        "ANNIF_DATADIR": str(folder / "data"),
        "NLTK_DATA": str(folder / "nltk"),
    }


def train(folder: Path, annif: Path) -> None:
    """Make a project in a new folder and train it."""
    folder.mkdir()
    (folder / "projects.cfg").write_text(CONFIGURATION)
    _write_sentence_data(folder / "nltk" / "tokenizers" / "punkt_tab" / "english")
    _write_table(folder / "vocabulary.csv", folder / "documents.tsv")
    for command in (
        ("load-vocab", "--language", "en", PROJECT_NAME, "vocabulary.csv"),
        ("train", PROJECT_NAME, "documents.tsv"),
    ):
        subprocess.run(
            [str(annif), *command],
            cwd=folder,
            env=os.environ | environment(folder),
            stdout=subprocess.DEVNULL,
            check=True,
        )


def _write_table(vocabulary: Path, documents: Path) -> None:
    """Write the embedded table's tags, and its texts with their tags, as Annif reads them."""
    with TABLE.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    tags = sorted({tag for row in rows for tag in row["tags"].split("|")})
    with vocabulary.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("uri", "label_en"), *((_uri(tag), tag) for tag in tags)])
    with documents.open("w", encoding="utf-8") as file:
        for row in rows:
            text = " ".join(f"{row['title']}. {row['description']}".split())
            uris = " ".join(f"<{_uri(tag)}>" for tag in row["tags"].split("|"))
            file.write(f"{text}\t{uris}\n")


def _uri(tag: str) -> str:
    return "tag:" + tag.replace(" ", "-")


def _write_sentence_data(folder: Path) -> None:
    """Write what NLTK's sentence tokenizer reads, empty.

    Annif downloads it from a place that is no package registry. Without it a sentence ends at every
    full stop, that of an abbreviation too; the words, which are all that is used, are the same.
    """
    folder.mkdir(parents=True)
    for name in SENTENCES:
        (folder / name).touch()
