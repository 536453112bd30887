"""A table is searched all at once and text by text with one result."""

import re

from hypothesis import given
from hypothesis import strategies as st

from temperance.checks.data.personal_data import DETECTORS as PERSONAL
from temperance.checks.data.personal_data import personal_data
from temperance.checks.data.redaction import Detector, spans
from temperance.checks.data.secrets import DETECTORS as SECRET
from temperance.checks.data.secrets import secrets

from ..builders import ask, flagged, on_rows, prefer

PIECES = st.sampled_from(
    [
        *("gretel.huber1987@gmx.de", "DE02 1203 0000 0000 2020 51", "4539 5787 6362 1486", "+49 171 9384756", "91.198.174.192"),
        *("+٤٩ 171 9384756", "SSN 536-22-8841", "(212) 684-4700", "AKIAQ3EGRTZPLK2JWXYN", "ghp_" + "aB3dE5fG7hJ9" * 3),
        *("postgres://ann:s3cretly@db.example", " ", "\n", "é", "’", "x", "-", "1", "\x0b", "\x00", "\ud800", "ſ", "\u2003"),
    ]
)
TEXTS = st.lists(PIECES, max_size=4).map("".join)


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=4))
def test_a_row_is_struck_if_a_detector_strikes_one_of_its_texts(said: list[tuple[str, str, str]]) -> None:
    rows = [prefer(*texts) if one % 2 else ask(*texts[:2]) for one, texts in enumerate(said)]
    for check, detectors in ((personal_data, PERSONAL), (secrets, SECRET)):
        struck = {one for one, texts in enumerate(said) if any(_struck(detectors, text) for text in texts[: 2 + one % 2])}
        assert set(flagged(on_rows(check, *rows))) == struck


def test_expressions_without_flags_can_be_joined() -> None:
    assert {detector.pattern.flags for detector in (*PERSONAL, *SECRET)} == {re.UNICODE}


def _struck(detectors: tuple[Detector, ...], text: str) -> bool:
    return any(end for detector in detectors for _, end in spans(detector, text))
