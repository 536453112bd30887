"""Likelihood displacement: the figures by hand, and on a tiny model planted by pairs that are alike, beside a clean twin."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.artifact import Artifact, commit
from temperance.data.example import Example, Message, Origin, Preference, read_rows, write_rows
from temperance.job import Unwatched
from temperance.train import dpo, sft
from temperance.train.displacement import WINDOW, displaced_at, lengths, levels
from tests.train.conftest import SMALL, Ran, curve
from tests.train.test_stages import Killed, Kills

DPO = {**SMALL, "learning_rate": 5e-3, "epochs": 6, "lora": {"r": 4, "alpha": 8}}


class Heard(Unwatched):
    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


def test_lengths_by_hand() -> None:
    rows = [{"prompt_ids": [1] * ask, "chosen_ids": [1] * say} for ask, say in ((3, 4), (3, 2), (6, 9), (10, 5))]
    assert lengths(rows, batch_size=2, max_length=8) == [3.0, 1.0]
    assert lengths(rows[:3], batch_size=2, max_length=100) == [3.0, 9.0]


def test_levels_and_the_first_step_below_the_limit_by_hand() -> None:
    moved = [0.0, -1.0, -2.0, -3.0]
    assert levels(moved) == [0.0, -0.5, -1.0, -1.5]
    assert displaced_at(moved, 0.9) == 3
    assert displaced_at(moved, 1.5) is None
    assert displaced_at([], 0.5) is None


@given(st.lists(st.floats(-5, 5), max_size=40), st.floats(0.01, 2))
def test_what_never_falls_never_rings_and_one_batch_alone_counts_by_its_share(moved: list[float], limit: float) -> None:
    assert displaced_at([abs(one) for one in moved], limit) is None
    calm = [0.0] * WINDOW
    assert displaced_at([*calm, -0.99 * limit * WINDOW, *calm], limit) is None
    assert displaced_at([*calm, -1.01 * limit * WINDOW, *calm], limit) == WINDOW + 1


def said(row: int) -> str:
    return f"The quick brown fox jumps {row}!"


def alike(row: int) -> str:
    return f"The quick brown fox jumps {row}."


def apart(row: int) -> str:
    return "I cannot help with that, sorry."


def table(folder: Path, *rejected: Callable[[int], str]) -> Artifact:
    """Return a curated table: twelve questions, their answers to learn, and each as the chosen one of a pair, with every rejected one."""
    (folder / "work").mkdir(parents=True)
    rows: list[Example | Preference] = []
    for row in range(12):
        ask = (Message("user", f"Question {row} about the fox?"),)
        rows.append(Example(messages=(*ask, Message("assistant", said(row))), origin=Origin(source="s", row=row)))
        rows += [
            Preference(prompt=ask, chosen=said(row), rejected=other(row), origin=Origin(source=other.__name__, row=row))
            for other in rejected
        ]
    write_rows(folder / "work" / "rows.jsonl", rows)
    return commit(folder / "work", folder / "made", {"stage": "curate", "key": "k"})


@pytest.fixture
def tuned(ran: Ran, tmp_path: Path) -> Artifact:
    """An adapter that has learned the chosen answers, so that there is something to lose."""
    return ran(sft.run, "tuned", curated=table(tmp_path / "learned"), sft={**SMALL, "epochs": 8, "lora": {"r": 4, "alpha": 8}})


def test_pairs_that_are_alike_lose_their_chosen_answers_and_the_run_says_so(ran: Ran, tuned: Artifact, tmp_path: Path) -> None:
    heard = Heard()
    made = ran(dpo.run, "alike", heard, tuned, curated=table(tmp_path / "table", alike), align=DPO)
    moved = [point["chosen_moved"] for point in curve(made)]
    assert moved[0] == 0.0
    assert made.metrics["displaced_at"] == displaced_at(moved, 0.5) is not None
    assert made.metrics["chosen_moved"] == levels(moved)[-1] < -0.5
    assert curve(made)[-1]["rewards/margins"] > 1  # by dpo's own measure all is well
    assert len([text for text in heard.said if "likelihood displacement" in text]) == 1


def test_a_clean_twin_is_not_called_displaced(ran: Ran, tuned: Artifact, tmp_path: Path) -> None:
    heard = Heard()
    made = ran(dpo.run, "apart", heard, tuned, curated=table(tmp_path / "table", apart), align=DPO)
    assert made.metrics["displaced_at"] is None
    assert made.metrics["chosen_lowest"] > -0.5
    assert not [text for text in heard.said if "likelihood displacement" in text]


def test_screening_leaves_out_the_pairs_that_are_alike_and_with_them_the_displacement(ran: Ran, tuned: Artifact, tmp_path: Path) -> None:
    both = table(tmp_path / "table", alike, apart)
    made = ran(dpo.run, "screened", after=tuned, curated=both, align={**DPO, "ches": 0.5})
    told = [json.loads(line) for line in (made / "ches.jsonl").read_text().splitlines()]
    pairs = [row for row in read_rows(both / "rows.jsonl") if isinstance(row, Preference)]
    assert [one["id"] for one in told] == [row.id for row in pairs]
    assert [row.origin.source for row, one in zip(pairs, told, strict=True) if not one["kept"]] == ["alike"] * 12
    assert min(one["score"] for one in told if not one["kept"]) > max(one["score"] for one in told if one["kept"])
    assert (made.metrics["left_out"], made.metrics["pairs"], made.metrics["displaced_at"]) == (12, 12, None)


def test_a_run_without_screening_scores_nothing(ran: Ran, tuned: Artifact, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dpo, "scores", lambda *given, **rest: pytest.fail("nobody asked for scores"))
    made = ran(dpo.run, "plain", after=tuned)
    assert "ches.jsonl" not in made.manifest.files
    assert "left_out" not in made.metrics


def test_the_least_share_of_a_small_table_leaves_out_nothing_and_the_greatest_leaves_one(ran: Ran, tuned: Artifact, tmp_path: Path) -> None:
    pairs = table(tmp_path / "table", apart)
    for share, kept in ((0.01, 12), (0.999, 1)):
        assert ran(dpo.run, str(share), after=tuned, curated=pairs, align={**SMALL, "ches": share}).metrics["pairs"] == kept


def test_a_kill_changes_no_figure(ran: Ran, tuned: Artifact, tmp_path: Path) -> None:
    pairs = table(tmp_path / "table", alike, apart)
    asked = {**DPO, "epochs": 1, "ches": 0.25, "displacement": 0.01}
    whole = ran(dpo.run, "whole", after=tuned, curated=pairs, align=asked)
    with pytest.raises(Killed):
        ran(dpo.run, "cut", Kills(5), tuned, curated=pairs, align=asked)
    again = ran(dpo.run, "cut", after=tuned, curated=pairs, align=asked)
    assert again.manifest.files == whole.manifest.files
    ours = ("pairs", "left_out", "chosen_moved", "chosen_lowest", "chosen_limit", "displaced_at")
    assert [again.metrics[name] for name in ours] == [whole.metrics[name] for name in ours]
