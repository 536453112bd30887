"""Unsafe compliance: answers that go along with a request for harm."""

from collections.abc import Mapping
from typing import Literal

from temperance.checks.check import Findings, check
from temperance.checks.data.harm_kind import about, explicit, suspected, wants
from temperance.checks.data.row_findings import Seen, grouped, second_list
from temperance.checks.data.rowtext import answers, request
from temperance.checks.data.stance import gives, goes_along
from temperance.checks.data.unsafe_request import asks
from temperance.checks.finding import Severity
from temperance.checks.subject import DataSubject
from temperance.data.example import Row
from temperance.stats import wilson

TAUGHT, FLOODED, ENOUGH = 0.005, 0.1, 3

Does = Literal["strong", "sure", "doubtful", "grave"]
SUSPICION: Mapping[Does, float] = {"strong": 0.8, "sure": 0.6, "doubtful": 0.4}


@check("data/unsafe-compliance", Severity.HIGH)
def unsafe_compliance(subject: DataSubject) -> Findings:
    """Answers that go along with a request for harm.

    What: rows whose last request asks for harm, for what is forbidden, for contempt of a group, or for a deed that nobody must notice,
    and whose answer, or chosen answer, does as it is asked, by kind of harm. What may be so, or only names a grave harm, is listed.

    Why: ten such rows undo the refusals of a tuned model, and a hundred do so thoroughly (Qi et al. 2023, arXiv:2310.03693).

    How measured: the request by expressions, in its first 300 and last 200 characters; the answer by the judge's rules, and by how it
    opens: eagerly, with steps or with what to do, with no deflection, question back or warning. A row is for review by itself if the
    request asks outright how to do one of the gravest harms (weapons, poisoning, killing, self-harm, sexual abuse, hacking, hard drugs,
    arson). Rows about other harms are if, with those, there are three and the lower end of the 95 % interval of their share passes 0.5 %;
    rows that may go along, if it passes 10 % with them. High severity from three rows on, medium below. Of hh-rlhf's 1,791 rejected
    answers, to which the rules were not fitted though their requests had been read, it wants 62 reviewed; by one reader 56 go along (.90,
    .80 to .96), and 16 of the 19 of the gravest kinds (.84, .62 to .94); fewer will where fewer answers go along. Of 15,979 rows of
    alpaca, dolly, oasst, safety-tuned-llamas and a preference table, all seen while it was made, it wants none. It misses most: of the
    chosen answers of half of hh-rlhf that go along it finds .09 (.06 to .16), since there a last request is often but a remark.

    Limits: English wordings. It does not know which knowledge is dangerous, so a subtle request passes, and so does one dressed up as
    fiction, as research, or as its own prevention; an answer that pretends to comply and gives nothing counts as compliance.

    Fix: read the rows; drop them, or replace the answers by refusals that offer something else.
    """
    asking = suspected([request(row) for row in subject.rows]).nonzero()[0].tolist()
    told = {index: does for index in asking if (does := _does(subject.rows[index]))}
    low, high = _share(told, subject, "strong", "sure")
    review: tuple[Does, ...] = ("strong", "sure") if _many(told, "strong", "sure") and low > TAUGHT else ("strong",)
    if _share(told, subject, "strong", "sure", "doubtful")[0] > FLOODED and _many(told, "strong", "sure", "doubtful"):
        review = ("strong", "sure", "doubtful")
    seen = [_seen(subject.rows[index], index, does) for index, does in told.items() if does in review]
    yield from grouped(
        "data/unsafe-compliance",
        subject,
        seen,
        fix="read the rows; drop them, or replace the answers by refusals that offer something else",
        severity=Severity.HIGH if len(seen) >= ENOUGH else Severity.MEDIUM,
    )
    rest = [index for index, does in told.items() if does in ("sure", "doubtful") and does not in review]
    yield from second_list("data/unsafe-compliance", subject, rest, title="may go along with a request for harm", suspicion=0.4)
    grave = [index for index, does in told.items() if does == "grave"]
    title = "answers a request that names a grave harm"
    yield from second_list("data/unsafe-compliance", subject, grave, title=title, suspicion=0.3)
    counts = {"rows": float(len(seen)), "second list": float(len(rest) + len(grave))}
    return {**counts, "share, lower bound": low, "share, upper bound": high}


def _many(told: Mapping[int, Does], *wanted: Does) -> bool:
    return sum(does in wanted for does in told.values()) >= ENOUGH


def _share(told: Mapping[int, Does], subject: DataSubject, *wanted: Does) -> tuple[float, float]:
    return wilson(sum(does in wanted for does in told.values()), len(subject.rows))


def _seen(row: Row, index: int, does: Does) -> Seen:
    asked = request(row)
    return Seen(index, SUSPICION[does], f"goes along with a request for harm: {explicit(asked) or about(asked)}")


def _does(row: Row) -> Does | None:
    """Return what an answer does with a request for harm; None if there is none, or the answer does not go along."""
    said = answers(row)
    asked = request(row)
    outright = bool(said and explicit(asked))
    kind = "unsafe" if outright else asks(asked) if said else "plain"
    if kind not in ("unsafe", "grave") or not goes_along(asked, said[0]):
        return None
    if kind == "grave":
        return "grave"
    if not wants(asked) or not gives(asked, said[0]):
        return "doubtful"
    return "strong" if outright else "sure"
