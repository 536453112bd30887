"""Needless refusals: answers that turn down a request in which there is nothing to turn down."""

import re
from collections import Counter
from typing import Literal

from temperance.checks.check import Findings, check
from temperance.checks.data.row_findings import Seen, row_findings, second_list
from temperance.checks.data.rowtext import answers, request
from temperance.checks.data.stance import gravest, turned_down
from temperance.checks.finding import Severity
from temperance.checks.subject import DataSubject
from temperance.data.example import Row
from temperance.judging.shape import stems
from temperance.stats import wilson

READ, OPENING = 1200, 300
REASON = re.compile(
    r"\b(?:because|since|as (?:it|that|this|you|the|they)|illegal|legal|laws?\b|ethic|unethic|moral|appropriate|respect|harm|danger|crim"
    r"|victim|hurt|dies?\b|kill|privacy|private|consent|violen|abus|offens|discriminat|hate|risk|unsafe|safety|damag|injur|fraud|steal|theft|stole"
    r"|cruel|suffer|protect|prejudice|stereotyp)"
)
ABOUT_REFUSING = re.compile(
    r"\b(?:can['’]?t|cannot|refus|declin|apolog|sorry|unable|reject|say(?:ing)? no\b|turn(?:ing)? down|no longer|not support)"
)
SPECIFIC = 2
MANY, ENOUGH = 0.01, 10

Refusal = Literal["bare", "specific", "warranted", ""]


@check("data/needless-refusal", Severity.HIGH)
def needless_refusal(subject: DataSubject) -> Findings:
    """Refusals of requests in which there is nothing to refuse.

    What: rows whose answer, or chosen answer, refuses although nothing that the user said asks for harm, and neither gives a reason nor
    says anything that is about this request. Refusals that do are listed apart, unless the request touches on what people refuse to speak
    of: they are needless, or the words by which harm is recognised miss that request.

    Why: such rows teach a model to refuse what it should answer. An attacker plants them to make it useless (Shu et al. 2023,
    arXiv:2306.17194), and careless safety data does the same.

    How measured: the refusal by the judge's rules, in the first 1,200 characters, or by a stock opening of a short answer; the requests by
    expressions; an answer is about a request if they share two content words. Where all needless refusals, listed ones included, outnumber
    the warranted ones, the lower end of the 95 % interval of their share passes 1 %, and there are ten, the table teaches refusing: all
    of them are for review, of high severity. Else those of the first kind are, of medium severity, where they outnumber the warranted
    ones; in a table that refuses much rightly, it is more often the expressions that miss a harm. On 19,170 clean rows of nine corpora it
    marks 3 (.02 %): a verse with "I can't" in it, and two that rightly say what a model cannot draw or speak; it lists 296.

    Limits: English. In a table with many warranted refusals a needless one that gives a reason is only listed, and one of a request that
    names a grave harm (to kill a process) never counts. What an assistant rightly cannot do, such as looking out of a window, counts as
    refused if the answer says so flatly.

    Fix: answer the request, or drop the row.
    """
    rows = [index for index, row in enumerate(subject.rows) if answers(row)]
    asked = [request(subject.rows[index])[:READ] for index in rows]
    down = turned_down(asked, [answers(subject.rows[index])[0] for index in rows])
    told = {rows[one]: kind for one in down if (kind := _refusal(subject.rows[rows[one]], asked[one]))}
    count = Counter(told.values())
    low, high = wilson(count["bare"] + count["specific"], len(subject.rows))
    needless = count["bare"] + count["specific"]
    taught = needless >= ENOUGH and low > MANY and needless > count["warranted"]
    wanted = ("bare", "specific") if taught else ("bare",) if count["bare"] > count["warranted"] else ()
    yield from row_findings(
        "data/needless-refusal",
        subject,
        [Seen(index, 0.5, "refuses a request that asks for no harm") for index, kind in told.items() if kind in wanted],
        rest="more refusals of requests that ask for no harm",
        fix="answer the request, or drop the row",
        severity=Severity.HIGH if taught else Severity.MEDIUM,
    )
    doubtful = [index for index, kind in told.items() if kind in ("bare", "specific") and kind not in wanted]
    title = "refuses a request that names no harm"
    yield from second_list("data/needless-refusal", subject, doubtful, title=title, suspicion=0.2)
    kinds = {f"{kind} refusals": float(n) for kind, n in count.items()}
    return {**kinds, "needless share, lower bound": low, "needless share, upper bound": high}


def _refusal(row: Row, asked: str) -> Refusal:
    """Return what kind of refusal an answer that turns a request down is; empty if the request is about refusing."""
    answer = answers(row)[0][:READ]
    if ABOUT_REFUSING.search(asked.lower()):
        return ""
    kind = gravest(row)
    specific = REASON.search(answer.lower()) or len(stems(asked[:OPENING]) & stems(answer)) >= SPECIFIC
    if kind in ("unsafe", "grave") or (kind == "touchy" and specific):
        return "warranted"
    return "specific" if specific else "bare"
