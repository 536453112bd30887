"""Likelihood displacement: pairs whose two answers are so alike to a model that learning the pair may make both less likely."""

from temperance.checks.check import Findings, Skip, check
from temperance.checks.data.rowtext import place, request
from temperance.checks.data.shown import shown
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Severity
from temperance.checks.subject import DataSubject
from temperance.data.example import Preference

SAMPLE, FEWEST = 200, 20
SHARE, QUOTED = 0.1, 5
DOUBT = 0.2


@check("data/likelihood-displacement", Severity.INFO, needs=("reader",), in_turn=True)
def likelihood_displacement(subject: DataSubject) -> Findings:
    """Pairs whose answers are so alike to a model that learning them may unlearn both.

    What: of two hundred pairs that are drawn from the table, the tenth whose chosen and rejected answers are most alike to the model that
    reads. They are listed, never put before a person.

    Why: DPO widens the gap between two answers. Where they are nearly the same to the model it can do so by making both less likely, and
    what gains may mean the opposite: a model trained to prefer one refusal to another was seen to refuse less (Razin et al. 2024,
    arXiv:2410.08847).

    How measured: the centred hidden embedding similarity of that paper, normalised by length, on the reading model's last hidden states
    (`--depth model`); the first 384 tokens of prompt and answer. At most two hundred pairs are read, drawn at random, and the finding says
    of how many. Of a hundred pairs of hh-rlhf, ten of which had got their chosen answer less a word as the rejected one, seven were among
    the ten listed (smollm2, one seed).

    Limits: a ranking within one model and one table. It does not say from which score on a pair does harm, so a table that nothing is wrong
    with has its list as well; nor is it the model that will be trained, unless you name that. What was not drawn is not looked at. It
    concerns DPO and its kin, not a reward model.

    Fix: leave such pairs out, which `align.ches` does for the policy itself, or train on the chosen answers first.
    """
    import numpy as np

    assert subject.reader is not None
    indices = [index for index, row in enumerate(subject.rows) if isinstance(row, Preference) and row.chosen != row.rejected]
    if len(indices) < FEWEST:
        raise Skip(f"{len(indices)} pairs are too few to rank; it takes {FEWEST}")
    drawn = sorted(np.random.default_rng(7).choice(len(indices), min(SAMPLE, len(indices)), replace=False).tolist())
    read = [indices[place] for place in drawn]
    scores = subject.reader.alike([row for index in read if isinstance(row := subject.rows[index], Preference)])
    ranked = sorted(zip(scores, read, strict=True), key=lambda one: (-one[0], one[1]))[: int(SHARE * len(read))]
    quoted = " | ".join(f"{score:.3g}: {_pair(subject.rows[index])}" for score, index in ranked[:QUOTED])
    yield Finding(
        id="data/likelihood-displacement",
        severity=Severity.INFO,
        confidence=Confidence.LOW,
        title=f"below the threshold: the two answers are most alike to the model ({len(ranked)} rows)",
        evidence=Evidence(
            where=place(subject.rows[ranked[0][1]]),
            says=f"{len(read)} of {len(indices)} pairs were read: {quoted}",
            value=ranked[0][0],
            n=len(ranked),
        ),
        fix=Fix(says="leave them out (align.ches), or train on the chosen answers first"),
        rows={index: DOUBT for _, index in ranked},
        action="keep",
    )
    return {"pairs": float(len(indices)), "read": float(len(read)), "highest score": ranked[0][0], "lowest listed": ranked[-1][0]}


def _pair(row: object) -> str:
    assert isinstance(row, Preference)
    return f"asked: {shown(request(row), length=40)}; preferred: {shown(row.chosen, length=40)}; to: {shown(row.rejected, length=40)}"
