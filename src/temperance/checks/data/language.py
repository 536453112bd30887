"""The languages of many texts at once: py3langid's model, its automaton walked by all texts in step, which takes a tenth of the time.

It knows forty-five languages and calls others by a neighbour's name. It does not know in which language anybody asked to be answered.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from temperance.checks.data.column import Column

LETTERS = 50
READ = 600
SURE, NEARLY = 0.98, 1e-3
CHUNK = 1 << 14  # texts
KNOWN = (
    "ar bg bn cs da de el en es et fa fi fr he hi hr hu id it ja ko lt lv mr ms nl no pl pt ro ru sk sl sr sv sw ta te th tl tr uk ur vi zh"
).split()
SIGNS = "{}<>;=|\\_#`"
KEYWORDS = "def import return SELECT FROM WHERE function const var class public void print href div http".split()
KEYWORD = re.compile(rf"\b(?:{'|'.join(KEYWORDS)})\b")
CODE = re.compile(rf"[{re.escape(SIGNS)}]|{KEYWORD.pattern}|\w\.\w|\w\(")
SPELLS = re.compile(r"\w").match
NOT_LETTERS = re.compile(r"[^\w\s']|[\d_]")
BLANKED = {code: " " for code in range(128) if NOT_LETTERS.match(chr(code))}
ENGLISH = frozenset(
    """the and that with this which from they what have their would should could there when where who your been were these has about because
    through while between""".split()
)
PLAINLY = 0.08


def languages(texts: Sequence[str]) -> list[str]:
    """Return the ISO 639-1 code of each text's language, empty if it is too short, looks like code, or leaves room for doubt.

    Only the first 600 characters are read; at least 50 must be letters, and the identifier must be 98 % sure.
    """
    codes: list[str] = []
    for start in range(0, len(texts), CHUNK):
        codes += _codes([text[:READ] for text in texts[start : start + CHUNK]])
    return codes


def _codes(texts: Sequence[str]) -> list[str]:
    codes = [""] * len(texts)
    asked: list[int] = []
    for place in _readable(texts):
        if _plainly_english(texts[place]):
            codes[place] = "en"
        else:
            asked.append(place)
    small = [(text.translate(BLANKED) if text.isascii() else NOT_LETTERS.sub(" ", text)).lower() for text in map(texts.__getitem__, asked)]
    for place, code in zip(asked, _identified(small), strict=True):
        codes[place] = code
    return codes


def _readable(texts: Sequence[str]) -> list[int]:
    """Return the places of the texts that hold enough letters, and no more than one sign of code in sixty characters.

    In texts of ASCII both are counted at once; signs by what may be one, and only where that is much are they looked for one by one.
    """
    import numpy as np

    plain = np.fromiter(map(str.isascii, texts), dtype=bool, count=len(texts))
    size = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    flat = np.frombuffer("".join(text for text in texts if text.isascii()).encode(), dtype=np.uint8)
    ends = np.cumsum(np.where(plain, size, 0))

    def total(marked: np.ndarray) -> np.ndarray:
        return np.diff(np.append(0, np.cumsum(marked))[ends], prepend=0)

    alpha, spells, sign = (
        np.array([bool(test(chr(code))) for code in range(128)])[flat] for test in (str.isalpha, SPELLS, SIGNS.__contains__)
    )
    sign[1:] |= spells[:-1] & (flat[1:] == ord("("))
    sign[1:-1] |= spells[:-2] & (flat[1:-1] == ord(".")) & spells[2:]
    letters, least = total(alpha), np.full(len(texts), LETTERS)
    for place in np.flatnonzero(~plain).tolist():
        letters[place] = sum(map(str.isalpha, texts[place]))
        least[place] = LETTERS // 3 if sum(map("\u2e7f".__lt__, texts[place])) > letters[place] / 3 else LETTERS
    likely = ~plain | (total(sign) > size / 60) | Column(texts).holding(KEYWORD)
    enough = np.flatnonzero((letters >= least) & (letters >= 0.6 * size)).tolist()
    return [place for place in enough if not (likely[place] and _like_code(texts[place]))]


def _like_code(text: str) -> bool:
    """Say whether more than one in sixty characters is a sign of code; what each sign holds is counted first, in a tenth of the time."""
    most = len(text) / 60
    return sum(map(text.count, (*SIGNS, *KEYWORDS, ".", "("))) > most and len(CODE.findall(text)) > most


def _plainly_english(text: str) -> bool:
    """Say whether words that no other language has are frequent; a quarter of the identifier's work for half of all English."""
    said = text.lower().split() if text.isascii() else []
    return sum(map(ENGLISH.__contains__, said)) >= max(3, PLAINLY * len(said))


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    made = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    made.set_languages(KNOWN)
    return made


def _identified(texts: Sequence[str]) -> Iterator[str]:
    """Yield the code of each text's language, empty where the identifier is not sure; it is asked itself where that is a near thing."""
    import numpy as np

    model = _identifier()
    raw = [unicodedata.normalize("NFC", text).encode(errors="surrogatepass") for text in texts]
    scores = (_visits(model, raw) @ model.nb_ptc + model.nb_pc) / np.sqrt(np.array([max(len(one), 1) for one in raw], dtype=np.float32))[
        :, None
    ]
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    first = {code: place for place, code in reversed(list(enumerate(model.nb_classes)))}
    for place, code in enumerate(model.nb_classes):
        if first[code] != place:  # a language in two scripts
            shares[:, first[code]] += shares[:, place]
            shares[:, place] = 0
    best = shares.argmax(axis=1)
    for text, code, sure in zip(texts, best.tolist(), shares.max(axis=1).tolist(), strict=True):
        told, surely = model.classify(text) if abs(sure - SURE) < NEARLY else (model.nb_classes[code], sure)
        yield str(told) if surely >= SURE else ""


def _visits(model: Any, raw: Sequence[bytes]) -> Any:
    """Return the logarithm of one more than how often each text meets each feature of the model, (texts, features)."""
    import numpy as np
    from scipy import sparse

    move, row, output = np.asarray(model.tk_nextmove), np.asarray(model.tk_row).astype(np.int64), np.asarray(model.tk_output)
    size = np.array([len(one) for one in raw])
    longest = np.argsort(-size, kind="stable")
    letters = np.zeros((len(raw), int(size.max(initial=0))), dtype=np.uint8)
    for place, one in enumerate(longest.tolist()):
        letters[place, : size[one]] = np.frombuffer(raw[one], dtype=np.uint8)
    going = np.searchsorted(-size[longest], -np.arange(letters.shape[1]), side="left")
    state, met = np.zeros(len(raw), dtype=np.int64), [np.zeros((2, 0), dtype=np.int64)]
    for step, some in enumerate(going.tolist()):
        state[:some] = move[(row[state[:some]] << 8) + letters[:some, step]]
        feature = output[state[:some]]
        found = np.flatnonzero(feature >= 0)
        met.append(np.stack([longest[found], feature[found]]))
    text, feature = np.concatenate(met, axis=1)
    visits: Any = sparse.coo_matrix((np.ones(len(text), dtype=np.float32), (text, feature)), shape=(len(raw), len(model.nb_ptc))).tocsr()
    return visits.log1p()
