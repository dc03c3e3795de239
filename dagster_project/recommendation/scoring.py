"""Which products are bought alike, and what to recommend to whom, as sparse matrices of customers and products.

A cosine is kept as whole billionths and a vote as well, so that sums are exact in whatever order they are added; both
are rounded as SQL rounds. Threads share the work, since scipy's products of matrices keep no other one waiting.

Numbers of customers and products in, numbers out: where they come from and go to (assets.py) and what is read of the
project (rules.py) does not belong here.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from dagster_project.recommendation.rules import Rules

if TYPE_CHECKING:
    from numpy import ndarray
    from scipy.sparse import csr_array

BILLION = 1_000_000_000
WEIGHT_DIGITS = 1_000_000  # weights of interests are whole millionths
CUSTOMERS_AT_ONCE = 1000
CELLS_AT_ONCE = 20_000_000
# A sum of votes counts them in its lowest bits, so that a vote of 0 is one too; what a customer owns is far below 0.
COUNT_BITS = 16
OWNED = -(1 << 62)


@dataclass(frozen=True)
class Neighbours:
    """One entry per product and another that is bought alike: arrays of one length; cosines in billionths."""

    product: "ndarray"
    neighbour: "ndarray"
    common_buyers: "ndarray"
    cosine: "ndarray"
    place: "ndarray"


@dataclass(frozen=True)
class Interests:
    """One entry per customer and product they showed interest in, by customer, then product; `kind` is a place in the
    weights of kinds."""

    customer: "ndarray"
    product: "ndarray"
    kind: "ndarray"


@dataclass(frozen=True)
class Owned:
    """One entry per customer and product they ordered, by customer, then product."""

    customer: "ndarray"
    product: "ndarray"
    is_worth_repeating: "ndarray"
    days_bought: "ndarray"
    last_order_date: "ndarray"


@dataclass(frozen=True)
class Suggestions:
    """One entry per customer, kind (again or not) and product; the voter is the product whose vote counts most, the
    score is in billionths."""

    customer: "ndarray"
    product: "ndarray"
    is_again: "ndarray"
    place: "ndarray"
    score: "ndarray"
    voter: "ndarray"
    kind: "ndarray"
    days_bought: "ndarray"


def find_neighbours(customer: "ndarray", product: "ndarray", products: int, rules: Rules, threads: int) -> Neighbours:
    """The products that the buyers of each product buy most alike, from one entry per customer and product in the order
    of customers; products are numbered below `products`."""
    import numpy

    bought = _matrix(customer, product, (int(customer.max(initial=-1)) + 1, products))
    by_product = bought.T.tocsr()
    buyers = numpy.diff(by_product.indptr).astype(float)
    step = max(1, CELLS_AT_ONCE // max(1, products))

    def of_some(first: int) -> Neighbours:
        common = by_product[first : first + step] @ bought
        row, column, shared = _rows_of(common) + first, common.indices, common.data
        cosine = _rounded(shared / numpy.sqrt(buyers[row] * buyers[column]) * BILLION)
        is_pair = (column != row) & (shared >= rules.recommendation_min_common_buyers)
        chosen = _highest(common.indptr, numpy.where(is_pair, cosine, -1), rules.recommendation_neighbours)
        order = chosen[numpy.lexsort((column[chosen], -shared[chosen], -cosine[chosen], row[chosen]))]
        place = _place_in(row[order])
        is_best = place <= rules.recommendation_neighbours
        order, place = order[is_best], place[is_best]
        return Neighbours(row[order], column[order], shared[order], cosine[order], place)

    with ThreadPoolExecutor(threads) as pool:
        parts = [*pool.map(of_some, range(0, products, step))]
    names = [field.name for field in fields(Neighbours)]
    nothing = numpy.zeros(0, numpy.int64)
    return Neighbours(*(numpy.concatenate([nothing, *(getattr(part, name) for part in parts)]) for name in names))


def count_votes(neighbours: Neighbours, weights: Sequence[int], is_available: "ndarray") -> "csr_array":
    """What each kind of interest in each product says for others that can be had: one row per kind and product, in this
    order. A weight is in millionths."""
    import numpy
    from scipy.sparse import csr_array, vstack

    products = len(is_available)
    can_be_had = is_available[neighbours.neighbour]
    places = (neighbours.product[can_be_had], neighbours.neighbour[can_be_had])
    cosine = neighbours.cosine[can_be_had]
    votes = [(cosine * weight + WEIGHT_DIGITS // 2) // WEIGHT_DIGITS for weight in weights]
    kinds = [csr_array(((vote << COUNT_BITS) + 1, places), shape=(products, products)) for vote in votes]
    # Row by row, so that what a product says is found fast.
    stacked = vstack(kinds, format="csr") if kinds else csr_array((0, products), dtype=numpy.int64)
    stacked.sort_indices()
    return stacked


def recommend(
    interests: Interests, owned: Owned, votes: "csr_array", rules: Rules, threads: int
) -> Iterator[Suggestions]:
    """The best new products of each customer, by score, and the best to buy again, as they did so far; some customers
    at a time."""
    import numpy
    from scipy.sparse import csr_array, diags_array, hstack, vstack

    products = votes.shape[1]
    customers = max((int(each.max()) + 1 for each in (interests.customer, owned.customer) if len(each)), default=0)
    voting = _matrix(interests.customer, interests.kind * products + interests.product, (customers, votes.shape[0]))
    owning = _matrix(owned.customer, owned.product, (customers, products))
    place_in_owned = csr_array((numpy.arange(len(owned.product)), owning.indices, owning.indptr), shape=owning.shape)
    asked = hstack([voting, owning], format="csr")
    said = vstack([votes, diags_array(numpy.full(products, OWNED), dtype=numpy.int64)], format="csr")

    def of_some(first: int) -> Suggestions:
        sums = asked[first : first + CUSTOMERS_AT_ONCE] @ said
        row = _rows_of(sums)
        is_new = sums.data > 0
        new = _highest(sums.indptr, numpy.where(is_new, sums.data >> COUNT_BITS, -1), rules.suggestions_per_customer)
        # Of what is owned, that which has votes.
        had = ((sums.data < 0) & (sums.data > OWNED)).nonzero()[0]
        entry = _values(place_in_owned, row[had] + first, sums.indices[had])
        had, entry = (each[owned.is_worth_repeating[entry]] for each in (had, entry))
        nothing = numpy.zeros(len(new), numpy.int64)
        chosen = numpy.concatenate([new, had])
        customer, product = row[chosen] + first, sums.indices[chosen]
        is_again = chosen >= 0
        is_again[: len(new)] = False
        score = (sums.data[chosen] - numpy.where(is_again, OWNED, 0)) >> COUNT_BITS
        days_bought = numpy.concatenate([nothing, owned.days_bought[entry]])
        last_order_date = numpy.concatenate([nothing, owned.last_order_date[entry]])
        order = numpy.lexsort((product, -score, -last_order_date, -days_bought, is_again, customer))
        place = _place_in(customer[order] * 2 + is_again[order])
        is_best = place <= rules.suggestions_per_customer
        order, place = order[is_best], place[is_best]
        voter, kind = _loudest(voting, votes, customer[order], product[order])
        return Suggestions(
            customer=customer[order],
            product=product[order],
            is_again=is_again[order],
            place=place,
            score=score[order],
            voter=voter,
            kind=kind,
            days_bought=days_bought[order],
        )

    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(of_some, range(0, customers, CUSTOMERS_AT_ONCE))


def _loudest(
    voting: "csr_array", votes: "csr_array", customer: "ndarray", product: "ndarray"
) -> "tuple[ndarray, ndarray]":
    """Of each customer's votes for a product the largest: the product that cast it and the kind of interest in it. Of
    equal ones the product of the lowest number."""
    import numpy

    begin = voting.indptr[customer]
    count = voting.indptr[customer + 1] - begin
    ends = numpy.cumsum(count)
    place = numpy.arange(count.sum()) - numpy.repeat(ends - count, count)
    voter = voting.indices[numpy.repeat(begin, count) + place]
    vote = _values(votes, voter, numpy.repeat(product, count))
    most = int(count.max(initial=0)) + 1
    loudest = numpy.maximum.reduceat(vote * most + (most - 1 - place), ends - count) if len(count) else count
    chosen = voting.indices[begin + most - 1 - loudest % most]
    return chosen % votes.shape[1], chosen // votes.shape[1]


def _matrix(row: "ndarray", column: "ndarray", shape: tuple[int, int]) -> "csr_array":
    """Ones at those places, which are in the order of rows; those of a row stay in the order in which they are."""
    import numpy
    from scipy.sparse import csr_array

    begins = numpy.searchsorted(row, numpy.arange(shape[0] + 1))
    return csr_array((numpy.ones(len(row), numpy.int64), column, begins), shape=shape)


def _rows_of(matrix: "csr_array") -> "ndarray":
    """The row of each entry."""
    import numpy

    return numpy.repeat(numpy.arange(matrix.shape[0]), numpy.diff(matrix.indptr))


def _values(matrix: "csr_array", row: "ndarray", column: "ndarray") -> "ndarray":
    """What the matrix says at those places."""
    import numpy

    return numpy.asarray(matrix[row, column]).ravel() if len(row) else numpy.zeros(0, matrix.dtype)


def _highest(begins: "ndarray", score: "ndarray", count: int) -> "ndarray":
    """The entries, those of a row one after the other, that may be among the `count` highest of their row: all that are
    not below the last of these, and none below 0."""
    import numpy

    chosen = []
    for begin, end in zip(begins[:-1].tolist(), begins[1:].tolist(), strict=True):
        of_row = score[begin:end]
        lowest = numpy.partition(of_row, -count)[-count] if end - begin > count else 0
        chosen.append((of_row >= max(lowest, 0)).nonzero()[0] + begin)
    return numpy.concatenate(chosen) if chosen else numpy.zeros(0, numpy.int64)


def _place_in(group: "ndarray") -> "ndarray":
    """The place, from 1 on, of each entry in its group, of groups that stand one after the other in their order."""
    import numpy

    return numpy.arange(1, len(group) + 1) - numpy.searchsorted(group, group)


def _rounded(value: "ndarray") -> "ndarray":
    """Whole numbers, halves away from zero."""
    import numpy

    whole = numpy.floor(value)
    return (whole + (value - whole >= 0.5)).astype(numpy.int64)
