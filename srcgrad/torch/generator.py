"""The source of random bits: mt19937, seeded and read as PyTorch's processor generator does it.

NumPy's MT19937 is the engine, so a million 32-bit words take about three milliseconds. Its own seeding differs; RandomState's is
init_genrand, the one wanted. What is made of the bits stands in drawing.py.
"""

import os
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

DEFAULT_SEED = 67280421310721
WORDS = 624  # of mt19937's state

# The bytes of get_state(), as PyTorch lays them out.
STATE = np.dtype(
    {
        "names": ["seed", "left", "seeded", "next", "words", "normal", "normal_valid"],
        "formats": ["<u8", "<i4", "<i4", "<u8", ("<u8", WORDS), "<f8", "<i4"],
        "offsets": [0, 8, 12, 16, 24, 24 + 8 * WORDS + 8, 24 + 8 * WORDS + 24],
        "itemsize": 5056,
    }
)


class Generator:
    """A stream of random numbers.

    >>> g = Generator().manual_seed(0)
    >>> g.words(2)
    array([2357136044, 2546248239], dtype=uint64)
    """

    __module__ = "torch._C"  # where PyTorch has it, as its type is printed
    __slots__ = ("__weakref__", "_engine", "_seed", "_seeder", "spare")

    def __init__(self, device: Any = "cpu") -> None:
        name = str(device)
        if name.partition(":")[0] != "cpu":
            raise RuntimeError(f"srcgrad computes on the CPU: there is no generator for the device {name!r}")
        # The argument only spares the operating system's entropy: manual_seed sets the state.
        self._engine = np.random.MT19937(0)
        self._seeder = np.random.RandomState(self._engine)
        self.spare: float | None = None  # the second number of the last pair of normal ones
        self.manual_seed(DEFAULT_SEED)

    @property
    def device(self) -> Any:
        from srcgrad.torch.dtypes import device

        return device("cpu")

    def manual_seed(self, seed: int) -> "Generator":
        if type(seed) is not int:
            raise RuntimeError(f"manual_seed expected a long, but got {type(seed).__name__}")
        if not -(1 << 63) <= seed < 1 << 64:
            raise ValueError("Overflow when unpacking long long")
        self._seed = seed & 0xFFFFFFFFFFFFFFFF
        self._seeder.seed(seed & 0xFFFFFFFF)
        self.spare = None
        return self

    def seed(self) -> int:
        """Seed with what the operating system offers, and tell it."""
        seed = int.from_bytes(os.urandom(7), "little") & ((1 << 53) - 1)
        self.manual_seed(seed)
        return seed

    def initial_seed(self) -> int:
        return self._seed

    def words(self, count: int) -> Array:
        """So many 32-bit numbers, as uint64."""
        words: Array = self._engine.random_raw(count)
        return words

    def double_words(self, count: int) -> Array:
        """So many 64-bit numbers, the high half drawn first."""
        words = self.words(2 * count)
        double: Array = (words[0::2] << np.uint64(32)) | words[1::2]
        return double

    def state_bytes(self) -> Array:
        """The state as PyTorch lays it out in memory."""
        key, position = self._key_and_position()
        # Before the first draw PyTorch has no word generated yet and stands at 0; NumPy stands at the end of the block before.
        if position == WORDS and np.array_equal(key, Generator().manual_seed(self._seed)._key_and_position()[0]):
            left, following = 1, 0
        else:
            left, following = WORDS + 1 - position, position
        state = np.zeros((), STATE)
        for name, value in {"seed": self._seed, "left": left, "seeded": 1, "next": following, "words": key}.items():
            state[name] = value
        if self.spare is not None:
            state["normal"], state["normal_valid"] = self.spare, 1
        # Through the bytes: a view of a record with gaps is refused.
        return np.frombuffer(state.tobytes(), np.uint8).copy()

    def set_state_bytes(self, content: Array) -> None:
        if content.size != STATE.itemsize:
            raise RuntimeError(
                f"Expected a CPUGeneratorImplState of size {STATE.itemsize} but found the input RNG state size to be {content.size}"
            )
        state = np.frombuffer(content.tobytes(), STATE)[0]
        left, following = int(state["left"]), int(state["next"])
        if state["seeded"] != 1 or not 0 < left <= WORDS or following > WORDS:
            raise RuntimeError("Invalid mt19937 state")
        self._seed = int(state["seed"])
        position = WORDS if left == 1 else following
        words: Any = {"key": state["words"].astype(np.uint32), "pos": position}
        self._engine.state = {"bit_generator": "MT19937", "state": words}
        self.spare = float(state["normal"]) if state["normal_valid"] else None

    def get_state(self) -> Any:
        from srcgrad.torch.tensor import wrap

        return wrap(self.state_bytes())

    def set_state(self, new_state: Any) -> "Generator":
        from srcgrad.torch.tensor import Tensor

        if not isinstance(new_state, Tensor):
            kind = type(new_state)
            name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
            raise TypeError(f"expected a torch.ByteTensor, but got {name}")
        content: Array = new_state._a
        if content.dtype != np.uint8:
            raise TypeError("RNG state must be a torch.ByteTensor")
        self.set_state_bytes(content)
        return self

    def clone_state(self) -> "Generator":
        """Another generator that goes on from here."""
        copy = Generator()
        copy.set_state_bytes(self.state_bytes())
        return copy

    def get_offset(self) -> int:
        raise RuntimeError("CPU Generator does not use offset")

    def set_offset(self, offset: int) -> "Generator":  # noqa: ARG002 - PyTorch's parameter
        raise RuntimeError("CPU Generator does not use offset")

    def __reduce__(self) -> Any:
        return _of_state, (self.state_bytes(),)

    def _key_and_position(self) -> tuple[Array, int]:
        state: Any = self._engine.state["state"]
        return state["key"], state["pos"]


def _of_state(state: Array) -> "Generator":
    """What a pickle of a generator calls."""
    made = Generator()
    made.set_state_bytes(state)
    return made


default_generator = Generator()
default_generator.seed()
