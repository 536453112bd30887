import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from temperance.checks.check import Check
from temperance.checks.registry import CHECKS, by_id, every, family
from temperance.errors import InputError

HERE = Path(__file__).parent
SECTIONS = ("What:", "Why:", "How measured:", "Limits:", "Fix:")


@pytest.mark.parametrize("one", every(), ids=lambda one: one.id)
def test_every_check_is_documented_tested_and_named_after_its_file(one: Check) -> None:
    kind, _, slug = one.id.partition("/")
    stem = slug.replace("-", "_")
    starts = [re.search(rf"^{section}", one.doc, re.MULTILINE) for section in SECTIONS]
    assert all(starts), f"{one.id} says nothing under {[s for s, found in zip(SECTIONS, starts, strict=True) if not found]}"
    places = [match.start() for match in starts if match]
    assert places == sorted(places)
    assert one.title.endswith(".")
    assert len(one.title) < 90
    assert (HERE / kind / f"test_{stem}.py").is_file()
    assert Path(inspect.getfile(one.run)).parts[-2:] == (kind, f"{stem}.py")


def test_ids_are_unique_and_filed_under_their_family() -> None:
    ids = [one.id for one in every()]
    assert len(ids) == len(set(ids))
    assert all(one.id.startswith(f"{name}/") for name, checks in CHECKS.items() for one in checks)


def test_an_unknown_id_is_answered_with_the_nearest_one() -> None:
    assert by_id("data/secrets").id == "data/secrets"
    for wrong in ("data/secret", "secrets", "adapter/pickel-code"):
        with pytest.raises(InputError, match=r"did you mean '(data/secrets|adapter/pickle-code)'"):
            by_id(wrong)
    with pytest.raises(InputError, match="the families are data"):
        family("dta")


def test_listing_the_checks_loads_no_heavy_library() -> None:
    heavy = ("torch", "transformers", "rensa", "numpy", "py3langid")
    asked = f"import sys, temperance.checks.registry; print([m for m in {heavy} if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
