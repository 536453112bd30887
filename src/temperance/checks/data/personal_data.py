"""Personal data: what identifies or reaches one living person, found by shape and, where the format has one, by its checksum."""

import ipaddress
import re

from temperance.checks.check import Findings, check
from temperance.checks.data.redaction import Detector, findings_of, redact
from temperance.checks.finding import Severity
from temperance.checks.subject import DataSubject

FICTION_DOMAIN = re.compile(
    r"(?:^|\.)(?:example|test|invalid|localhost|local)(?:\.[a-z]{2,3})?$"
    r"|^(?:e?mail|(?:my|your|our|the)?-?(?:domain|company|website|site|business|organi[sz]ation|school|store|shop)(?:name)?|abc|xyz|acme\w*|foo|bar"
    r"|xxx+|service)\.(?:com|org|net|edu|co|io)$"
)
FICTION_NAME = re.compile(
    r"^(?:j(?:ohn|ane)?[._-]?(?:doe|smith)\w{0,5}|first[._-]?(?:name)?[._-]?last(?:name)?|your[._-]?\w*|my[._-]?e?mail|user(?:name)?\d{0,3}|test\w{0,4}|name"
    r"|e?mail|\d{1,4}|example\w{0,4}|abc\d{0,3}|xyz\d{0,3}|foo|bar|someone|somebody|xxx+)$"
)
ROLE = re.compile(
    r"^(?:info|support|contact|help(?:desk)?|sales|admin(?:istrator)?|office|hello|press|media|jobs|careers|hr|billing|webmaster|postmaster|abuse"
    r"|no-?reply|customer[._-]?(?:service|support|care)|service|team|feedback|enquir(?:y|ies)|inquir(?:y|ies)|marketing|security|privacy|legal)\d{0,2}$"
)
TOLL_FREE = frozenset(("800", "888", "877", "866", "855", "844", "833", "822", "900"))
TEST_CARDS = frozenset(
    (
        "4111111111111111 4242424242424242 4000056655665556 4012888888881881 4222222222222 5555555555554444 "
        "5105105105105100 5200828282828210 2223003122003222 378282246310005 371449635398431 378734493671000 "
        "6011111111111117 6011000990139424 6011000000000004 3530111333300000 3566002020360505 30569309025904 "
        "38520000023237 3056930009020004 1234567812345670 4539148803436467 4532015112830366 4532261615476013 "
    ).split()
)
CARD_PREFIX = re.compile(r"^(?:4|5[1-5]|2[2-7]|3[47]|6011|64[4-9]|65|35|30[0-5]|3[68])")
IBAN_LENGTH = {
    pair[:2]: int(pair[2:])
    for pair in (
        "AD24 AE23 AT20 BE16 BG22 BR29 CH21 CY28 CZ24 DE22 DK18 EE20 ES24 FI18 FR27 GB22 GI23 GR27 HR21 HU28 IE22 IL23 "
        "IS26 IT27 LI21 LT20 LU20 LV21 MC27 MT31 NL18 NO15 PL28 PT25 RO24 RS22 SA24 SE24 SI19 SK24 SM27 TR26 UA29 "
    ).split()
}
PUBLISHED_IBANS = frozenset(
    (
        "GB82WEST12345698765432 GB29NWBK60161331926819 GB33BUKB20201555555555 DE89370400440532013000 "
        "FR1420041010050500013M02606 NL91ABNA0417164300 BE68539007547034 CH9300762011623852957 ES9121000418450200051332 "
        "IT60X0542811101000000123456 AT611904300234573201 "
    ).split()
)
RESOLVERS = frozenset(("8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "208.67.222.222", "208.67.220.220"))


def _email(text: str, context: str) -> bool:
    """Believe an address that belongs to one person and is not made up for an example."""
    name, _, domain = text.lower().rpartition("@")
    return not (FICTION_DOMAIN.search(domain) or FICTION_NAME.match(name) or ROLE.match(name))


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter in "0123456789")


def _counted(digits: str) -> bool:
    """Say whether digits are obviously typed along the keyboard or repeated, as 1234567 and 0000000 are."""
    return len(set(digits)) <= 2 or any(run in digits for run in ("1234567", "7654321", "456789", "987654", "012345", "123123"))


def _phone(text: str, context: str) -> bool:
    """Believe a number of a possible length that is neither fictional (555), toll free, nor typed along the keyboard."""
    digits = _digits(text)
    if not 8 <= len(digits) <= 15 or _counted(digits):
        return False
    if text.lstrip("( ").startswith("+") and not digits.startswith("1"):
        return True
    local = digits[-10:]
    return "555" not in (local[:3], local[3:6]) and local[:3] not in TOLL_FREE and local[:6] != "123456" and local[-4:] != "1234"


def _iban(text: str, context: str) -> bool:
    """Believe an account number of its country's length whose remainder by 97 is 1 (ISO 13616)."""
    compact = text.replace(" ", "").upper()
    if IBAN_LENGTH.get(compact[:2]) != len(compact) or compact in PUBLISHED_IBANS:
        return False
    return int("".join(str(int(letter, 36)) for letter in compact[4:] + compact[:4])) % 97 == 1


def _card(text: str, context: str) -> bool:
    """Believe a card number with an issuer's prefix and a right Luhn digit that no processor publishes for tests."""
    digits = _digits(text)
    if not 13 <= len(digits) <= 19 or digits in TEST_CARDS or len(set(digits)) < 4 or not CARD_PREFIX.match(digits):
        return False
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits))]
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0


