"""Every attack of the corpus works without the guards, and not with them."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import corpus

NAMES = [attack.name for attack in corpus.ATTACKS]


def test_names_are_unique():
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_works_unguarded(verdicts, name):
    row = verdicts("unguarded")[name]
    assert row["found"], row["error"]


@pytest.mark.parametrize("name", NAMES)
def test_refused_guarded(verdicts, name):
    row = verdicts("guarded")[name]
    assert not row["found"], row["error"]
