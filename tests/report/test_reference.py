from pathlib import Path

from temperance.recipe import Recipe
from temperance.report.reference import _model, reference


def test_the_page_in_the_docs_is_that_of_this_recipe() -> None:
    page = Path(__file__).parents[2] / "docs" / "recipe.md"
    assert page.read_text(encoding="utf-8") == reference(), "run make docs"


def test_every_key_of_every_section_is_there_with_its_default() -> None:
    text = reference()
    for name, field in Recipe.model_fields.items():
        section = _model(field.annotation)
        assert (f"## {name}\n" in text) if section else (f"| `{name}` |" in text)
        plain = [key for key, inner in (section.model_fields if section else {}).items() if not _model(inner.annotation)]
        assert all(f"| `{key}` |" in text for key in plain)
    assert "| `learning_rate` | number > 0, < 1 | `0.0003` |" in text
    assert "| `method` | `dpo`, `kto`, `ppo`, `grpo`, `rloo` | `dpo` |" in text
    assert "| `seed` | whole number ≥ 0, < 4,294,967,296 | must be given |" in text
