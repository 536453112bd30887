"""Many texts at once are told the languages that the identifier tells one by one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temperance.checks.data import language
from temperance.checks.data.language import SURE, languages

SAID = (
    "Plants take in sunlight with their leaves and use it to turn water and air into the sugar that they live on.",
    "La photosynthèse est le processus par lequel les plantes transforment la lumière du soleil en énergie chimique.",
    "Die Photosynthese ist der Vorgang, bei dem Pflanzen das Sonnenlicht in chemische Energie umwandeln.",
    "Фотосинтез — это процесс, при котором растения превращают солнечный свет в химическую энергию.",
    "光合作用是植物把阳光转化为化学能的过程，植物利用这种能量生长和维持生命活动，同时释放氧气到大气之中。",
    "Фотосинтеза је процес у којем биљке претварају светлост сунца у хемијску енергију и ослобађају кисеоник.",
)
PARTS = st.one_of(
    st.sampled_from(SAID), st.text(max_size=60), st.text(st.characters(min_codepoint=0x400, max_codepoint=0x4FF), max_size=90)
)


@settings(deadline=None)
@given(st.lists(st.lists(PARTS, max_size=3).map(lambda parts: " ".join(parts).lower()), max_size=5))
def test_the_walk_of_many_texts_ends_where_that_of_each_does(texts: list[str]) -> None:
    one_by_one = [code if sure >= SURE else "" for code, sure in map(language._identifier().classify, texts)]
    assert list(language._identified(texts)) == one_by_one


def test_each_text_keeps_its_place() -> None:
    assert languages(["", *SAID, "short", "\ud800" * 80, "x = f(y);\n" * 40]) == ["", "en", "fr", "de", "ru", "zh", "sr", "", "", ""]


def test_more_texts_than_are_walked_at_once_are_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "CHUNK", 2)
    assert languages([*SAID[1:5], "", *SAID[1:3]]) == ["fr", "de", "ru", "zh", "", "fr", "de"]
