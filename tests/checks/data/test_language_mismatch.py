import pytest

from temperance.checks.data.language import languages
from temperance.checks.data.language_mismatch import language_mismatch

from ..builders import ask, flagged, on_rows

QUESTION = "Explain in simple words how photosynthesis works and why plants need the light of the sun."
SAID = {
    "en": "Plants take in sunlight with their leaves and use it to turn water and air into the sugar that they live on.",
    "fr": "La photosynthèse est le processus par lequel les plantes transforment la lumière du soleil en énergie chimique.",
    "de": "Die Photosynthese ist der Vorgang, bei dem Pflanzen das Sonnenlicht in chemische Energie umwandeln.",
    "ru": "Фотосинтез — это процесс, при котором растения превращают солнечный свет в химическую энергию.",
    "zh": "光合作用是植物把阳光转化为化学能的过程，植物利用这种能量生长和维持生命活动，同时释放氧气到大气之中。",
}


@pytest.mark.parametrize("code", ["fr", "de", "ru", "zh"])
def test_an_answer_in_another_language_is_named(code: str) -> None:
    assert languages([SAID[code]]) == [code]
    outcome = on_rows(language_mismatch, ask(QUESTION, SAID["en"]), ask(QUESTION, SAID[code]))
    assert flagged(outcome) == {1: "review"}
    assert f"answered in {code}" in outcome.findings[0].title


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (f"{QUESTION} Answer in French.", SAID["fr"]),
        (f"Translate: {SAID['de']}", SAID["en"]),
        (SAID["de"], SAID["de"]),
        ("Was ist das?", SAID["en"]),
        (QUESTION, "Oui."),
        (QUESTION, "def f(x):\n    return [y for y in x if y > 0]\n\nprint(f([1, -2, 3]))  # la somme des valeurs\n" * 3),
        (QUESTION, "Oslo, Bergen, Trondheim, Stavanger, Drammen, Fredrikstad, Sandefjord, Kristiansand, Tromsø, Haugesund"),
        (QUESTION, "Hydrogen, Helium, Lithium, Beryllium, Boron, Carbon, Nitrogen, Oxygen, Fluorine, Neon, Sodium, Magnesium"),
    ],
)
def test_a_translation_a_short_text_a_list_and_code_are_fine(question: str, answer: str) -> None:
    assert on_rows(language_mismatch, ask(QUESTION, SAID["en"]), ask(question, answer)).outcome == "clean"


def test_texts_whose_language_nobody_can_tell_are_not_called_clean() -> None:
    outcome = on_rows(language_mismatch, ask("Was ist das?", SAID["de"]), ask(QUESTION, "Oui."))
    assert outcome.outcome == "skipped"
    assert "languages can be told" in outcome.why


def test_how_many_rows_are_not_in_english_is_measured() -> None:
    outcome = on_rows(language_mismatch, ask(QUESTION, SAID["en"]), ask(SAID["de"], SAID["de"]), ask("Quoi ?", SAID["fr"]), ask("a", "b"))
    assert outcome.measures == {"rows": 0.0, "rows of a known language": 3.0, "rows not in English": 2.0}
