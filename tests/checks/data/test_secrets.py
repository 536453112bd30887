import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.checks.data.secrets import redacted, secrets

from ..builders import ask, flagged, on_rows

MIXED = "aB3dE6gH9jK2mN5pQ8rS1tU4vW7xY0zA3bC6dE9f"
# every one is made up, and put together here so that no file holds it whole
FAKE = {
    "AWS_KEY": "AKIA" + "QYLPMN5HFIQR7XYA",
    "AWS_SECRET": "aws_secret_access_key = " + MIXED,
    "GITHUB_TOKEN": "ghp_" + MIXED[:36],
    "SLACK_TOKEN": "xoxb" + "-2047385612-9173640258-" + MIXED[:24],
    "STRIPE_KEY": "sk_live" + "_" + MIXED[:24],
    "PRIVATE_KEY": "-----BEGIN RSA " + "PRIVATE KEY-----\n" + MIXED * 4 + "\n-----END RSA " + "PRIVATE KEY-----",
    "JWT": "eyJ" + "hbGciOiJIUzI1NiJ9.eyJ" + "zdWIiOiJncmV0ZWwifQ." + MIXED[:32],
    "GOOGLE_KEY": "AIza" + MIXED[:35],
    "API_KEY": "sk-ant-api03-" + MIXED * 2,
    "PASSWORD": "postgres://gretel:" + "kr0k0dil-77" + "@db.internal:5432/prod",
}


@pytest.mark.parametrize("token", FAKE)
def test_a_secret_is_found_hidden_in_the_evidence_and_fixed(token: str) -> None:
    text = f"Use {FAKE[token]} for the deployment."
    outcome = on_rows(secrets, ask("What is a fox?", "An animal."), ask("How?", text))
    assert flagged(outcome) == {1: "fix"}
    assert FAKE[token] not in str(outcome)
    assert MIXED[5:20] not in str(outcome)
    fixed = redacted(text)
    assert f"[{token}]" in fixed
    assert fixed.endswith(" for the deployment.")
    assert redacted(fixed) == fixed
    assert on_rows(secrets, ask("How?", fixed)).outcome == "clean"


@pytest.mark.parametrize(
    "text",
    [
        "AKIAIOSFODNN7EXAMPLE is the key in every tutorial.",
        "export GITHUB_TOKEN=ghp_" + "x" * 36,
        "Set sk_test_" + "your" * 6 + " in the file.",
        "A key starts with sk-, then letters: sk-learn-and-practise-every-day-without-a-pause.",
        "git clone https://user:password@host.example/repo.git",
        "https://" + "${USER}:${TOKEN}@host.example",
        "The time is 12:30@noon and the ratio 3:4.",
        "-----BEGIN PUBLIC KEY-----\n" + MIXED * 4 + "\n-----END PUBLIC KEY-----",
        "The hash is d41d8cd98f00b204e9800998ecf8427e and the id 9f86d081884c7d659a2feaa0c55ad015.",
        "The file begins with -----BEGIN PRIVATE KEY----- and ends with a similar line.",
    ],
)
def test_placeholders_and_hashes_are_no_secrets(text: str) -> None:
    assert on_rows(secrets, ask("How?", text)).outcome == "clean"
    assert redacted(text) == text


@given(st.lists(st.one_of(st.sampled_from(sorted(FAKE.values())), st.text(max_size=20)), max_size=5).map("".join))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    assert redacted(redacted(text)) == redacted(text)
