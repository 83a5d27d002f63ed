"""Payloads for the engines to disagree about: every value, and every kind of damage."""

import struct
from collections.abc import Callable, Sequence
from random import Random

from backbone.codec.container import varint
from backbone.contracts.domain import MAX_DAYS, MAX_MICROS, MIN_DAYS, MIN_MICROS
from backbone.contracts.shape import Array, Leaf, Map, Nullable, Record, Shape


class Maker:
    """Writes random facts of a schema, and with `mischief` (the chance at each place) what no
    writer writes: padded numbers, third branches, lists in blocks, values outside the domain."""

    def __init__(self, random: Random, mischief: float = 0.0) -> None:
        self._random = random
        self._mischief = mischief

    def write(self, shape: Shape) -> bytes:
        match shape:
            case Leaf():
                return _LEAVES[shape.logical or shape.kind](self, shape)
            case Nullable(inner, null_first):
                return self._union(inner, null_first=null_first)
            case Array(items):
                return self._array(items)
            case Record():
                return b"".join(self.write(each.shape) for each in shape.fields)
            case Map():
                raise TypeError

    def odd(self) -> bool:
        return self._random.random() < self._mischief

    def number(self, value: int) -> bytes:
        written = varint(value)
        if not self.odd():
            return written
        padding = self._random.choice((1, 1, 2, 9, 10))
        spill = self._random.choice((0, 0, 0, 0, 1, 2, 0x7E)) if padding + len(written) > 9 else 0
        head = written[:-1] + bytes([written[-1] | 0x80])
        return head + b"\x80" * (padding - 1) + bytes([spill])

    def whole(self, low: int, high: int) -> int:
        pick = self._random.random()
        if self.odd():
            return self._random.choice(
                (low - 1, high + 1, -(2**63), 2**63 - 1, 2**62, -(2**62) - 1)
            )
        if pick < 0.1:
            return self._random.choice((low, high))
        if pick < 0.5:
            return max(low, min(high, self._random.randint(-70, 70)))
        bits = self._random.randrange(1, 64)
        return max(low, min(high, self._random.randrange(-(1 << bits), 1 << bits)))

    def text(self) -> bytes:
        if self.odd():
            return self._random.choice((b"a\0b", b"\xff", b"\xed\xa0\x80", b"\xc3", b"\0"))
        letters = self._random.choice(("abc XYZ09", 'é"\\/\n\x7f', "Привет", "😀\u2028a"))
        return "".join(self._random.choices(letters, k=self._size())).encode()

    def _size(self) -> int:
        return self._random.choice(
            (0, 1, 2, 3, 5, 9, 63, 64, 70) if self._random.random() < 0.3 else (1, 2, 5)
        )

    def sized(self, content: bytes) -> bytes:
        length = len(content)
        if self.odd():
            length += self._random.choice((-1, 1, -200, 64, 2**31, 2**62))
        return self.number(length) + content

    def _union(self, inner: Shape, *, null_first: bool) -> bytes:
        absent = self._random.random() < 0.3
        branch = int(absent is not null_first)
        if self.odd():
            branch = self._random.choice((-3, -2, -1, 0, 1, 2, 3, 63, -64))
        return self.number(branch) + (b"" if absent else self.write(inner))

    def _array(self, items: Shape) -> bytes:
        count = self._random.choice((0, 0, 1, 2, 3, 3))
        if self._random.random() < 0.03:
            count = self._random.choice((63, 64, 65, 130))
        written = [self.write(items) for _ in range(count)]
        blocks = [written] if written else []
        if count > 1 and self.odd():
            cut = self._random.choice((1, count // 2, count - 1))
            blocks = [written[:cut], written[cut:]]
        return b"".join(map(self._block, blocks)) + self.number(0)

    def _block(self, items: Sequence[bytes]) -> bytes:
        content, count = b"".join(items), len(items)
        if not self.odd():
            return self.number(count) + content
        size = self._random.choice((0, 1, len(content), len(content), -1))
        count = self._random.choice((count, count, count, count + 1, 2**63 - 1, 2**63))
        return self.number(-count) + self.number(size) + content

    def symbol(self, leaf: Leaf) -> bytes:
        count = len(leaf.symbols)
        index = self._random.randrange(count)
        if self.odd():
            index = self._random.choice((-1, -count, -count - 1, count, count + 1, 2**40))
        return self.number(index)

    def decimal(self, leaf: Leaf) -> bytes:
        limit = 10**leaf.precision
        unscaled = self.whole(1 - limit, limit - 1)
        if self._random.random() < 0.1:
            unscaled = self._random.choice((0, limit - 1, 1 - limit, limit // 2))
        size = leaf.size or unscaled.bit_length() // 8 + 1
        if not leaf.size and self.odd():
            size = self._random.choice((0, 1, size + 1, 8, 9, 16, 17, 40))
        content = (unscaled % (1 << 8 * size)).to_bytes(size, "big") if size else b""
        return content if leaf.size else self.sized(content)

    def uuid(self, _: Leaf) -> bytes:
        text = f"{self._random.getrandbits(128):032x}"
        text = "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
        if self.odd():
            text = self._random.choice(
                (text.upper(), f"{text}\n", text[1:], f"\n{text}", "", "é" * 18)
            )
        return self.sized(text.encode())

    def real(self, form: str) -> bytes:
        if self.odd():
            return struct.pack(
                form, self._random.choice((float("nan"), float("inf"), -float("inf")))
            )
        return struct.pack(
            form, self._random.choice((0.0, -0.0, 0.1, 1e30, self._random.gauss(0, 9)))
        )

    def boolean(self, _: Leaf) -> bytes:
        return bytes(
            [self._random.choice((2, 128, 255)) if self.odd() else self._random.randrange(2)]
        )

    def content(self, leaf: Leaf) -> bytes:
        return self._random.randbytes(leaf.size or self._size())


_LEAVES: dict[str, Callable[[Maker, Leaf], bytes]] = {
    "boolean": Maker.boolean,
    "int": lambda maker, _: maker.number(maker.whole(-(2**31), 2**31 - 1)),
    "long": lambda maker, _: maker.number(maker.whole(-(2**63), 2**63 - 1)),
    "float": lambda maker, _: maker.real("<f"),
    "double": lambda maker, _: maker.real("<d"),
    "string": lambda maker, _: maker.sized(maker.text()),
    "bytes": lambda maker, leaf: maker.sized(maker.content(leaf)),
    "fixed": Maker.content,
    "enum": Maker.symbol,
    "decimal": Maker.decimal,
    "timestamp-micros": lambda maker, _: maker.number(maker.whole(MIN_MICROS, MAX_MICROS)),
    "date": lambda maker, _: maker.number(maker.whole(MIN_DAYS, MAX_DAYS)),
    "uuid": Maker.uuid,
}


def damaged(random: Random, payloads: Sequence[bytes]) -> bytes:
    """One of the payloads, hurt in one or two places."""
    payload = bytearray(random.choice(payloads))
    for _ in range(random.choice((1, 1, 2))):
        random.choice(_HURTS)(random, payload, payloads)
    return bytes(payload)


def _flip(random: Random, payload: bytearray, _: Sequence[bytes]) -> None:
    if payload:
        payload[random.randrange(len(payload))] ^= 1 << random.randrange(8)


def _cut(random: Random, payload: bytearray, _: Sequence[bytes]) -> None:
    del payload[random.randrange(len(payload) + 1) :]


def _pad(random: Random, payload: bytearray, _: Sequence[bytes]) -> None:
    payload += random.choice((b"\0", b"\2", random.randbytes(3), bytes(40)))


def _splice(random: Random, payload: bytearray, payloads: Sequence[bytes]) -> None:
    other = random.choice(payloads)
    payload[random.randrange(len(payload) + 1) :] = other[random.randrange(len(other) + 1) :]


def _nudge(random: Random, payload: bytearray, _: Sequence[bytes]) -> None:
    """Changes a length or a count, if it meets one."""
    if payload:
        at = random.randrange(len(payload))
        payload[at] = (payload[at] + random.choice((1, 2, 4, 254, 255))) % 256


def _lengthen(random: Random, payload: bytearray, _: Sequence[bytes]) -> None:
    """Pads a number with a further byte, if it meets one."""
    if payload:
        at = random.randrange(len(payload))
        payload[at : at + 1] = bytes([payload[at] | 0x80, 0])


def _overwrite(random: Random, payload: bytearray, _: Sequence[bytes]) -> None:
    at = random.randrange(len(payload) + 1)
    payload[at : at + random.randrange(6)] = random.randbytes(random.randrange(6))


def _replace(random: Random, payload: bytearray, _: Sequence[bytes]) -> None:
    payload[:] = random.randbytes(random.randrange(2 * len(payload) + 2))


_HURTS = (_flip, _flip, _cut, _pad, _splice, _nudge, _lengthen, _overwrite, _replace)
