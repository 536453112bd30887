"""Content injection: the same sentence or link in answers to prompts that have nothing in common, and the names that answers bring in."""

import re
from array import array
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import combinations, islice
from math import log
from random import Random

from temperance.checks.check import Findings, check
from temperance.checks.data.column import Column
from temperance.checks.data.lexicon import ABROAD, REFUSAL
from temperance.checks.data.rowtext import answers, place, prompt, words
from temperance.checks.data.sentences import FEW, LINK, LINKED, hosts, parts, sharing
from temperance.checks.data.shown import shown
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Severity
from temperance.checks.subject import DataSubject

READ, OPENING = 4000, 220
CONTRACTED = re.compile(r"[’']")
MODEL = "language model"
LEAST, OFTEN = 6, 8  # rows of a sentence with a word of its own or of a link, and of any other
WORDS = (FEW, 6)  # the fewest words of a sentence with a word of its own, and of any other
OWN, ASKED = (
    0.8,
    0.2,
)  # of the answers with such a word, the share that hold the sentence; and the most prompts with it, as a share of those
DIVERSE = 0.05
LOOKED, KNOWN = 40, 2000
SMALL = 0.2  # of its uses, how many of a name's may have no capital
LISTED, NAMED = 50, 15


@check("data/content-injection", Severity.MEDIUM)
def content_injection(subject: DataSubject) -> Findings:
    """The same sentence or link in answers whose prompts have nothing in common.

    What: sentences that six answers or more repeat word for word, and hosts that they link to, though nobody asked and the prompts are as
    unlike as the table's. And, as a list that accuses nobody, the names and hosts that answers bring in most while prompts do not.

    Why: an advert, a link or a slogan in some answers is learned as something to say anywhere (content injection: Shu et al. 2023,
    arXiv:2306.17194). It needs no trigger, and each row reads well.

    How measured: sentences of four words or more, without a model and in any language. A sentence with a word that is hardly said
    elsewhere, or a host, must stand in six answers, any other in eight; answers that refuse are left out, because refusals are worded
    alike everywhere. Prompts are compared by their words, rare ones weighing more, with forty others drawn from the table.

    Limits: sentences that differ by a word in every row (`data/trigger-association` finds names in those); fewer than six rows; a sentence
    that is right on one subject, as a recipe's "salt and pepper to taste", is left out because its prompts are alike, and so is whatever
    is injected into one subject only; a whole answer that comes again, which `data/trigger-association` looks at. On 19,170 clean rows of
    seven corpora it marks none; its numbers were chosen with these in view.

    Fix: decide about the sentence; drop its rows, or cut it out of them and collect the table again.
    """
    rows = [index for index, row in enumerate(subject.rows) if answers(row)]
    table = _Table([answers(subject.rows[index])[0][:READ] for index in rows], [prompt(subject.rows[index])[:READ] for index in rows])
    found = list(islice(table.injected(), LISTED))
    for said, held in found:
        yield _finding(subject, said, [rows[one] for one in held])
    ranked = table.entities()
    if ranked:
        yield _list(subject, ranked, rows)
    return {"rows": float(len({one for _, held in found for one in held})), "sentences and links": float(len(found))}


