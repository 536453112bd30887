from pathlib import Path

import pytest

import temperance
from temperance.errors import RecipeError
from temperance.recipe import Recipe, load

GOOD = "name: a\nseed: 7\nsources:\n  - path: starter:contrast\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "recipe.yaml"
    path.write_text(text)
    return path


def test_defaults_fill_what_is_not_said(tmp_path: Path) -> None:
    recipe = load(written(tmp_path, GOOD))
    assert recipe.base == "smollm2"
    assert recipe.gate.unsafe_refused == 0.85


def test_overrides_reach_any_depth_and_keep_their_type(tmp_path: Path) -> None:
    recipe = load(written(tmp_path, GOOD), overrides=["sft.epochs=2.5", "sft.lora.r=4", "name=b"])
    assert (recipe.sft.epochs, recipe.sft.lora.r, recipe.name) == (2.5, 4, "b")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD + "sft:\n  epochss: 2\n", r"unknown key 'sft.epochss' \(line 6\), did you mean 'epochs'"),
        (GOOD + "evalute:\n  n: 2\n", r"unknown key 'evalute' \(line 5\), did you mean 'evaluate'"),
        (GOOD + "    formt: auto\n", r"unknown key 'sources.0.formt' \(line 5\), did you mean 'format'"),
        (GOOD + "sft:\n  lora:\n    rr: 2\n", r"unknown key 'sft.lora.rr' \(line 7\), did you mean 'r'"),
        (GOOD + "gate:\n  unsafe_refused: 85\n", r"'gate.unsafe_refused' \(line 6\): input should be less than or equal to 1"),
        (GOOD + "evaluate:\n  temperature: .inf\n", r"'evaluate.temperature' \(line 6\)"),
        (GOOD + "align:\n  ppo:\n    kl: .nan\n", r"'align.ppo.kl' \(line 7\)"),
        (GOOD.replace("seed: 7\n", ""), "the key 'seed' is missing"),
        (GOOD.replace("name: a", "name: ../a"), "name"),
        ("name: a\nseed: 1\nsources: []\n", "at least 1"),
        ("- a\n", "not a table"),
        ("a: [", "not YAML"),
        ("a: !!python/object/apply:os.system [true]\n", "unknown key 'a'"),
    ],
)
def test_a_bad_recipe_names_the_line_and_the_nearest_key(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(RecipeError, match=says):
        load(written(tmp_path, text))


def test_a_missing_or_binary_recipe_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="cannot be read"):
        load(tmp_path / "none.yaml")
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecipeError, match="cannot be read"):
        load(tmp_path / "b.yaml")


@pytest.mark.parametrize("override", ["sft.epochs", "=2", "seed.x=1"])
def test_an_unreadable_override_is_an_error(tmp_path: Path, override: str) -> None:
    with pytest.raises(RecipeError, match="overrid"):
        load(written(tmp_path, GOOD), overrides=[override])


def test_sources_and_exams_are_found_beside_the_recipe(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").touch()
    recipe = load(written(tmp_path, GOOD + "  - path: rows.jsonl\ncurate:\n  exams: [rows.jsonl, nowhere.jsonl]\n"))
    assert recipe.sources[1].path == str(tmp_path / "rows.jsonl")
    assert recipe.curate.exams == (tmp_path / "rows.jsonl", Path("nowhere.jsonl"))


@pytest.mark.parametrize("path", ["examples/demo.yaml", "src/temperance/starter/recipe.yaml"])
def test_the_shipped_recipes_are_valid_and_alike(path: str) -> None:
    recipe = load(Path(__file__).parents[1] / path)
    first = load(Path(temperance.__file__).parent / "starter" / "recipe.yaml")
    assert isinstance(recipe, Recipe)
    own = {"name": "", "sources": (), "precision": "auto"}  # the demo is to end alike on every machine
    assert recipe.model_copy(update=own) == first.model_copy(update=own)
