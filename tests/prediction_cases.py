"""Parameters and histories at the edges of what the probability model meets, for every test that goes through them.

What has to come out of them does not belong here.
"""

from itertools import product

import numpy as np

from dagster_project.prediction.buying import BuyingModel

# Ordinary values, tiny and huge ones, and a on both sides of 1, where the closed form of expected orders has its gap.
MODELS = [
    BuyingModel(process, r, alpha, a, b)
    for process in ("mbg_nbd", "bg_nbd")
    for r, alpha in ((0.243, 30.9), (1.1, 42.0), (5.0, 42.0), (0.05, 0.05), (30.0, 2_000.0))
    for a, b in (
        (0.793, 2.426), (0.02, 0.5), (1.0, 2.4), (1 - 1e-6, 2.4), (1 + 1e-6, 30.0), (1 + 3e-4, 30.0), (2.5, 0.05),
        (40.0, 30.0),
    )
]  # fmt: skip
WEEKS = 7
TIMES = (1, 90, 52 * WEEKS, 365)
HISTORIES = np.array(
    [
        (x, t_x, T)
        for x, (t_x, T) in product(
            (0, 1, 2, 10, 150, 700), ((0, 0), (0, 39), (213, 272), (364, 364), (700, 730), (3_000, 3_000))
        )
        if (x == 0) == (t_x == 0) and x <= max(t_x, 1)
    ],
    dtype=float,
)
x, t_x, T = HISTORIES.T
