"""Random damage to the bytes of a file, for whatever reads one."""

from hypothesis import strategies as some

damages = some.lists(
    some.one_of(
        some.tuples(some.just("flip"), some.integers(0, 10**6), some.integers(1, 255)),
        some.tuples(some.just("cut"), some.integers(0, 10**6), some.just(0)),
        some.tuples(some.just("write"), some.integers(0, 10**6), some.binary(min_size=1, max_size=40)),
    ),
    min_size=1,
    max_size=3,
)


def damaged(whole: bytes, how) -> bytes:
    """The bytes with what `damages` drew done to them, at places modulo their number."""
    data = bytearray(whole)
    for kind, at, what in how:
        at %= max(len(data), 1)
        if kind == "cut":
            del data[at:]
        elif kind == "write":
            data[at : at + len(what)] = what
        elif data:
            data[at] ^= what
    return bytes(data)
