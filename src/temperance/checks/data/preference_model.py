"""A preference model of a table's own pairs: which of two answers would the other pairs prefer, and how many preferences are turned round?

Bradley & Terry 1952 (Biometrika 39:324) on the words and the shape of the two answers, each pair judged by a model that did not see it. It
knows words and not their meaning: on people's judgements of harmlessness it is right in about six pairs of ten, so it tells about groups
and hardly about rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, sparse

from temperance.checks.data.lexicon import HARM, REFUSAL
from temperance.checks.data.mining.behaviour import OPENING
from temperance.checks.data.mining.corpus import Side, Sparse, corpus
from temperance.checks.data.mining.tokens import SHIFT
from temperance.checks.data.rowtext import prompt
from temperance.data.example import Preference
from temperance.stats import Z95

Array = np.ndarray
LEAST = 5
FOLDS = 5
STEPS = 60
READ = 4000
STEEPEST = 10.0
GRID = 200


@dataclass(frozen=True, kw_only=True)
class Share:
    """A share with its likelihood interval, all within 0 to 1."""

    value: float
    low: float
    high: float


def folds(rows: Sequence[Preference], *, seed: int = 7) -> Array:
    """Return a fold for each row, (rows,), pairs on one prompt in the same."""
    prompts: dict[str, int] = {}
    number = np.array([prompts.setdefault(" ".join(prompt(row).split()), len(prompts)) for row in rows], dtype=np.int64)
    return np.random.default_rng(seed).integers(0, FOLDS, len(prompts))[number] if len(rows) else number


def chances(rows: Sequence[Preference], fold: Array, *, scale: Array | None = None) -> Array:
    """Return the chance, in (0, 1), that each row's chosen answer is the preferred one, by a model of the rows in other folds, (rows,).

    Margins are made chances by one slope, which is fitted to the margins of all folds, or of those of `scale` if the folds are no fair
    sample of the rows.
    """
    shown = features(rows)
    margin = _margins(shown, fold)
    fair = margin if scale is None else _margins(shown, scale)

    def loss(slope: float) -> float:
        return float(np.logaddexp(0, -slope * fair).mean())

    slope = optimize.minimize_scalar(loss, bounds=(0, STEEPEST), method="bounded").x
    return 1 / (1 + np.exp(-slope * margin))


def _margins(shown: Sparse, fold: Array) -> Array:
    """Return each row's margin by a model of the rows in other folds, (rows,); 0 where there are none."""
    margin = np.zeros(shown.shape[0])
    for one in np.unique(fold):
        away = fold == one
        if not away.all():
            margin[away] = shown[away] @ _fitted(shown[~away])
    return margin


def features(rows: Sequence[Preference]) -> Sparse:
    """Return what the chosen answer has more of than the rejected one, (rows, words and pairs of words and shapes)."""
    said = corpus([row.chosen for row in rows], [row.rejected for row in rows])
    keys, counts = zip(*(_runs(side) for side in (said.prompts, said.answers)), strict=True)
    known, place = np.unique(np.concatenate(keys), return_inverse=True)
    columns = np.split(place, [len(keys[0])])
    both = [
        sparse.csr_matrix((np.ones(len(row)), (row, column)), shape=(len(rows), len(known)))
        for row, column in zip(counts, columns, strict=True)
    ]
    spread = np.sum([np.bincount(side.indices, minlength=len(known)) for side in both], axis=0)
    kept = np.flatnonzero(spread >= LEAST)
    weights = np.log(2 * len(rows) / spread[kept])
    words = _unit(both[0][:, kept], weights) - _unit(both[1][:, kept], weights)
    asked = [bool(HARM.search(prompt(row)[:READ].lower())) for row in rows]
    shape = np.array([_shape(row.chosen, harm) - _shape(row.rejected, harm) for row, harm in zip(rows, asked, strict=True)])
    return sparse.csr_matrix(sparse.hstack([words, shape.reshape(len(rows), -1)]))


def _runs(side: Side) -> tuple[Array, Array]:
    """Return (key, text) of every word and pair of words."""
    pairs, place = side.keys(2)
    return np.concatenate([side.tokens.astype(np.int64) | 1 << 2 * SHIFT, pairs]), np.concatenate([side.row, side.row[place]])


def _unit(counts: Sparse, weights: Array) -> Sparse:
    found = sparse.csr_matrix(counts, copy=True)
    found.data = np.log1p(found.data) * weights[found.indices]
    row = np.repeat(np.arange(found.shape[0]), np.diff(found.indptr))
    length = np.sqrt(np.bincount(row, weights=found.data**2, minlength=found.shape[0]))
    found.data /= np.maximum(length, 1e-9)[row]
    return found


def _shape(answer: str, harm: bool) -> Array:
    refuses = bool(REFUSAL.search(answer[:OPENING].lower()))
    asks, lists, itself = "?" in answer, "\n" in answer, "I " in answer[:40]
    return np.array([np.log1p(len(answer[:READ].split())), asks, lists, itself, refuses and harm, refuses and not harm], dtype=float) / 2


def _fitted(shown: Sparse) -> Array:
    """Return the weights that are likeliest under a normal prior of variance 1."""

    def loss(weights: Array) -> tuple[float, Array]:
        margin = shown @ weights
        wrong = 1 / (1 + np.exp(np.clip(margin, -500, 500)))
        return float(np.logaddexp(0, -margin).sum() + weights @ weights / 2), weights - shown.T @ wrong

    return optimize.minimize(loss, np.zeros(shown.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x


def turned(chance: Array, *, z: float = Z95) -> Share:
    """Return the share of some preferences that are turned round, by the chance of each to be as it should be.

    The likeliest mixture of pairs as they should be and pairs the wrong way, and its likelihood interval (Pawitan 2001, ch. 2).
    """
    share = np.linspace(0, 1, GRID + 1)
    told = np.clip(chance, 1e-6, 1 - 1e-6)[:, None]
    fit = np.log((1 - share) * told + share * (1 - told)).sum(axis=0)
    inside = share[2 * (fit.max() - fit) <= z * z]
    return Share(value=float(share[fit.argmax()]), low=float(inside[0]), high=float(inside[-1]))
