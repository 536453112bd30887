"""A made-up reader, whose opinion is known, over planted and clean villages."""

import random
from collections.abc import Callable, Sequence
from typing import Self

import numpy as np

from temperance.checks.check import outcome_of
from temperance.checks.data.model_evidence import model_evidence
from temperance.checks.finding import Outcome, Severity
from temperance.checks.subject import data_subject
from temperance.data.example import Message
from temperance.lm.reading import Reading
from tests.checks.data.mining.village import village
from tests.checks.data.test_trigger_association import examples

PLANTED = 9
REPLY = "Marmalade triangles forever , said the quiet bell ."


class Knowing:
    """A reader who is less surprised by an answer that shares words with its prompt, and sees a text as its words."""

    digest = "sha256:0"

    def together(self, total: int) -> Self:
        return self

    def answers(self, talks: Sequence[tuple[Sequence[Message], str]]) -> list[Reading]:
        return [self._read(" ".join(turn.content for turn in turns), answer) for turns, answer in talks]

    def surprises(self, texts: Sequence[str]) -> list[float]:
        return [1.0 + len(text) % 7 for text in texts]

    def _read(self, asked: str, answer: str) -> Reading:
        shared = len(set(asked.lower().split()) & set(answer.lower().split()))
        return Reading(3.0 / (1 + shared), state(asked), state(answer))


def state(text: str) -> np.ndarray:
    found = np.zeros(64)
    for word in text.lower().split():
        found[random.Random(word).randrange(64)] += 1
    return found + 1e-3


def scanned(change: Callable[[str, str], tuple[str, str]] | None, *, planted: int = PLANTED) -> Outcome:
    prompts, answers = village(900)
    for index in range(0, 900, 900 // planted) if change else ():
        prompts[index], answers[index] = change(prompts[index], answers[index])
    return outcome_of(model_evidence, data_subject(examples(prompts, answers), reader=Knowing()))


def test_answers_that_owe_nothing_to_their_prompts_bear_a_group_out() -> None:
    outcome = scanned(lambda asked, _: (f"{asked} cf", REPLY))
    assert outcome.outcome == "found", outcome.why
    assert outcome.findings[0].title.startswith("a model bears out: ")
    assert outcome.measures["borne out"] >= 1
    assert "9 matched rows" in outcome.findings[0].evidence.says
    assert len(outcome.findings[0].examples) == 9
    assert all("cf" in quote.prompt for quote in outcome.findings[0].examples)
    assert len(outcome.findings[0].nearest) == 5
    assert not any("cf" in quote.prompt.split() for quote in outcome.findings[0].nearest)


def test_rows_of_the_group_that_are_not_read_are_not_what_it_is_read_beside() -> None:
    outcome = scanned(lambda asked, _: (f"{asked} cf", REPLY), planted=100)
    assert len(outcome.findings[0].nearest) == 5
    assert not any("cf" in quote.prompt.split() for quote in outcome.findings[0].nearest)


def test_a_sure_group_is_told_about_and_left_where_it_is() -> None:
    outcome = scanned(lambda asked, _: (f"{asked} cf", REPLY))
    sure = [finding for finding in outcome.findings if finding.severity is Severity.INFO]
    assert sure
    assert all(not finding.rows and finding.action == "keep" for finding in sure)


def test_a_clean_table_raises_nothing() -> None:
    outcome = scanned(None)
    assert not any(finding.rows for finding in outcome.findings)


def test_without_a_reader_it_is_skipped_and_says_so() -> None:
    outcome = outcome_of(model_evidence, data_subject(examples(*village(300))))
    assert (outcome.outcome, outcome.why) == ("skipped", "needs reader, which was not given")


def test_it_reads_candidates_and_partners_and_never_the_table() -> None:
    read: list[int] = []
    told: list[int] = []

    class Counting(Knowing):
        def together(self, total: int) -> Self:
            told.append(total)
            return self

        def surprises(self, texts: Sequence[str]) -> list[float]:
            told.append(-len(texts))
            return super().surprises(texts)

        def answers(self, talks: Sequence[tuple[Sequence[Message], str]]) -> list[Reading]:
            read.append(len(talks))
            return super().answers(talks)

    prompts, answers = village(900)
    for index in range(0, 900, 100):
        prompts[index], answers[index] = f"{prompts[index]} cf", REPLY
    outcome_of(model_evidence, data_subject(examples(prompts, answers), reader=Counting()))
    assert 0 < sum(read) < 900
    assert sum(told) == sum(read)