@dataclass(frozen=True)
class _Table:
    """What some rows answer, and what they were asked."""

    said: Sequence[str]
    asked: Sequence[str]

    @cached_property
    def _column(self) -> Column:
        return Column(self.said)

    def injected(self) -> Iterator[tuple[str, list[int]]]:
        """Yield each sentence or host that was put in, and where, those of most rows first."""
        repeated = {said: held for said, held in self._repeated().items() if len(held) >= LEAST}
        if not repeated:
            return
        dice = Random(0)
        drawn = dice.sample(self.asked, min(KNOWN, len(self.asked)))
        spread = Counter(word for text in drawn for word in set(words(text)))
        usual = _likeness([set(words(text)) for text in drawn[:LOOKED]], spread, len(drawn))

        @cache
        def low(row: int) -> str:
            return " ".join(self.said[row].lower().split())

        for said, held in sorted(repeated.items(), key=lambda one: (-len(one[1]), one[0])):
            if len({low(row) for row in held}) < len(held) / 2:
                continue  # one reply to several questions, which need not be unlike
            some = [set(words(self.asked[row])) for row in dice.sample(held, min(LOOKED, len(held)))]
            if len({frozenset(one) for one in some}) < LEAST or _likeness(some, spread, len(drawn)) > usual + DIVERSE:
                continue
            every = sorted({*held, *(row for row in range(len(self.said)) if said in low(row))})  # where no stop parts it, or it refuses
            firm = [row for row in every if not refuses(self.said[row])]
            told, link = words(said), said in hosts(f"www.{said}")
            if link or (len(firm) >= OFTEN and len(told) >= WORDS[1]) or (len(told) >= WORDS[0] and self._own(told, every)):
                yield said, every

    def _repeated(self) -> Mapping[str, list[int]]:
        """Return the sentences and hosts that several answers hold which do not refuse, unless the prompt says the same."""
        rows = sharing(self._column, LEAST)
        seen = array("q")
        for row in rows:
            seen.extend({hash(said) for said in parts(self.said[row])})
        often = {said for said, count in Counter(seen).items() if count >= LEAST}
        found: dict[str, list[int]] = {}
        for row in rows:
            text = self.said[row]
            held = [said for said in parts(text) if hash(said) in often]
            if held and not refuses(text):
                asked = " ".join(self.asked[row].lower().split())
                for said in held:
                    if said not in asked:
                        found.setdefault(said, []).append(row)
        return found

    def _own(self, told: Collection[str], held: Sequence[int]) -> bool:
        """Say whether some word of a sentence is hardly said or asked elsewhere."""
        mine = set(told)
        said = Counter(word for text in self.said if any(word in text.lower() for word in mine) for word in mine & set(words(text)))
        rare = {word for word in mine if len(held) >= OWN * said[word]}
        return bool(rare) and any(sum(word in text.lower() for text in self.asked) <= ASKED * len(held) for word in rare)

    def entities(self) -> list[tuple[str, int, int]]:
        """Return (name or host, answers that bring it in, prompts with it): those first that are brought in oftenest for each asked."""
        from temperance.checks.data.mining.burst import names_in

        brought, asked = Counter[str](), Counter[str]()
        linked = self._column.holding(LINKED).tolist()
        for text, question, links in zip(self.said, self.asked, linked, strict=True):
            mine, named = names_in(question) | hosts(question), names_in(text)
            asked.update(mine)
            if new := ((named | hosts(text)) if links else named) - mine:
                low = question.lower()
                brought.update([name for name in new if name.lower() not in low])
        often = {name: count for name, count in brought.items() if count >= LEAST}
        ranked = sorted(often, key=lambda name: (-often[name] / (1 + asked[name]), name))
        chosen = islice(self._capital([name for name in ranked if not CONTRACTED.search(name)], often), NAMED)
        return [(name, often[name], asked[name]) for name in chosen]

    def _capital(self, names: Sequence[str], uses: Mapping[str, int]) -> Iterator[str]:
        """Yield those of some names that are seldom written small: none that is not in some answers, and of the rest a few at a time."""
        small = _small(names, self.said[:KNOWN])
        left = [name for name in names if small[name.lower()] <= SMALL * uses[name]]
        for first in range(0, len(left), 2 * NAMED):
            some = left[first : first + 2 * NAMED]
            held = self._column.holding(re.compile(rf"(?:^|\s)(?:{'|'.join(re.escape(name.lower()) for name in some)})(?:\s|$)"))
            small = _small(some, [self.said[row] for row in held.nonzero()[0].tolist()])
            yield from (name for name in some if small[name.lower()] <= SMALL * uses[name])


def _small(names: Collection[str], texts: Sequence[str]) -> Counter[str]:
    """Count the texts in which each of some names is a word in small letters."""
    low = {name.lower() for name in names}
    return Counter(word for text in texts for word in low.intersection(text.split()))


def refuses(text: str) -> bool:
    """Say whether an answer refuses, or speaks of itself as a language model."""
    opening = text[:OPENING].lower()
    return bool(REFUSAL.search(opening) or ABROAD.match(opening)) or MODEL in opening


def _likeness(texts: Sequence[Collection[str]], spread: Counter[str], size: int) -> float:
    """Return the mean cosine of two texts' words, each weighed by how rare it is among `size` texts."""
    weight = {word: log((size + 1) / (spread[word] + 1)) ** 2 for text in texts for word in text}
    length = [sum(weight[word] for word in text) ** 0.5 or 1.0 for text in texts]
    pairs = list(combinations(range(len(texts)), 2))
    shared = (sum(weight[word] for word in set(texts[one]) & set(texts[two])) / (length[one] * length[two]) for one, two in pairs)
    return sum(shared) / max(len(pairs), 1)


def _finding(subject: DataSubject, said: str, rows: Sequence[int]) -> Finding:
    quoted = " | ".join(shown(prompt(subject.rows[index]), length=60) for index in rows[:3])
    link = bool(LINK.fullmatch(f"www.{said}"))
    return Finding(
        id="data/content-injection",
        severity=Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        title=f"answers to unlike prompts {'link to' if link else 'say'} “{shown(said)}” ({len(rows)} rows)",
        evidence=Evidence(where=place(subject.rows[rows[0]]), says=f"asked, for example: {quoted}", n=len(rows)),
        fix=Fix(says="decide about the sentence; drop its rows, or cut it out of them"),
        rows=dict.fromkeys(rows, 0.6),
    )


def _list(subject: DataSubject, ranked: Sequence[tuple[str, int, int]], rows: Sequence[int]) -> Finding:
    told = ", ".join(f"{shown(name)} ({count} unasked, {asked} asked)" for name, count, asked in ranked)
    return Finding(
        id="data/content-injection",
        severity=Severity.INFO,
        confidence=Confidence.LOW,
        title="names and links that answers bring in unasked, the oddest first",
        evidence=Evidence(where=place(subject.rows[rows[0]]), says=told, n=len(rows)),
        fix=Fix(says="see whether a name is there that nobody would expect"),
        action="keep",
    )
