"""People's decisions as they are read back: a line that is none is named."""

from pathlib import Path

import pytest

from temperance.errors import InputError
from temperance.ledger import read_decisions

FLAGGED = '{"row": "a", "action": "drop", "by": "Ada", "flagged": %s}'


@pytest.mark.parametrize(
    "line",
    [
        "nope",
        "[]",
        "{}",
        '{"row": "a", "action": "burn", "by": "Ada"}',
        FLAGGED % "7",
        FLAGGED % "[7]",
        FLAGGED % '[{"check": "c", "score": "high", "evidence": ""}]',
        FLAGGED % '[{"check": "c", "score": 1e999, "evidence": ""}]',
        FLAGGED % '[{"check": "c", "score": "nan", "evidence": ""}]',
    ],
)
def test_a_decision_that_is_none_names_its_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "decisions.jsonl"
    path.write_text('{"row": "a", "action": "keep", "by": "Ada"}\n' + line)
    with pytest.raises(InputError, match="line 2"):
        read_decisions(path)
    assert read_decisions(tmp_path / "absent") == []
