import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.checks.data.personal_data import personal_data, redacted

from ..builders import ask, flagged, on_rows

REAL = {
    "EMAIL": "gretel.huber1987@gmx.de",
    "IBAN": "DE02 1203 0000 0000 2020 51",
    "CARD": "4539 5787 6362 1486",
    "PHONE": "+49 171 9384756",
    "IP": "91.198.174.192",
}


@pytest.mark.parametrize("token", REAL)
def test_personal_data_is_found_hidden_in_the_evidence_and_fixed(token: str) -> None:
    text = f"You reach her at {REAL[token]}, said the note."
    outcome = on_rows(personal_data, ask("What is a fox?", "An animal."), ask("Where is she?", text))
    assert flagged(outcome) == {1: "fix"}
    assert REAL[token] not in str(outcome)
    assert redacted(text) == f"You reach her at [{token}], said the note."


def test_a_social_security_number_must_be_called_one() -> None:
    assert redacted("Her SSN is 536-22-8841.") == "Her SSN is [SSN]."
    assert redacted("The part number is 536-22-8841.") == "The part number is 536-22-8841."


def test_a_domestic_number_is_found_whole() -> None:
    assert redacted("Call (212) 684-4700 or 919-557-0919.") == "Call [PHONE] or [PHONE]."


@pytest.mark.parametrize(
    "text",
    [
        "Write to jane.doe@example.com or john@mail.example.",
        "Write to support@northwind-traders.com.",
        "Mail johndoe@gmail.com or user123@gmail.com, as in the form.",
        "Call (212) 555-0147 or 1-800-273-8255 or 123-456-7890.",
        "The test card is 4111 1111 1111 1111, or 4242-4242-4242-4242.",
        "The number 4539 5787 6362 1487 fails its check digit.",
        "DE89 3704 0044 0532 0130 00 is in every handbook; DE03 1203 0000 0000 2020 51 has a wrong remainder.",
        "The router is at 192.168.0.1, the resolver is 8.8.8.8, the documentation says 203.0.113.7.",
        "Version 12.14.2.100 of the driver; install v91.198.174.192 first.",
        "Primes: 2 3 5 7 11 13 17 19 23 29 31. Years: 1914-1918, 1939-1945.",
        "The total is 1,234,567,890 and pi is 3.14159265358979.",
        "@everyone look at foo@bar and at a@b.",
        "The timestamp 1345789600000 and the id 1082509343803909888.",
    ],
)
def test_fiction_and_plain_numbers_are_not_personal(text: str) -> None:
    assert redacted(text) == text
    assert on_rows(personal_data, ask("Well?", text)).outcome == "clean"


PIECES = st.one_of(
    st.sampled_from([*REAL.values(), "SSN 536-22-8841", "@", "+", " ", "-", "0171"]), st.text(alphabet="019 @.+-a[]", max_size=12)
)


@given(st.lists(PIECES, max_size=6).map("".join))
def test_redacting_until_nothing_changes_ends(text: str) -> None:
    for _ in range(10):
        better = redacted(text)
        if better == text:
            break
        text = better
    assert redacted(text) == text
