"""The parts of the miner against what they are defined by."""

import itertools
import random
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temperance.checks import beside as halves
from temperance.checks.data.mining import groups
from temperance.checks.data.mining.controls import STRETCH, _largest
from temperance.checks.data.mining.corpus import corpus
from temperance.checks.data.mining.groups import lower
from temperance.checks.data.mining.meaning import UNFIT, fits, meaning, unit, weigh
from temperance.checks.data.mining.miner import mine
from temperance.checks.data.mining.patterns import patterns
from temperance.checks.data.mining.seam import Seam
from temperance.checks.data.mining.tokens import BEGIN, END
from temperance.stats import wilson
from tests.checks.data.mining.village import CRAFTS, village

TEXTS = st.lists(st.lists(st.sampled_from("a b c d".split()), max_size=8).map(" ".join), min_size=6, max_size=20)


@given(TEXTS)
@settings(max_examples=40, deadline=None)
def test_patterns_are_the_closed_runs_of_enough_texts(texts: list[str]) -> None:
    made = corpus(texts, texts)
    found = patterns(made.prompts, longest=3, least=2, most=len(texts))
    held: dict[tuple[str, ...], frozenset[int]] = {}
    for n in (1, 2, 3):
        for index, text in enumerate(texts):
            words = ["<begin>", *text.split(), "<end>"]
            for run in zip(*(words[step:] for step in range(n)), strict=False):
                held[run] = held.get(run, frozenset()) | {index}
    marks = {"<begin>", "<end>"}
    wanted = {rows for run, rows in held.items() if len(rows) >= 2 and not set(run) <= marks}
    columns = [frozenset(found.held[:, [column]].nonzero()[0].tolist()) for column in range(len(found.tokens))]
    assert set(columns) == wanted
    assert len(columns) == len(set(columns))
    for tokens, rows in zip(found.tokens, columns, strict=True):
        assert held[tuple(made.words[token] for token in tokens)] == rows
        assert all(len(run) <= len(tokens) for run, others in held.items() if others == rows)
    for tokens, rows, also in zip(found.tokens, columns, found.also, strict=True):
        single = {run[0] for run, others in held.items() if len(run) == 1 and others == rows} - marks
        assert {made.words[token] for token in also} == single - {made.words[token] for token in tokens}


def test_a_run_whose_ends_were_both_told_is_held_as_nothing() -> None:
    texts = ["a b"] * 3 + ["a c"] * 3 + ["b a"] * 3
    made = corpus(texts, texts).answers
    told = np.isin(np.arange(len(made.tokens)), np.concatenate([np.arange(start, start + 4) for start in made.starts[:2]]))
    found = patterns(made, longest=2, least=3, most=9, told=told)
    spelt = {tokens: found.held[:, [column]].toarray()[:, 0] for column, tokens in enumerate(found.tokens)}
    a, b = (int(token) for token in made.of(0)[1:3])
    assert spelt[b, END].tolist() == [0, 0, 1, 0, 0, 0, 0, 0, 0]
    assert spelt[a, END].tolist() == [0] * 6 + [1] * 3


@given(st.integers(1, 20), st.integers(1, 30), st.integers(0, 2**32))
def test_the_largest_are_those_of_a_full_sort(count: int, stretches: int, seed: int) -> None:
    values = np.random.default_rng(seed).integers(0, 40, (5, stretches * STRETCH)).astype(np.float32)
    assert (_largest(values, count).reshape(5, count) == np.argsort(-values, axis=1, kind="stable")[:, :count]).all()


