"""The draw: a number for a salt and a unit, the same on every machine and every day. Arms and shares live elsewhere."""

from hashlib import sha256


def draw(salt: str, unit: str) -> float:
    """A number in [0, 1) made of nothing but salt and unit: the first eight bytes of SHA-256 of `salt:unit`."""
    return int.from_bytes(sha256(f"{salt}:{unit}".encode()).digest()[:8], "big") / 2**64
