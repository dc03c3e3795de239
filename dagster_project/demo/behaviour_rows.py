"""Visits, favourites, reviews and referrals as rows of the shop's own tables, as they stand at the clock's cutoff.

Does not belong here: customers, orders, carts and products (shop_rows.py), and the tables' definitions (shop.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from dagster_project.demo.clock import utc_text
from dagster_project.demo.world import World

Row = tuple


def behaviour_rows(world: World) -> dict[str, list[Row]]:
    """The tables page_events, wishlist_items, product_reviews and referrals."""
    return {
        "page_events": list(_page_events(world)),
        "wishlist_items": list(_wishlist_items(world)),
        "product_reviews": list(_product_reviews(world)),
        "referrals": list(_referrals(world)),
    }


def _page_events(world: World) -> Iterator[Row]:
    for event in world.page_events:
        yield (
            event.id,
            event.visitor,
            event.account.id if event.account else None,
            event.email,
            event.kind,
            event.query,
            event.product.index + 1 if event.product else None,
            event.source,
            event.device,
            utc_text(event.created_at),
        )


def _wishlist_items(world: World) -> Iterator[Row]:
    for favourite in world.favourites:
        is_removed = favourite.removed_at is not None and favourite.removed_at < world.clock.cutoff
        added, removed = utc_text(favourite.created_at), utc_text(favourite.removed_at) if is_removed else None
        yield favourite.id, favourite.account.id, favourite.product.index + 1, added, removed, removed or added


def _product_reviews(world: World) -> Iterator[Row]:
    for review in world.reviews:
        account, written = review.order.buyer.account, utc_text(review.created_at)
        account_id = account.id if account else None
        product_id = review.product.index + 1
        yield review.id, account_id, review.order.id, product_id, review.stars, review.words, written, written


def _referrals(world: World) -> Iterator[Row]:
    for referral in world.referrals:
        order = referral.order if referral.order and referral.order.created_at < world.clock.cutoff else None
        made, changed = referral.created_at, max(referral.created_at, order.created_at if order else 0)
        order_id = order.id if order else None
        yield referral.id, referral.referrer.id, referral.invitee.id, order_id, utc_text(made), utc_text(changed)
