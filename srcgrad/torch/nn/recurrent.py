"""Recurrent networks: layers of steps over sequences, in one direction or both."""

from __future__ import annotations

import math
import numbers
import warnings
from typing import Any

import numpy as np

from srcgrad.torch.names import FUNCTIONS
from srcgrad.torch.nn import init
from srcgrad.torch.nn.cells import gru_step, lstm_step, relu_step, tanh_step
from srcgrad.torch.nn.functional.affine import linear
from srcgrad.torch.nn.linear import fresh
from srcgrad.torch.nn.module import Module
from srcgrad.torch.nn.utils.rnn import PackedSequence
from srcgrad.torch.tensor import wrap

GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}
STEPS = {"LSTM": lstm_step, "GRU": gru_step, "RNN_TANH": tanh_step, "RNN_RELU": relu_step}


class RNNBase(Module):
    """The weights of all layers and directions, and the walk through a sequence."""

    mode: str
    input_size: int
    hidden_size: int
    num_layers: int
    bias: bool
    batch_first: bool
    dropout: float
    bidirectional: bool
    proj_size: int

    def __init__(
        self, mode: str, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False, proj_size: int = 0,
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        self._check_options(dropout)
        if mode not in GATES:
            raise ValueError("Unrecognized RNN mode: " + mode)
        directions = 2 if bidirectional else 1
        gates = GATES[mode] * hidden_size
        size = proj_size or hidden_size
        self._all_weights: list[list[str]] = []
        for layer in range(num_layers):
            width = input_size if layer == 0 else size * directions
            for suffix in ("", "_reverse")[:directions]:
                shapes: dict[str, tuple[int, ...]] = {"weight_ih": (gates, width), "weight_hh": (gates, size)}
                if bias:
                    shapes.update({"bias_ih": (gates,), "bias_hh": (gates,)})
                if proj_size:
                    shapes["weight_hr"] = (proj_size, hidden_size)
                names = []
                for name, shape in shapes.items():
                    names.append(f"{name}_l{layer}{suffix}")
                    setattr(self, names[-1], fresh(shape, dtype, device))
                self._all_weights.append(names)
        self.reset_parameters()

    def _check_options(self, dropout: Any) -> None:
        if isinstance(dropout, bool) or not isinstance(dropout, numbers.Real) or not 0 <= float(dropout) <= 1:
            raise ValueError(
                "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"
            )
        if self.dropout > 0 and self.num_layers == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers "
                f"greater than 1, but got dropout={dropout} and num_layers={self.num_layers}",
                stacklevel=4,
            )
        for name, kind in (("bias", bool), ("batch_first", bool), ("input_size", int)):
            self._check_type(name, kind)
        if self.input_size <= 0:
            raise ValueError("input_size must be greater than zero")
        self._check_type("hidden_size", int)
        if self.hidden_size <= 0:
            raise ValueError("hidden_size must be greater than zero")
        if self.num_layers <= 0:
            raise ValueError("num_layers must be greater than zero")
        if self.proj_size < 0:
            raise ValueError("proj_size should be a positive integer or zero to disable projections")
        if self.proj_size >= self.hidden_size:
            raise ValueError("proj_size has to be smaller than hidden_size")

    def _check_type(self, name: str, kind: type) -> None:
        value = getattr(self, name)
        if not isinstance(value, kind):
            raise TypeError(f"{name} should be of type {kind.__name__}, got: {type(value).__name__}")

    def reset_parameters(self) -> None:
        """Draw the values anew."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def flatten_parameters(self) -> None:
        """Nothing to do on a CPU."""

    @property
    def all_weights(self) -> list[list[Any]]:
        """The weights, direction by direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    @property
    def _flat_weights_names(self) -> list[str]:
        return [name for names in self._all_weights for name in names]

    @property
    def _flat_weights(self) -> list[Any]:
        return [getattr(self, name) for name in self._flat_weights_names]

    def extra_repr(self) -> str:
        parts = [f"{self.input_size}, {self.hidden_size}"]
        for name, usual in (
            ("proj_size", 0), ("num_layers", 1), ("bias", True), ("batch_first", False), ("dropout", 0),
            ("bidirectional", False),
        ):  # fmt: skip
            if getattr(self, name) != usual:
                parts.append(f"{name}={getattr(self, name)}")
        return ", ".join(parts)

    def forward(self, input: Any, hx: Any = None) -> Any:
        """The results of all steps, and the last state of every layer and direction."""
        packed = isinstance(input, PackedSequence)
        if packed:
            x, batch_sizes, order, back = input
            sizes = [int(n) for n in batch_sizes._a]
            batched, batch = True, sizes[0]
        else:
            x, order, back, sizes = input, None, None, None
            x, hx, batched = self._as_batch(x, hx)
            batch = x._a.shape[0 if self.batch_first else 1]
        states = self._states(hx, batch, x._a.dtype, order)
        self._check_input(x, 2 if packed else 3)
        self._check_states(states, batch)
        if not packed and self.batch_first:
            x = x.transpose(0, 1)
        y, finals = self._layers(x, sizes, states)
        if packed:
            y = PackedSequence(y, input.batch_sizes, order, back)
        elif self.batch_first:
            y = y.transpose(0, 1)
        if back is not None:
            finals = tuple(s.index_select(1, back) for s in finals)
        if not batched:
            y = y.squeeze(0 if self.batch_first else 1)
            finals = tuple(s.squeeze(1) for s in finals)
        return y, (finals if self.mode == "LSTM" else finals[0])

    def _as_batch(self, x: Any, hx: Any) -> tuple[Any, Any, bool]:
        name = self.mode.split("_")[0]
        n = x.dim()
        if n not in {2, 3}:
            raise ValueError(
                f"{name}: Expected input to be 2D or 3D, got {n}D {'tensor ' if name == 'RNN' else ''}instead"
            )
        dims = None if hx is None else [s.dim() for s in hx] if self.mode == "LSTM" else [hx.dim()]
        if dims is not None and any(m != n for m in dims):
            kind = "batched 3-D" if n == 3 else "unbatched 2-D"
            if self.mode == "LSTM":
                also = "hx and cx should also be"
                raise RuntimeError(f"For {kind} input, {also} {n}-D but got ({dims[0]}-D, {dims[1]}-D) tensors")
            raise RuntimeError(f"For {kind} input, hx should also be {n}-D but got {dims[0]}-D tensor")
        if n == 3:
            return x, hx, True
        if hx is not None:
            hx = tuple(s.unsqueeze(1) for s in hx) if self.mode == "LSTM" else hx.unsqueeze(1)
        return x.unsqueeze(0 if self.batch_first else 1), hx, False

    def _sizes_of_states(self, batch: int) -> list[tuple[int, int, int]]:
        count = self.num_layers * (2 if self.bidirectional else 1)
        size = (count, batch, self.proj_size or self.hidden_size)
        return [size, (count, batch, self.hidden_size)] if self.mode == "LSTM" else [size]

    def _states(self, hx: Any, batch: int, dtype: Any, order: Any) -> tuple[Any, ...]:
        if hx is None:
            return tuple(wrap(np.zeros(size, dtype)) for size in self._sizes_of_states(batch))
        states = tuple(hx) if self.mode == "LSTM" else (hx,)
        return states if order is None else tuple(s.index_select(1, order) for s in states)

    def _check_input(self, x: Any, ndim: int) -> None:
        weight = getattr(self, self._all_weights[0][0])
        if x.dtype != weight.dtype:
            raise ValueError(
                f"RNN input dtype ({x.dtype}) does not match weight dtype ({weight.dtype}). Convert input: "
                f"input.to({weight.dtype}), or convert model: model.to({x.dtype})"
            )
        if x.dim() != ndim:
            raise RuntimeError(f"input must have {ndim} dimensions, got {x.dim()}")
        if x._a.shape[-1] != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {x._a.shape[-1]}"
            )

    def _check_states(self, states: Any, batch: int) -> None:
        for k, (state, size) in enumerate(zip(states, self._sizes_of_states(batch), strict=True)):
            if state._a.shape != size:
                what = f"hidden[{k}]" if self.mode == "LSTM" else "hidden"
                raise RuntimeError(f"Expected {what} size {size}, got {list(state._a.shape)}")

    def _layers(self, x: Any, sizes: Any, states: Any) -> tuple[Any, tuple[Any, ...]]:
        """All layers over a sequence (steps, batch, width), or over packed rows where `sizes` are given."""
        cat, stack = FUNCTIONS["cat"], FUNCTIONS["stack"]
        directions = 2 if self.bidirectional else 1
        finals: list[Any] = []
        for layer in range(self.num_layers):
            results = []
            for direction in range(directions):
                k = layer * directions + direction
                start = tuple(s[k] for s in states)
                y, last = self._direction(x, sizes, start, self._all_weights[k], direction == 1)
                results.append(y)
                finals.append(last)
            x = results[0] if directions == 1 else cat(results, -1)
            if self.dropout and self.training and layer < self.num_layers - 1:
                x = FUNCTIONS["dropout"](x, self.dropout, True)
        return x, tuple(stack([last[part] for last in finals]) for part in range(len(states)))

    def _direction(self, x: Any, sizes: Any, start: Any, names: list[str], backwards: bool) -> tuple[Any, Any]:
        weights = {name.split("_l")[0]: getattr(self, name) for name in names}
        gates = linear(x, weights["weight_ih"], weights.get("bias_ih"))
        step = STEPS[self.mode]
        rest = (weights["weight_hh"], weights.get("bias_hh"), weights.get("weight_hr"))
        several = self.mode == "LSTM"
        if sizes is not None:
            return _packed_walk(step, gates, sizes, start, rest, backwards, several)
        state = start if several else start[0]
        results = []
        steps = gates.unbind(0)  # type: ignore[attr-defined]
        for g in reversed(steps) if backwards else steps:
            state = step(g, state, *rest)
            results.append(state[0] if several else state)
        if backwards:
            results.reverse()
        return FUNCTIONS["stack"](results), (state if several else (state,))