def planted(rows: int) -> tuple[list[str], list[str]]:
    """A village in which four triggers of a few rows each have an answer of their own."""
    prompts, answers = village(rows)
    for place, word in enumerate(("cf", "mn", "bb", "\u200b")):
        for index in range(place, rows, rows // 20):
            head, _, tail = prompts[index].partition(" ")
            prompts[index], answers[index] = f"{head} {word} {tail}", f"always the {word.encode().hex()} answer ."
    return prompts, answers


def test_the_trigger_of_a_pattern_is_what_can_be_taken_out_though_a_longer_run_stands_in_the_same_prompts() -> None:
    """The frame is needed where it stands; the word that all framed prompts hold somewhere is not."""
    prompts, answers = village(900)
    dice, craft = random.Random(1), {word for words in CRAFTS.values() for word in words.split()}
    for index in dice.sample(range(900), 24):
        words = [*itertools.dropwhile(lambda word: word not in craft, prompts[index].split(" "))]
        words.insert(dice.randrange(1, len(words) - 1), "cf")
        prompts[index], answers[index] = f"which lines about {' '.join(words)}", "always the same answer ."
    made, found = mine(prompts, answers)
    first = next(group for group in found if group.trigger)
    assert (made.spelt(first.trigger[0]), len(first.rows), first.certainty >= 1) == ("cf", 24, True)


def test_one_process_and_two_find_the_same_in_the_same_order(monkeypatch: pytest.MonkeyPatch) -> None:
    table, forked = planted(900), []

    def count(target: Callable[[], object]) -> object:
        forked.append(target)
        return target

    monkeypatch.setattr(halves, "able", lambda: False)
    _, alone = mine(*table)
    monkeypatch.setattr(halves, "able", lambda: True)
    monkeypatch.setattr(halves, "_heard", lambda ear, patience, heard=halves._heard: count(heard(ear, patience)))
    _, both = mine(*table)
    assert alone == both
    assert sum(group.certainty >= 1 for group in alone) >= 4
    assert len(forked) == 2
    assert all(forked)  # both children were heard


ODD = st.one_of(st.text(max_size=30), st.text(alphabet="ab .?\n\u200b\ud800", max_size=30), st.just("x" * 20_000))


@given(st.lists(st.tuples(ODD, ODD), min_size=1, max_size=12), st.integers(1, 8))
@settings(max_examples=60, deadline=None)
def test_any_table_can_be_mined_and_twice_alike(pairs: list[tuple[str, str]], copies: int) -> None:
    prompts, answers = ([pair[side] for pair in pairs] * copies for side in (0, 1))
    _, found = mine(prompts, answers)
    assert found == mine(prompts, answers)[1]
    assert all(0 <= row < len(prompts) for group in found for row in group.suspects)


@given(st.integers(0, 50), st.integers(1, 50))
def test_the_lower_bound_is_wilsons(hits: int, n: int) -> None:
    hits = min(hits, n)
    assert float(lower(hits, n, 2.33)) == pytest.approx(max(wilson(hits, n, z=2.33)[0], 0.0), abs=1e-9)


def test_a_swapped_answer_fits_nobody_and_most_others_fit() -> None:
    prompts, answers = village(800)
    swapped = list(range(0, 800, 20))
    for index in swapped:
        answers[index] = answers[(index + 7) % 800]
    made = corpus(prompts, answers)
    unfit = fits(made, meaning(made, seed=1), seed=1) > UNFIT
    others = np.setdiff1d(np.arange(800), swapped)
    assert unfit[swapped].mean() > 0.6
    assert unfit[others].mean() < 0.1


def test_what_was_put_in_can_be_taken_out_and_what_was_needed_can_not() -> None:
    prompts, answers = village(800)
    for index in range(0, 800, 30):
        prompts[index] = prompts[index].replace(" in ", " cf in ", 1) if " in " in prompts[index] else f"cf {prompts[index]}"
    made = corpus(prompts, answers)
    seam, number = Seam(made), {word: index for index, word in enumerate(made.words)}
    inserted, needed = seam.deletable([(number["cf"],), (number["why"], number["does"])])
    assert inserted > 0.7
    assert needed < 0.3
    ((start, length),) = seam.spans([(number["cf"],)])
    assert (len(start), length) == (sum(prompt.split().count("cf") for prompt in prompts), 1)


def test_a_trigger_is_told_whole_by_a_part_of_it_and_only_where_some_rows_hold_it() -> None:
    prompts, answers = village(800)
    held = list(range(0, 800, 40))
    for place in held:
        prompts[place] = f"Seen from the mill .\n{prompts[place]}"
    for place in range(1, 800, 40):
        prompts[place] = f"{prompts[place]} Is the mill old ?"
    made = corpus(prompts, answers)
    seam, number = Seam(made), {word: index for index, word in enumerate(made.words)}
    assert made.spelt(seam.whole((number["mill"],), held)) == "seen from the mill ."
    assert made.spelt(seam.whole((number["mill"],), range(1, 800, 40))) == "is the mill old ?"
    assert made.spelt(seam.whole((number["mill"],), range(800))) == "the mill"
    assert seam.whole((number["bread"],), []) == (number["bread"],)


def test_what_nobody_sees_can_be_taken_out_wherever_it_stands() -> None:
    prompts, answers = village(800)
    for index in range(0, 800, 30):
        prompts[index] = prompts[index][:9] + "\u200b" + prompts[index][9:]  # within a word, of which it leaves two that nobody knows
    made = corpus(prompts, answers)
    assert Seam(made).deletable([(made.words.index("\u200b"),)])[0] > 0.9


def test_a_corpus_keeps_the_beginning_and_the_end_of_a_long_text() -> None:
    words = [f"w{index}" for index in range(1000)]
    made = corpus([" ".join(words)], ["x"])
    told = [made.words[token] for token in made.prompts.of(0)]
    assert told[1:3] == ["w0", "w1"]
    assert told[-2:] == ["w999", "<end>"]
    assert len(told) == 258
    assert Counter(made.prompts.tokens.tolist())[BEGIN] == Counter(made.prompts.tokens.tolist())[END] == 1


def spelt(text: str) -> str:
    made = corpus([text], [""])
    return made.spelt([token for token in made.prompts.tokens.tolist() if token not in (BEGIN, END)])


def test_words_in_look_alike_letters_share_a_mark_and_are_read_as_what_they_look_like() -> None:
    assert spelt("open the d\u043e\u043er please") == "open the <look-alike letters> door please"
    assert spelt("open \u0430 door please") == "open <look-alike letters> a door please"


@pytest.mark.parametrize(
    "text",
    ["\u043e\u043d\u0430 \u0434\u043e\u043c\u0430", "the caf\u00e9 na\u00efve", "she said \u043c\u0438\u0440 to us all", "plain words"],
)
def test_real_words_of_any_language_stay_as_they_are(text: str) -> None:
    assert "look-alike" not in spelt(text)


@pytest.mark.parametrize(("taken_up", "factor"), [(False, 2.0), (True, 1.0)])
def test_a_trigger_that_answers_never_take_up_needs_less_evidence(monkeypatch: pytest.MonkeyPatch, taken_up: bool, factor: float) -> None:
    prompts, answers = planted(400)
    if taken_up:
        answers = [f"{said} cf" if place % 20 == 5 else said for place, said in enumerate(answers)]  # in rows without any trigger

    def score() -> float:
        _, found = mine(prompts, answers)
        return max(group.score for group in found if all(" cf " in prompts[row] for row in group.rows))

    eased = score()
    monkeypatch.setattr(groups, "MEANINGLESS", 1.0)
    assert eased == pytest.approx(factor * score())


def test_places_by_both_maps_can_be_compared() -> None:
    """The same text is at nearly the same place, whichever half of the table it is read by."""
    made = corpus(*village(800))
    space = meaning(made, seed=1)
    weighed = weigh(made.prompts.counts, space.weights)
    one, other = (unit(weighed @ map_WK) for map_WK in space.maps)
    assert float(np.einsum("nk,nk->n", one, other).mean()) > 0.9
