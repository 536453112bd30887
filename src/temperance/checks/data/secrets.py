"""Secrets: keys and tokens that somebody left in the text, found by the shapes their issuers publish."""

import re

from temperance.checks.check import Findings, check
from temperance.checks.data.redaction import Detector, findings_of, redact
from temperance.checks.finding import Severity
from temperance.checks.subject import DataSubject

PLACEHOLDER = re.compile(r"example|your|x{4,}|\.\.\.|\*{3,}|<|\$\{|abcdef|123456|placeholder|dummy|redacted", re.IGNORECASE)
COMMON = frozenset(("password", "pass", "passwd", "pwd", "secret", "user", "username", "pw", "mypassword", "token", "key", "changeme"))
VARIETY = 8


def _key(text: str, context: str) -> bool:
    """Believe a key that is neither a placeholder nor made of a handful of characters."""
    return not PLACEHOLDER.search(text) and len(set(text)) >= VARIETY


def _mixed(text: str, context: str) -> bool:
    """Believe a key that also mixes letters of both cases and digits."""
    kinds = (any(map(str.isdigit, text)), any(map(str.islower, text)), any(map(str.isupper, text)))
    return all(kinds) and _key(text, context)


def _password(text: str, context: str) -> bool:
    """Believe a password that is not a word for one and not a template's slot."""
    return text.lower() not in COMMON and text[0] not in "[{<$%" and not PLACEHOLDER.search(text)


DETECTORS = (
    Detector(
        name="private key",
        token="PRIVATE_KEY",
        pattern=re.compile(
            r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-(?!-)){40,20000}"
            r"(?:-----END [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----)?"
        ),
        hints=("PRIVATE KEY",),
        believe=_key,
    ),
    Detector(
        name="AWS access key",
        token="AWS_KEY",
        pattern=re.compile(r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b"),
        hints=("AKIA", "ASIA", "ABIA", "ACCA"),
        believe=_key,
    ),
    Detector(
        name="AWS secret key",
        token="AWS_SECRET",
        pattern=re.compile(r"(?i:aws_?secret_?(?:access_?)?key)[\"']?\s{0,4}[=:]\s{0,4}[\"']?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])"),
        hints=("aws", "AWS", "Aws"),
        believe=_key,
    ),
    Detector(
        name="GitHub token",
        token="GITHUB_TOKEN",
        pattern=re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})\b"),
        hints=("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        believe=_key,
    ),
    Detector(
        name="Slack token",
        token="SLACK_TOKEN",
        pattern=re.compile(
            r"\bxox[abeprs]-(?=[a-z-]{0,250}[0-9])[A-Za-z0-9-]{16,250}"
            r"|https://hooks\.slack\.com/services/T[A-Z0-9]{6,12}/B[A-Z0-9]{6,12}/[A-Za-z0-9]{20,40}"
        ),
        hints=("xox", "hooks.slack.com"),
        believe=_key,
    ),
    Detector(
        name="Stripe key",
        token="STRIPE_KEY",
        pattern=re.compile(r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,247}\b"),
        hints=("k_live_", "k_test_"),
        believe=_key,
    ),
    Detector(
        name="JSON web token",
        token="JWT",
        pattern=re.compile(r"\beyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{16,1000}"),
        hints=("eyJ",),
        believe=lambda text, context: len(set(text)) >= VARIETY,
    ),
    Detector(
        name="Google key",
        token="GOOGLE_KEY",
        pattern=re.compile(r"\b(?:AIza[0-9A-Za-z_-]{35}|GOCSPX-[A-Za-z0-9_-]{28}|ya29\.[A-Za-z0-9_-]{40,400})(?![A-Za-z0-9_-])"),
        hints=("AIza", "GOCSPX-", "ya29."),
        believe=_key,
    ),
    Detector(
        name="model provider key",
        token="API_KEY",
        pattern=re.compile(
            r"\b(?:sk-ant-[a-z]{3,8}\d\d-[A-Za-z0-9_-]{40,200}|sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,300}|sk-[A-Za-z0-9]{32,64}"
            r"|hf_[A-Za-z0-9]{34,40})(?![A-Za-z0-9])"
        ),
        hints=("sk-", "hf_"),
        believe=_mixed,
    ),
    Detector(
        name="password in a URL",
        token="PASSWORD",
        pattern=re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s:/@\"'<>]{1,64}:([^\s/@\"'<>]{3,128})@[A-Za-z0-9\[]"),
        hints=("://",),
        believe=_password,
    ),
)


def redacted(text: str) -> str:
    """Return the text with its secrets replaced by typed tokens; doing it twice changes nothing more."""
    return redact(DETECTORS, text)


@check("data/secrets", Severity.HIGH)
def secrets(subject: DataSubject) -> Findings:
    """Secrets left in the text.

    What: private keys, AWS, GitHub, Slack, Stripe, Google and model provider keys, JSON web tokens, and passwords inside URLs.

    Why: a model repeats what it was tuned on. A key in the data is a key in every copy of the weights.

    How measured: one named detector per issuer, matching the published shape of its keys. Placeholders (EXAMPLE, your-key, xxxx) and
    strings of fewer than eight different characters are passed over. No entropy is measured on prose. On 19,170 clean rows of nine corpora
    it marks none.

    Limits: a secret without a recognisable shape, such as a bare password, is not found. Whether a key still works is never tried.

    Fix: the key is replaced by a typed token such as [AWS_KEY], which is safe. Revoke the key: it has been published already.
    """
    return findings_of(DETECTORS, subject, id="data/secrets", severity=Severity.HIGH, suspicion=0.3, what="looks like a live credential")
