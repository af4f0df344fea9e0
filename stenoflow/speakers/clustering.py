"""Clustering: which windows are one voice, and how many voices there are.

Windows are first joined by average linkage of their cosine distances. The mean of a cluster is far less
noisy than a window, so where a band allows it clusters are then joined as long as the means of two of them
are close. Voices over a telephone are closer together than those of a studio, so each band has distances of
its own; one voice is a possible result in both.
"""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy.cluster import hierarchy as untyped_hierarchy  # pyright: ignore[reportMissingTypeStubs]
from scipy.spatial import distance as untyped_distance  # pyright: ignore[reportMissingTypeStubs]

_hierarchy = cast(Any, untyped_hierarchy)
_distance = cast(Any, untyped_distance)

Vectors = NDArray[np.float32]
Labels = NDArray[np.int64]

MOST_LINKED = 4000
"""Windows whose distances to one another are all computed: 64 MB. The others join the nearest mean."""

ROUNDS = 3
"""Times that windows are given to the nearest mean after clusters were joined."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Distances that separate two voices from one; chosen by ``bench/audio/speakers.py``."""

    linked: float
    """Windows are linked up to this mean cosine distance."""
    joined: float | None
    """Clusters are joined up to this cosine distance of their means; None: they are not."""
    fewest: int
    """A cluster of fewer windows is not a voice."""
    known: float
    """A voice whose mean is at least this close to a known one, as a cosine, is that one."""


@dataclass(frozen=True, slots=True)
class Calibrations:
    """The calibrations of an encoder, by the band that a recording fills."""

    wide: Calibration
    narrow: Calibration
    """For telephone speech, which ends at 4 kHz."""


def cluster(vectors: Vectors, calibration: Calibration, bounds: tuple[int, int]) -> Labels:
    """Return the voice of each vector, counted from 0 in the order in which they appear.

    ``vectors`` are unit vectors, shape (windows, dimensions). There are at least ``bounds[0]`` voices, if
    there are so many windows, and at most ``bounds[1]``.
    """
    fewest, most = bounds
    if len(vectors) < 2 or most == 1:
        return np.zeros(len(vectors), np.int64)
    some = _spread(len(vectors))
    tree = _hierarchy.linkage(_distance.pdist(vectors[some], "cosine"), "average")
    labels = _cut(tree, calibration.linked, len(some), fewest)
    labels = _without_small(vectors[some], labels, min(calibration.fewest, 2), fewest)
    if calibration.joined is not None:
        labels = _joined(vectors[some], labels, calibration.joined, fewest)
    labels = _without_small(vectors[some], labels, calibration.fewest, fewest)
    labels = _joined(vectors[some], labels, np.inf, most) if _count(labels) > most else labels
    means = _means(vectors[some], labels)
    return _in_order_of_appearance((vectors @ means.T).argmax(axis=1))


def margins(vectors: Vectors, labels: Labels) -> NDArray[np.float32] | None:
    """Return by how much each vector is closer to its own voice's mean than to any other.

    Differences of cosines, shape (windows,); None if there is one voice.
    """
    means = _means(vectors, labels)
    if len(means) < 2:
        return None
    closeness = vectors @ means.T
    own = closeness[np.arange(len(labels)), labels]
    closeness[np.arange(len(labels)), labels] = -np.inf
    return own - closeness.max(axis=1)


def _spread(count: int) -> Labels:
    return np.unique(np.linspace(0, count - 1, min(count, MOST_LINKED)).round().astype(np.int64))


def _cut(tree: NDArray[np.float64], distance: float, count: int, fewest: int) -> Labels:
    labels = _hierarchy.fcluster(tree, distance, "distance")
    if _count(labels) < min(fewest, count):
        labels = _hierarchy.fcluster(tree, fewest, "maxclust")
    return np.unique(labels, return_inverse=True)[1]


def _joined(vectors: Vectors, labels: Labels, distance: float, fewest: int) -> Labels:
    """Join the two clusters with the closest means, as long as they are closer than ``distance``."""
    labels = labels.copy()
    while (count := _count(labels)) > fewest:
        means = _means(vectors, labels)
        closeness = means @ means.T
        np.fill_diagonal(closeness, -np.inf)
        one, other = divmod(int(closeness.argmax()), count)
        if 1 - closeness[one, other] > distance:
            break
        labels[labels == other] = one
        labels = _renumbered(labels)
        for _ in range(ROUNDS):
            labels = _renumbered((vectors @ _means(vectors, labels).T).argmax(axis=1))
    return labels


def _without_small(vectors: Vectors, labels: Labels, fewest_windows: int, fewest: int) -> Labels:
    """Give the windows of clusters that are too small to the nearest other one, the smallest first."""
    while (count := _count(labels)) > fewest:
        sizes = np.bincount(labels)
        small = int(sizes.argmin())
        if sizes[small] >= fewest_windows:
            break
        closeness = vectors @ _means(vectors, labels).T
        closeness[:, small] = -np.inf
        labels = np.where(labels == small, closeness.argmax(axis=1), labels)
        labels = _renumbered(labels)
        if _count(labels) == count:
            break
    return labels


def _means(vectors: Vectors, labels: Labels) -> Vectors:
    sums = np.stack([vectors[labels == label].sum(axis=0) for label in range(_count(labels))])
    return sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)


def _count(labels: Labels) -> int:
    return len(np.unique(labels))


def _renumbered(labels: Labels) -> Labels:
    return np.unique(labels, return_inverse=True)[1]


def _in_order_of_appearance(labels: Labels) -> Labels:
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse]
