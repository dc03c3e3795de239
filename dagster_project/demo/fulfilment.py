"""What becomes of an order: payment, shipping, delivery, late corrections, and refunds of every kind.

Does not belong here: orders that come to nothing (orders.py).
"""

from __future__ import annotations

from random import Random

from dagster_project.demo.baskets import Line
from dagster_project.demo.chance import Weighted
from dagster_project.demo.clock import DAY, HOUR
from dagster_project.demo.money import share
from dagster_project.demo.orders import CORRECTED_SHARE, Order, Payment, Refund, RefundPart

METHODS = Weighted([("card", 0.5), ("wallet", 0.3), ("prepayment", 0.08), ("invoice", 0.12)])
GIFT_CARD_SHARE = 0.03
# What a refund is about.
REFUNDS = Weighted([("lines", 0.6), ("everything", 0.2), ("goodwill", 0.12), ("shipping", 0.08)])


def fulfil(order: Order, chance: Random) -> None:
    """Give an order its payments, the changes of its status, and its refunds, all at their own times."""
    if order.channel == "pos":
        order.payments = [Payment("till", order.basket.total, order.created_at, order.placed_at)]
    else:
        _pay_and_deliver(order, chance)
    if chance.random() < CORRECTED_SHARE:
        corrected_at = order.created_at + int(chance.uniform(20, 60) * DAY)
        order.changes.append((corrected_at, {"phone": None}))
    if order.person and order.basket.total and chance.random() < order.person.return_share:
        _refund(order, chance)


def _pay_and_deliver(order: Order, chance: Random) -> None:
    method = METHODS.pick(chance)
    total, placed_at = order.basket.total, order.placed_at
    paid_at = placed_at + {
        "prepayment": int(chance.uniform(1, 4) * DAY),
        "invoice": int(chance.uniform(5, 25) * DAY),
    }.get(method, chance.randrange(20, 400))
    shipped_at = (placed_at if method == "invoice" else paid_at) + int(chance.uniform(4, 40) * HOUR)
    delivered_at = shipped_at + int(chance.uniform(1, 5) * DAY)
    gift_card = min(2_500, total // 2) if chance.random() < GIFT_CARD_SHARE else 0
    order.payments = [Payment(method, total - gift_card, placed_at, paid_at)] if total else []
    if gift_card:
        order.payments.append(Payment("gift_card", gift_card, placed_at, placed_at))
    order.changes += [
        (paid_at, {} if method == "invoice" else {"status": "paid"}),
        (shipped_at, {"status": "shipped", "shipped_at": shipped_at}),
        (delivered_at, {"status": "delivered", "delivered_at": delivered_at}),
    ]


def _refund(order: Order, chance: Random) -> None:
    """A refund some time after delivery; a second one of another line now and then."""
    known_at = max(order.created_at, max((at for at, columns in order.changes if "delivered_at" in columns), default=0))
    refunded_at = known_at + int(chance.uniform(1, 35) * DAY)
    goods = [line for line in order.basket.lines if line.is_goods and line.paid > 0]
    about = REFUNDS.pick(chance)
    if about == "shipping" and not order.basket.shipping:
        about = "lines"
    chance.shuffle(goods)
    if about == "lines":
        returned = [_pieces(line, chance.randint(1, line.quantity)) for line in goods[: chance.choice((1, 1, 2))]]
        refunds = [Refund(refunded_at, "returned", returned)]
        if len(goods) > 2 and chance.random() < 0.2:
            refunds.append(Refund(refunded_at + 5 * DAY, "returned", [_pieces(goods[-1], goods[-1].quantity)]))
    elif about == "everything":
        refunds = [Refund(refunded_at, "returned", [_pieces(line, line.quantity) for line in goods] + _shipping(order))]
    elif about == "shipping":
        refunds = [Refund(refunded_at, "late parcel", _shipping(order))]
    else:
        refunds = [Refund(refunded_at, "goodwill", [_goodwill(goods, chance.choice((10, 25, 100)))])]

    is_whole = sum(part.cents for refund in refunds for part in refund.parts if part.kind != "shipping") == sum(
        line.paid for line in goods
    )
    order.refunds = refunds
    order.changes += [
        (
            refund.created_at,
            {"status": "returned" if is_whole and refund is refunds[-1] else "partly_returned"},
        )
        for refund in refunds
    ]


def _pieces(line: Line, quantity: int) -> RefundPart:
    """Some pieces of a line: their part of what was paid for it and of its tax."""
    cents = share(line.paid, quantity, line.quantity)
    excluding = share(line.paid_excluding_tax, quantity, line.quantity)
    return RefundPart("item", line, quantity, cents, cents - excluding)


def _goodwill(goods: list[Line], percent: int) -> RefundPart:
    """A part of what was paid for the goods, without naming a line."""
    cents = share(sum(line.paid for line in goods), percent, 100)
    excluding = share(sum(line.paid_excluding_tax for line in goods), percent, 100)
    return RefundPart("goodwill", None, None, cents, cents - excluding)


def _shipping(order: Order) -> list[RefundPart]:
    basket = order.basket
    if not basket.shipping:
        return []
    return [RefundPart("shipping", None, None, basket.shipping, basket.shipping_tax)]
