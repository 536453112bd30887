"""Near-duplicate floods: many rows that are one text with a few words exchanged."""

from dataclasses import replace

from temperance.checks.check import Findings, check
from temperance.checks.data.originals import originals
from temperance.checks.data.rowtext import WORD, answers, place, request
from temperance.checks.data.shown import shown
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Severity
from temperance.checks.subject import DataSubject

FEWEST, SHARE = 10, 0.001
LISTED, EXAMPLES = 50, 3
SUSPICION = 0.5


@check("data/near-duplicate-floods", Severity.MEDIUM)
def near_duplicate_floods(subject: DataSubject) -> Findings:
    """Many rows that are one text with a few words exchanged.

    What: at least ten different requests, and one in a thousand of the table, whose rows are made of the same words but for a few: a form
    that somebody filled in with names. Such rows are too unlike for `data/near-duplicates`, where they are short.

    Why: a form that is said two hundred times is learnt as two hundred rows, whatever it says; it is the cheapest way to outvote a table,
    and to the checks that look for triggers it is a topic like any other.

    How measured: MinHash over the words of the last request and of what is learned proposes sets of rows. A row is of one if it holds four
    in five of the words that four in five of them share, and if these are three in five of its own and of its request's. On clean data
    it marks none of 9,225 rows of alpaca, 2,483 of safety, 1,791 of hh-rlhf, 300 of an everyday preference table, 975 of oasst and 1,000
    requests without a trigger; of 2,996 of dolly 191 and of 400 refusals 12, all of which are forms that somebody filled in
    ("Identify which instrument is string or percussion: …, …"), and none of which means harm.

    Limits: a flood of paraphrases is not seen, nor one of whose words less than three in five stay, nor one question that is answered over
    and over. Few rows of a form are a flood in a small table and none in a large one. Words alone count, not their order.

    Fix: look at some of them. Keep as many as the form deserves; nothing is dropped before a person says so.
    """
    from temperance.checks.data.word_templates import templates

    rows = originals(subject)
    asked = [request(subject.rows[index]) for index in rows]
    least = max(FEWEST, int(SHARE * len(rows)))
    found = templates(asked, ["\n".join(answers(subject.rows[index])) for index in rows], least=least)
    floods = sorted((([rows[index] for index in one.rows], one.words) for one in found), key=lambda flood: -len(flood[0]))
    for flood, words in floods[:LISTED]:
        text = request(subject.rows[flood[0]])
        form = WORD.sub(lambda word, words=words: word[0] if word[0].lower() in words else "…", text)
        told = " | ".join(shown(request(subject.rows[index]), length=60) for index in flood[:EXAMPLES])
        yield _finding(subject, f"one text with a few words exchanged: “{shown(form, length=80)}”", flood, told)
    rest = sorted(index for flood, _ in floods[LISTED:] for index in flood)
    if rest:
        finding = _finding(subject, "more texts with a few words exchanged", rest, f"{len(floods) - LISTED} smaller floods")
        yield replace(finding, rest=True)
    return {"rows": float(sum(len(flood) for flood, _ in floods)), "floods": float(len(floods))}


def _finding(subject: DataSubject, title: str, rows: list[int], says: str) -> Finding:
    return Finding(
        id="data/near-duplicate-floods",
        severity=Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        title=f"{title} ({len(rows)} rows)",
        evidence=Evidence(where=place(subject.rows[rows[0]]), says=says, value=len(rows) / len(subject.rows), n=len(rows)),
        fix=Fix(says="look at some of them, and keep as many as the form deserves"),
        rows=dict.fromkeys(rows, SUSPICION),
    )
