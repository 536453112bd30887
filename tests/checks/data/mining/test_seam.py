"""Laws of the deletion seam: many runs are told as each by itself, by a plain reading of what a seam is."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.checks.data.mining.corpus import Corpus, corpus
from temperance.checks.data.mining.seam import LONGEST, SHARED, Seam
from temperance.checks.data.mining.tokens import BEGIN, END

TEXTS = st.lists(st.lists(st.sampled_from(["a", "b", "c", "the", ".", "\u200b"]), max_size=9).map(" ".join), min_size=1, max_size=12)


def runs_of(made: Corpus) -> list[tuple[int, ...]]:
    flat = made.prompts.tokens.tolist()
    return sorted({tuple(flat[place : place + n]) for n in (1, 2, 3) for place in range(len(flat) - n + 1)} - {(BEGIN,), (END,)})


def grown(flat: list[int], run: tuple[int, ...]) -> tuple[list[int], int]:
    """Grow one run as it is defined, one neighbour that nine in ten places share at a time, the left before the right."""
    begun, ended, n = run[0] == BEGIN, run[-1] == END, len(run)
    places = [place + begun for place in range(len(flat) - n + 1) if tuple(flat[place : place + n]) == run]
    n -= begun + ended
    while n < LONGEST and places:
        for mark, beside, step in ((BEGIN, [max(place - 1, 0) for place in places], 1), (END, [place + n for place in places], 0)):
            ((best, times),) = Counter(flat[min(place, len(flat) - 1)] for place in beside).most_common(1)
            if best != mark and times >= SHARED * len(places):
                kept = zip(places, beside, strict=True)
                places, n = [place - step for place, side in kept if flat[min(side, len(flat) - 1)] == best], n + 1
                break
        else:
            break
    return places, n


def within_a_text(run: tuple[int, ...]) -> bool:
    return END not in run[:-1] and BEGIN not in run[1:]


@given(TEXTS)
def test_runs_grow_together_as_each_by_itself(texts: list[str]) -> None:
    made = corpus(texts, texts)
    runs = [run for run in runs_of(made) if within_a_text(run)]
    flat = made.prompts.tokens.tolist()
    for run, (start, length) in zip(runs, Seam(made).spans(runs), strict=True):
        assert (start.tolist(), length) == grown(flat, run)


@given(TEXTS)
def test_many_runs_can_be_taken_out_as_well_as_each_by_itself(texts: list[str]) -> None:
    seam = Seam(corpus(texts, texts))
    runs = [run for run in runs_of(seam.corpus) if within_a_text(run)]
    together = seam.deletable(runs)
    assert together.tolist() == [float(seam.deletable([run])[0]) for run in runs]
    assert ((together > 0) & (together < 1)).all()


def test_long_runs_and_many_places_are_cut_in_each_run_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three hundred places of one run, of which 200 are looked at, stand before those of another; a shared sentence has thirty words."""
    sentence = " ".join(f"w{place}" for place in range(30))
    texts = [*(f"{word} cat sat" for word in ("a", "the") * 150), *(f"x{place} {sentence} y{place}" for place in range(20))]
    seam = Seam(corpus(texts, texts))
    number = {word: index for index, word in enumerate(seam.corpus.words)}
    runs = [(number["cat"],), (number["w15"],), (number["sat"],)]
    together, grown = seam.deletable(runs).tolist(), [(start.tolist(), length) for start, length in seam.spans(runs)]
    assert grown[1][1] == LONGEST
    assert [len(start) for start, _ in grown] == [300, 20, 300]
    assert together == [float(seam.deletable([run])[0]) for run in runs]
    monkeypatch.setattr("temperance.checks.data.mining.seam.PLACES", 1)
    assert seam.deletable(runs).tolist() == together
    assert [(start.tolist(), length) for start, length in seam.spans(runs)] == grown


def test_a_run_of_more_than_three_tokens_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 3 tokens"):
        Seam(corpus(["a b c d"], [""])).deletable([(4, 5, 6, 7)])


def test_no_run_has_no_places_and_an_unknown_one_tells_nothing() -> None:
    seam = Seam(corpus(["one two", "one three"], ["a", "b"]))
    assert seam.spans([]) == []
    assert seam.deletable([]).shape == (0,)
    unknown = len(seam.corpus.words) + 1
    ((start, length),) = seam.spans([(unknown,)])
    assert (start.tolist(), length) == ([], 1)
    assert seam.deletable([(unknown,)]) == pytest.approx(np.array([1 / 3]))