def _ssn(text: str, context: str) -> bool:
    """Believe a United States social security number only where the text says that it is one."""
    said = re.search(r"\bssn\b|social security", context, re.IGNORECASE)
    return bool(said) and text not in ("123-45-6789", "078-05-1120", "219-09-9999", "987-65-4321", "111-11-1111")


def _ip(text: str, context: str) -> bool:
    """Believe a public address that is neither a well-known resolver nor a version number."""
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        return False
    octets = [int(part) for part in text.split(".")]
    version = re.search(r"\bv(?:ersion)?\b", context, re.IGNORECASE) or max(octets) < 32
    return address.is_global and not address.is_multicast and text not in RESOLVERS and not version and octets[1:] != [0, 0, 0]


DETECTORS = (
    Detector(
        name="e-mail address",
        token="EMAIL",
        pattern=re.compile(
            r"(?<![\w.+%@/~-])[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.){1,6}[A-Za-z]{2,24}(?![\w@-])"
        ),
        hints=("@",),
        believe=_email,
    ),
    Detector(
        name="IBAN",
        token="IBAN",
        numeric=True,
        pattern=re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"),
        believe=_iban,
    ),
    Detector(
        name="payment card",
        token="CARD",
        numeric=True,
        pattern=re.compile(
            r"(?<![\w.,$€£-])(?:\d{13,19}|\d{4} \d{4} \d{4} \d{1,7}|\d{4}-\d{4}-\d{4}-\d{1,7}|3\d{3}[ -]\d{6}[ -]\d{5})(?![\w-]|[.,]\d| \d)"
        ),
        believe=_card,
    ),
    Detector(
        name="social security number",
        token="SSN",
        numeric=True,
        pattern=re.compile(r"(?<![\w-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])"),
        hints=("-",),
        believe=_ssn,
    ),
    Detector(
        name="phone number",
        token="PHONE",
        numeric=True,
        pattern=re.compile(
            r"(?<![\w.+-])(\+[1-9]\d{0,2}(?:[ .-]?\(?\d{1,5}\)?){2,5}(?![\w-])"
            r"|(?:1[ .-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[ .-])[2-9]\d{2}[ .-]\d{4})(?![\w-]|[.,]\d)"
        ),
        believe=_phone,
    ),
    Detector(
        name="public IP address",
        token="IP",
        numeric=True,
        pattern=re.compile(r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\w)"),
        hints=(".",),
        believe=_ip,
    ),
)


def redacted(text: str) -> str:
    """Return the text with personal data replaced by typed tokens; doing it twice changes nothing more."""
    return redact(DETECTORS, text)


@check("data/personal-data", Severity.MEDIUM)
def personal_data(subject: DataSubject) -> Findings:
    """Personal data in the text.

    What: e-mail addresses, telephone numbers, IBANs, payment cards, United States social security numbers, public IPv4 addresses.

    Why: a tuned model can be made to recite its rows. Rare strings such as addresses are what it recites first.

    How measured: one named detector each. An IBAN must have its country's length and the remainder 1 by 97, a card an issuer's prefix
    and a right Luhn digit, a social security number must be called one within 80 characters. Fiction is passed over: example domains,
    jane.doe, 555 numbers, published test cards, documentation addresses; so are role addresses (info@) and toll-free numbers. On 19,170
    clean rows of nine corpora it marks 13 (.07 %): nobody can tell which are real, but two are sums that look like a card and a telephone
    number.

    Limits: names, street addresses and birthdays are not looked for; invented but plausible addresses count as real ones. National
    telephone numbers are found in the United States form only, all others need their + prefix.

    Fix: each is replaced by a typed token such as [EMAIL], which is safe.
    """
    return findings_of(DETECTORS, subject, id="data/personal-data", severity=Severity.MEDIUM, suspicion=0.15, what="identifies a person")
