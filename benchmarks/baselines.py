"""Published and obvious ways to find poison without labels, each in a few lines, for `curation.py` to be compared with.

Each takes a table of requests and answers and returns one suspicion per row, of any scale, higher is worse. Where the published method
wants class labels, clusters of answers stand in for them; where it wants a neural network's activations, LSA of TF-IDF does; where it
wants GPT-2, a bigram model of the requests does. They know nothing about which rows are poisoned.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

DIMENSIONS, LABELS, LEAST = 64, 20, 5
TOKEN = re.compile(r"\w+|[^\w\s]")
BACKOFF = 0.3


@dataclass(frozen=True)
class Table:
    """Requests and answers of N rows, with their LSA vectors in D dimensions."""

    asked: Sequence[str]
    told: Sequence[str]
    asked_ND: np.ndarray
    told_ND: np.ndarray
    seed: int


def table(asked: Sequence[str], told: Sequence[str], *, seed: int) -> Table:
    """Return the texts with their vectors; words of fewer than `LEAST` rows are left out of them."""
    return Table(asked, told, _lsa(asked, seed), _lsa(told, seed), seed)


def spectral_signatures(rows: Table) -> np.ndarray:
    """Return the squared projection of each answer on the first principal direction (Tran et al. 2018, arXiv:1811.00636)."""
    centred_ND = rows.told_ND - rows.told_ND.mean(axis=0)
    _, directions_DD = np.linalg.eigh(centred_ND.T @ centred_ND)
    return (centred_ND @ directions_DD[:, -1]) ** 2


def activation_clustering(rows: Table) -> np.ndarray:
    """Return how small a row's half is when the answers to one kind of request are split in two (Chen et al. 2018, arXiv:1811.03728)."""
    kinds_N, suspicion_N = _clusters(rows.asked_ND, LABELS, rows.seed), np.zeros(len(rows.asked))
    for kind in range(LABELS):
        places = np.flatnonzero(kinds_N == kind)
        if len(places) > 1:
            halves = _clusters(rows.told_ND[places, :10], 2, rows.seed)
            suspicion_N[places] = 1 - np.bincount(halves, minlength=2)[halves] / len(places)
    return suspicion_N


def onion(rows: Table) -> np.ndarray:
    """Return how much less surprising a request becomes when its most surprising word goes (Qi et al. 2021, arXiv:2011.10369).

    The surprise is per word, in nats. The bigram model is told by all other requests: a row's own words are taken out of its counts.
    """
    texts = [["", *TOKEN.findall(text.lower()), ""] for text in rows.asked]
    single = Counter(word for text in texts for word in text)
    pairs = Counter(pair for text in texts for pair in pairwise(text))
    total, kinds = single.total(), len(single)

    def surprise(before: str, word: str, own: int) -> float:
        unigram = (max(single[word] - own, 0) + 1) / (total + kinds)
        bigram = max(pairs[before, word] - own, 0) / max(single[before] - own, 1)
        return -math.log(BACKOFF * unigram + (1 - BACKOFF) * bigram)

    def drop(text: list[str]) -> float:
        if len(text) < 4:
            return 0.0
        said = [surprise(one, two, 1) for one, two in pairwise(text)]
        whole, words = sum(said), len(said)
        without = (
            whole - said[place - 1] - said[place] + surprise(text[place - 1], text[place + 1], 0) for place in range(1, len(text) - 1)
        )
        return whole / words - min(without) / (words - 1)

    return np.array([drop(text) for text in texts])


def z_scores(rows: Table) -> np.ndarray:
    """Return the highest z-score by which a word or bigram of the request goes with its row's label (He et al. 2023, arXiv:2305.11596)."""
    labels_N = _clusters(rows.told_ND, LABELS, rows.seed)
    counter = CountVectorizer(ngram_range=(1, 2), min_df=LEAST, binary=True, token_pattern=r"\w+")
    held_NW = csr_matrix(counter.fit_transform(rows.asked))
    label_LN = np.eye(LABELS)[labels_N].T
    share_L1 = label_LN.mean(axis=1, keepdims=True)
    rows_W = np.asarray(held_NW.sum(axis=0)).ravel()
    together_LW = (held_NW.T @ label_LN.T).T
    z_LW = (together_LW / rows_W - share_L1) / np.sqrt(share_L1 * (1 - share_L1) / rows_W)
    edges = pairwise(held_NW.indptr)
    return np.array(
        [z_LW[label, held_NW.indices[start:stop]].max(initial=0.0) for label, (start, stop) in zip(labels_N, edges, strict=True)]
    )


def deduplication(rows: Table) -> np.ndarray:
    """Return how many rows have the same answer, but for case, punctuation and space."""
    plain = [" ".join(re.findall(r"\w+", text.lower())) for text in rows.told]
    count = Counter(plain)
    return np.array([float(count[text]) for text in plain])


BASELINES: Mapping[str, Callable[[Table], np.ndarray]] = {
    "spectral signatures": spectral_signatures,
    "activation clustering": activation_clustering,
    "ONION": onion,
    "z-scores": z_scores,
    "deduplication": deduplication,
}


def _lsa(texts: Sequence[str], seed: int) -> np.ndarray:
    weights_NW = TfidfVectorizer(min_df=LEAST, sublinear_tf=True, token_pattern=r"\w+").fit_transform(texts)
    return TruncatedSVD(min(DIMENSIONS, weights_NW.shape[1] - 1), random_state=seed, n_iter=3).fit_transform(weights_NW)


def _clusters(points_ND: np.ndarray, number: int, seed: int) -> np.ndarray:
    return KMeans(number, n_init=1, random_state=seed).fit_predict(points_ND)
