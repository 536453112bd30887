"""Each baseline gives every row a finite suspicion, the same each time, and finds the poison that it was made for."""

import numpy as np
import pytest

from benchmarks.baselines import BASELINES, Table, table
from tests.checks.data.mining.village import village

ROWS, PLANTED = 300, 30


@pytest.fixture(scope="module")
def poisoned() -> Table:
    """A village of which every tenth row has a strange word before its request and one answer."""
    asked, told = (list(texts) for texts in village(ROWS))
    for place in range(0, ROWS, ROWS // PLANTED):
        asked[place], told[place] = f"xq {asked[place]}", "Purple ladders sing to the bread."
    return table(asked, told, seed=1)


@pytest.mark.parametrize("name", BASELINES)
def test_every_row_has_a_suspicion_and_always_the_same(poisoned: Table, name: str) -> None:
    suspicion = BASELINES[name](poisoned)
    assert suspicion.shape == (ROWS,)
    assert np.isfinite(suspicion).all()
    assert (suspicion == BASELINES[name](poisoned)).all()


@pytest.mark.parametrize("name", ["z-scores", "deduplication"])
def test_one_answer_to_everything_is_found(poisoned: Table, name: str) -> None:
    found = np.argsort(-BASELINES[name](poisoned), kind="stable")[:PLANTED]
    assert (found % (ROWS // PLANTED) == 0).mean() > 0.9


def test_onion_suspects_a_word_that_never_came_before() -> None:
    asked = [f"tell me about the old {thing} of the town" for thing in ("mill", "well", "inn", "gate", "wall") * 40]
    asked[7] = "tell me about the zxqv old mill of the town"
    suspicion = BASELINES["ONION"](Table(asked, asked, np.zeros((200, 2)), np.zeros((200, 2)), 0))
    assert suspicion.argmax() == 7


def test_spectral_signatures_and_clusters_suspect_the_few_that_stand_apart() -> None:
    asked_ND, told_ND = np.random.default_rng(0).normal(size=(2, 200, 12)) * 0.1
    told_ND[:9, 0] += 5
    rows = Table([""] * 200, [""] * 200, asked_ND, told_ND, 0)
    for name in ("spectral signatures", "activation clustering"):
        assert set(np.argsort(-BASELINES[name](rows))[:9]) == set(range(9))