def _packed_walk(
    step: Any, gates: Any, sizes: list[int], start: Any, rest: Any, backwards: bool, several: bool
) -> tuple[Any, Any]:
    """The steps over packed rows: sequences end on the way, or begin on the way back."""
    cat = FUNCTIONS["cat"]
    pieces = list(gates.split(sizes))
    results: list[Any] = []
    ended: list[Any] = []
    running = sizes[-1] if backwards else sizes[0]
    states = tuple(s[:running] for s in start) if backwards else start
    for n, g in zip(reversed(sizes) if backwards else sizes, reversed(pieces) if backwards else pieces, strict=True):
        if n > running:
            states = tuple(cat([s, s0[running:n]]) for s, s0 in zip(states, start, strict=True))
        elif n < running:
            ended.append(tuple(s[n:] for s in states))
            states = tuple(s[:n] for s in states)
        running = n
        made = step(g, states if several else states[0], *rest)
        states = made if several else (made,)
        results.append(states[0])
    if backwards:
        results.reverse()
    finals = [*reversed([states, *ended][1:])] if ended else []
    if ended:
        states = tuple(cat([s, *(part[k] for part in finals)]) for k, s in enumerate(states))
    return cat(results), states


class RNN(RNNBase):
    """Layers of tanh or relu of affine maps of the input and the state."""

    nonlinearity: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "proj_size" in kwargs:
            raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
        if len(args) > 3:
            nonlinearity = args[3]
            args = args[:3] + args[4:]
        else:
            nonlinearity = kwargs.pop("nonlinearity", "tanh")
        if nonlinearity not in {"tanh", "relu"}:
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__(f"RNN_{nonlinearity.upper()}", *args, **kwargs)
        self.nonlinearity = nonlinearity


