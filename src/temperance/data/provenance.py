"""What a row states of where it comes from: under which licence it may be used, and of a preference, who preferred or why.

It believes what is stated; whether that is true, nobody can see in a row.
"""

from temperance.data.example import Preference, Row

REASONS = frozenset(("annotator", "annotator_id", "annotators", "judge", "model", "rater", "rank", "flaw", "labels", "agreement"))


def is_unlicensed(row: Row) -> bool:
    """Say whether neither the source nor the row states a licence."""
    return not row.origin.licence.strip()


def is_opaque(row: Preference) -> bool:
    """Say whether a preference comes without a margin and without a tag that says who preferred, or what is wrong with the other answer."""
    return row.margin is None and REASONS.isdisjoint(row.origin.tags)
