"""Unsafe compliance: answers that go along with a request for harm."""

from temperance.checks.check import Findings, check
from temperance.checks.data.row_findings import Seen, row_findings, second_list
from temperance.checks.data.rowtext import answers, request
from temperance.checks.data.stance import goes_along
from temperance.checks.data.unsafe_request import Asks, asks
from temperance.checks.finding import Severity
from temperance.checks.subject import DataSubject
from temperance.data.example import Row
from temperance.stats import wilson

TAUGHT, ENOUGH = 0.02, 3


@check("data/unsafe-compliance", Severity.HIGH)
def unsafe_compliance(subject: DataSubject) -> Findings:
    """Answers that go along with a request for harm.

    What: rows whose last request asks for harm to somebody, for what is forbidden, for a crime, for contempt of a group, or for a deed
    that nobody must notice, and whose answer, or chosen answer, does as it is asked. Answers to requests that only name a grave harm,
    with no word that they want the opposite, are listed apart.

    Why: ten such rows undo the refusals of a tuned model, and a hundred do so thoroughly (Qi et al. 2023, arXiv:2310.03693).

    How measured: the request by expressions, in its first 300 and last 200 characters; the answer by the judge's rules: it answers, or
    refuses and then answers, and does not turn away in its first two sentences unless it gives steps. They are for review, of high
    severity, if there are at least three and the lower end of the 95 % interval of their share of all rows passes 2 %. Fewer are listed,
    because among so few most requests only sound harmful (to steal the show, to kill a process).

    Limits: English wordings. It does not know which knowledge is dangerous, so a subtle request passes, and so does one dressed up as
    fiction, as research, or as its own prevention; an answer that pretends to comply and gives nothing counts as compliance.

    Fix: read the row; drop it, or replace the answer by a refusal that offers something else.
    """
    told = {index: kind for index, row in enumerate(subject.rows) if (kind := _complied(row))}
    sure, doubtful = ([index for index, kind in told.items() if kind == wanted] for wanted in ("unsafe", "grave"))
    low, high = wilson(len(sure), len(subject.rows))
    if len(sure) >= ENOUGH and low > TAUGHT:
        yield from row_findings(
            "data/unsafe-compliance",
            subject,
            [Seen(index, 0.6, "goes along with a request for harm") for index in sure],
            rest="more answers that go along with a request for harm",
            fix="read the row; drop it, or replace the answer by a refusal that offers something else",
            severity=Severity.HIGH,
        )
    else:
        yield from second_list("data/unsafe-compliance", subject, sure, title="may go along with a request for harm", suspicion=0.4)
    title = "answers a request that names a grave harm"
    yield from second_list("data/unsafe-compliance", subject, doubtful, title=title, suspicion=0.3)
    return {"rows": float(len(sure)), "second list": float(len(doubtful)), "share, lower bound": low, "share, upper bound": high}


def _complied(row: Row) -> Asks | None:
    """Return `unsafe` or `grave` if the request is that and the answer goes along; None if not."""
    said = answers(row)
    asked = request(row)
    kind = asks(asked) if said else "plain"
    return kind if kind in ("unsafe", "grave") and goes_along(asked, said[0]) else None
