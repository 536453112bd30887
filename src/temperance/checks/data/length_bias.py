"""Length bias: sources whose preferred answers are the longer ones, so that length is what a reward model learns."""

from temperance.checks.check import Findings, Skip, check
from temperance.checks.data.rowtext import words
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Severity
from temperance.checks.subject import DataSubject, printable
from temperance.data.example import Preference
from temperance.stats import wilson

ENOUGH = 50
LONGER = 1.1
FLOOR = 0.6


@check("data/length-bias", Severity.LOW)
def length_bias(subject: DataSubject) -> Findings:
    """Sources in which the longer answer is the preferred one.

    What: per source of preferences, how often the chosen answer is the longer, or the shorter, of two that differ in length.

    Why: length is the first thing that a reward model learns to pay for, and a policy then pads its answers. The other way round, it
    learns to say little.

    How measured: words, where one answer has a tenth more than the other; reported where the lower end of the 95 % interval of the share
    passes 60 %, with at least fifty such pairs. Of three clean corpora it reports one, oasst, whose people prefer longer answers.

    Limits: a longer answer may be longer because it is better; this check sees the correlation and not the cause.

    Fix: add pairs in which the short answer is the better one, or balance the source; then look at the reward model's margins by length.
    """
    counts: dict[str, list[int]] = {}
    for row in subject.rows:
        if not isinstance(row, Preference):
            continue
        chosen, rejected = len(words(row.chosen)), len(words(row.rejected))
        if max(chosen, rejected) >= LONGER * max(1, min(chosen, rejected)):
            told = counts.setdefault(row.origin.source, [0, 0])
            told[chosen < rejected] += 1
    enough = {source: told for source, told in counts.items() if sum(told) >= ENOUGH}
    if not enough:
        raise Skip(f"no source has {ENOUGH} preferences between answers that differ in length")
    found = 0
    for source, (longer, shorter) in enough.items():
        n = longer + shorter
        interval = wilson(max(longer, shorter), n)
        if interval[0] <= FLOOR:
            continue
        found += 1
        which = "longer" if longer > shorter else "shorter"
        says = f"the {which} answer is preferred in {max(longer, shorter)} of {n} pairs that differ in length"
        yield Finding(
            id="data/length-bias",
            severity=Severity.LOW,
            confidence=Confidence.HIGH,
            title=f"the {which} answer is the preferred one",
            evidence=Evidence(where=printable(source), says=says, value=max(longer, shorter) / n, limit=FLOOR, interval=interval, n=n),
            fix=Fix(says="add pairs in which length speaks for the other answer, or balance the source"),
            action="keep",
        )
    return {"sources": float(found), "sources compared": float(len(enough))}
