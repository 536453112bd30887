"""UltraFeedback: an `instruction` with rated `completions`, or the binarised `chosen` and `rejected` with their scores.

The best-rated completion is preferred to the worst, with the difference as margin. A completion's rating is its `fine-grained_score`;
without one, the mean of its `annotations`' ratings; without these, its `overall_score`, `score` or `rating`.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from temperance.data.example import Message, Origin, Row
from temperance.data.formats import preference as pairs
from temperance.data.formats.format import Format, NoPlace, RawRecord, as_preference, number, preference, text
from temperance.data.record import Malformed, clean, kind

SCORES = (("score_chosen", "score_rejected"), ("chosen_score", "rejected_score"), ("chosen-rating", "rejected-rating"))
RATINGS = ("overall_score", "score", "rating")


def matches(record: RawRecord) -> bool:
    """Say whether the record has rated completions, or two answers with scores."""
    completions = record.get("completions")
    if isinstance(completions, list) and "instruction" in record:
        return all(isinstance(each, Mapping) and "response" in each for each in completions)
    return _scores(record) is not None and pairs.matches(record)


def _scores(record: RawRecord) -> tuple[str, str] | None:
    return next((names for names in SCORES if names[0] in record and names[1] in record), None)


def rows(record: RawRecord, origin: Origin) -> list[Row]:
    """Return the preference."""
    names = _scores(record)
    if names and "completions" not in record:
        high, low = number(record[names[0]]), number(record[names[1]])
        if high is None or low is None:
            raise Malformed(f"{names[0] if high is None else names[1]} is not a number")
        return [pairs.pair(record, origin, margin=high - low)]
    completions = record.get("completions")
    if not isinstance(completions, list):
        raise Malformed(f"completions is {kind(completions)}, not a list")
    rated = [(rating, each) for each in completions if isinstance(each, Mapping) and (rating := _rating(each)) is not None]
    if len(rated) < 2:
        raise Malformed("fewer than two of its completions are rated")
    best, worst = max(rated, key=_first), min(rated, key=_first)
    if best[0] == worst[0]:
        raise Malformed("its completions are all rated the same")
    chosen, rejected = (clean(each[1].get("response"), "response") for each in (best, worst))
    asked = (Message("user", text(record, "instruction")),)
    return [preference(asked, origin, chosen=chosen, rejected=rejected, margin=best[0] - worst[0])]


def _first(pair: tuple[float, Any]) -> float:
    return pair[0]


def _rating(completion: RawRecord) -> float | None:
    fine = number(completion.get("fine-grained_score"))
    if fine is not None:
        return fine
    annotations = completion.get("annotations")
    if isinstance(annotations, Mapping):
        given = [number(each.get("Rating")) for each in annotations.values() if isinstance(each, Mapping)]
        stated = [rating for rating in given if rating is not None]
        if stated:
            return fmean(stated)
    return next((rating for name in RATINGS if (rating := number(completion.get(name))) is not None), None)


def record(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the binarised record of a preference with a margin, which the two scores keep."""
    row = as_preference(rows)
    if row.margin is None:
        raise NoPlace("needs scores, and the row has no margin")
    return {**pairs.record(rows), "score_chosen": row.margin, "score_rejected": 0.0}


FORMAT = Format(
    name="ultrafeedback",
    title="instruction and rated completions, or chosen and rejected with scores",
    matches=matches,
    rows=rows,
    record=record,
)