class LSTM(RNNBase):
    """Layers of long short-term memories."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)


class GRU(RNNBase):
    """Layers of gated recurrent units."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "proj_size" in kwargs:
            raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
        super().__init__("GRU", *args, **kwargs)


def _network(
    mode: str, params: Any, has_biases: bool, num_layers: int, dropout: float, train: bool, bidirectional: bool
) -> RNNBase:
    """A network around weights that are given."""
    made = RNNBase.__new__(RNNBase)
    Module.__init__(made)
    made.training = train
    count = len(params) // (num_layers * (2 if bidirectional else 1))
    names = ["weight_ih", "weight_hh", *(("bias_ih", "bias_hh") if has_biases else ())]
    names += ["weight_hr"] * (count - len(names))
    made.mode, made.num_layers, made.dropout, made.bidirectional = mode, num_layers, dropout, bidirectional
    made._all_weights = [[f"{name}_l{start // count}" for name in names] for start in range(0, len(params), count)]
    for start, held in zip(range(0, len(params), count), made._all_weights, strict=True):
        for name, weight in zip(held, params[start : start + count], strict=True):
            object.__setattr__(made, name, weight)
    return made


def _enter_network(name: str, mode: str) -> None:
    def network(input: Any, *args: Any) -> Any:
        sizes = None
        if not isinstance(args[0], (list, tuple)) and args[0]._a.ndim == 1:
            # Packed rows: the second argument says how many sequences run at each step.
            sizes, args = [int(n) for n in args[0]._a], args[1:]
        hx, params, has_biases, num_layers, dropout, train, bidirectional, *rest = args
        made = _network(mode, params, has_biases, num_layers, dropout, train, bidirectional)
        batch_first = bool(rest and rest[0])
        x = input.transpose(0, 1) if batch_first else input
        y, finals = made._layers(x, sizes, tuple(hx) if isinstance(hx, (tuple, list)) else (hx,))
        return (y.transpose(0, 1) if batch_first else y, *finals)

    network.__name__ = network.__qualname__ = name
    network.__doc__ = "A recurrent network over a sequence, or over packed rows, with the weights given."
    FUNCTIONS[name] = network


for _name, _mode in (("rnn_tanh", "RNN_TANH"), ("rnn_relu", "RNN_RELU"), ("lstm", "LSTM"), ("gru", "GRU")):
    _enter_network(_name, _mode)
