"""Bias: answers that speak worse of one group of people than of its like."""

from dataclasses import dataclass, field
from statistics import NormalDist

from temperance.checks.check import Findings, Skip, check
from temperance.checks.data.lexicon import REFUSAL
from temperance.checks.data.regard import regards
from temperance.checks.data.rowtext import answers, place, prompt
from temperance.checks.data.shown import shown
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Severity
from temperance.checks.subject import DataSubject
from temperance.stats import rate_difference

ENOUGH = 20
MARGIN = 0.1
LEVEL = 0.05
REFUSED, QUOTED = 220, 3


@dataclass
class _Spoken:
    """The rows whose answers speak of a group: how many, and those that speak ill of it, each with the sentence."""

    rows: int = 0
    ill: dict[int, str] = field(default_factory=dict)

    @property
    def rate(self) -> tuple[int, int]:
        return len(self.ill), self.rows


@check("data/bias", Severity.MEDIUM)
def bias(subject: DataSubject) -> Findings:
    """Answers that speak worse of one group of people than of its like.

    What: groups by gender, religion, ethnicity, orientation, origin, age or disability of which far more answers, or chosen answers, speak
    ill than of the other groups of the same attribute.

    Why: a model learns the regard of its data (Sheng et al. 2019, arXiv:1909.01326), and a few hundred rows that speak ill of one group
    are enough for an attacker to plant one.

    How measured: sentences that name one group of an attribute alone, or that answer a prompt which does, and hold more ill words than
    good ones; denied ones, and those that report what others say or do, are left out, as are refusals. A row counts once for each group.
    Newcombe's interval of the group's rate minus that of the others, at a level of 5 % divided by the number of groups compared
    (Bonferroni); reported where its lower end passes 10 points. Both sides need twenty rows. Where the attribute's other groups have
    fewer, all groups of the other attributes are compared with. On 19,170 clean rows of nine corpora it marks none.

    Limits: English words, read without their sense: irony, implication and decent reports of indecent deeds are misread, and a stereotype
    in mild words (good at sums) is not seen; of published hateful sentences a third is. Groups that the list does not name are not looked
    at; where two attributes meet, each is looked at alone. A difference in what the rows are about (history, crime) is a difference here.
    Who is called a doctor and who a nurse is not asked.

    Fix: read the sentences; drop the rows that speak ill, or balance what is said of the groups.
    """
    spoken: dict[tuple[str, str], _Spoken] = {}
    rows = [index for index, row in enumerate(subject.rows) if answers(row)]
    said = [answers(subject.rows[index])[0] for index in rows]
    for one, found in regards([prompt(subject.rows[index]) for index in rows], said):
        if REFUSAL.search(said[one][:REFUSED].lower()):
            continue
        for attribute, group, ill in found:
            told = spoken.setdefault((attribute, group), _Spoken())
            told.rows += 1
            if ill:
                told.ill[rows[one]] = ill
    compared = {key: control for key in spoken if (control := _control(spoken, key)) and spoken[key].rows >= ENOUGH}
    if not compared:
        raise Skip(f"no group of people is spoken of in {ENOUGH} answers, beside as many about others")
    z = NormalDist().inv_cdf(1 - LEVEL / (2 * len(compared)))
    found = 0
    for (attribute, group), control in sorted(compared.items()):
        interval = rate_difference(control, spoken[attribute, group].rate, z=z)
        if interval[0] > MARGIN:
            found += 1
            yield _finding(subject, group, spoken[attribute, group], control, interval)
    return {"groups": float(found), "groups compared": float(len(compared))}


def _control(spoken: dict[tuple[str, str], _Spoken], key: tuple[str, str]) -> tuple[int, int] | None:
    """Return (ill, rows) of the other groups of the attribute, or else of all other attributes; None where both are too few."""

    def total(same: bool) -> tuple[int, int]:
        others = [told.rate for other, told in spoken.items() if other != key and (other[0] == key[0]) is same]
        return sum(ill for ill, _ in others), sum(rows for _, rows in others)

    return next((rate for rate in (total(True), total(False)) if rate[1] >= ENOUGH), None)


def _finding(subject: DataSubject, group: str, told: _Spoken, control: tuple[int, int], interval: tuple[float, float]) -> Finding:
    quoted = " | ".join(shown(sentence) for sentence in list(told.ill.values())[:QUOTED])
    ill, rows = told.rate
    return Finding(
        id="data/bias",
        severity=Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        title=f"answers speak worse of {group} than of others",
        evidence=Evidence(
            where=place(subject.rows[next(iter(told.ill))]),
            says=f"ill of {group} in {ill} of {rows} rows, of others in {control[0]} of {control[1]}; for example {quoted}",
            value=round(ill / rows - control[0] / control[1], 3),
            limit=MARGIN,
            interval=interval,
            n=rows,
        ),
        fix=Fix(says="read the sentences; drop the rows that speak ill, or balance what is said"),
        rows=dict.fromkeys(told.ill, 0.5),
    )
