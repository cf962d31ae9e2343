# SPDX-License-Identifier: MIT
"""How well the news are read: our own invented headlines always, the public labelled texts where they are."""
import sys

import pytest
from conftest import ROOT, SHARED, build

sys.path.insert(0, str(ROOT / "tests/conformance"))
import extraction  # noqa: E402


def scores(path, part=None):
    items = [i for i in extraction.read(path) if part is None or extraction.held(i) == (part == "held")]
    clear, _ = extraction.score(build("release") / "harness_news", items)
    clear.print(path.name, False)
    return clear


def held_to_the_bar(clear):
    g = clear.figures()
    assert g["precision"] >= 0.95 and g["recall"] >= 0.80, g
    for kind in extraction.KINDS:
        if clear.clear.get(kind, 0) >= extraction.FEW:
            precision, recall, _ = clear.kind(kind)
            assert precision >= 0.95 and recall >= 0.80, (kind, precision, recall)
    for field, bar in (("company", 0.90), ("amount", 0.95), ("round", 0.95), ("person", 0.90)):
        assert g["fields"].get(field, 1) >= bar, (field, g["field_counts"])


@pytest.mark.parametrize("file", ["items", "grown", "fresh"])
def test_invented_headlines_are_read(file):
    held_to_the_bar(scores(ROOT / f"tests/extraction/{file}.jsonl"))


def test_labelled_texts_are_read_within_the_bars():
    path = SHARED / "extraction/items.jsonl"
    if not path.is_file():
        pytest.skip("the labelled texts are not there")
    held_to_the_bar(scores(path))


def test_at_the_natural_rate_at_most_one_is_read_out_of_nothing():
    path = SHARED / "extraction/natural.jsonl"
    if not path.is_file():
        pytest.skip("the labelled texts are not there")
    assert scores(path).figures()["false_on_none"] <= 1
