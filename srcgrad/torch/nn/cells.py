"""One step of a recurrent network: as functions of gates, and as modules.

A step takes the part of the gates that comes from the input, the state before, and the weights of the state; it
returns the state after. The state of an LSTM is a pair, of which the first is the result.
"""

from __future__ import annotations

import math
from typing import Any

from srcgrad.torch.creation import numpy_dtype
from srcgrad.torch.names import FUNCTIONS
from srcgrad.torch.nn import init
from srcgrad.torch.nn.functional.affine import linear
from srcgrad.torch.nn.linear import fresh
from srcgrad.torch.nn.module import Module
from srcgrad.torch.tensor import Tensor, wrap


def tanh_step(gates: Any, state: Any, w_hh: Any, b_hh: Any, _projection: Any = None) -> Any:
    """tanh(gates + w h + b)."""
    return (linear(state, w_hh, b_hh) + gates).tanh()


def relu_step(gates: Any, state: Any, w_hh: Any, b_hh: Any, _projection: Any = None) -> Any:
    """max(0, gates + w h + b)."""
    return (linear(state, w_hh, b_hh) + gates).relu()


def lstm_step(gates: Any, state: Any, w_hh: Any, b_hh: Any, projection: Any = None) -> Any:
    """Hochreiter and Schmidhuber 1997, with forget gates."""
    h, c = state
    parts = FUNCTIONS["unsafe_chunk"](linear(h, w_hh, b_hh) + gates, 4, 1)
    c = parts[1].sigmoid() * c + parts[0].sigmoid() * parts[2].tanh()
    h = parts[3].sigmoid() * c.tanh()
    return (h if projection is None else FUNCTIONS["matmul"](h, projection.t())), c


def gru_step(gates: Any, state: Any, w_hh: Any, b_hh: Any, _projection: Any = None) -> Any:
    """Cho et al. 2014, the reset gate after the product."""
    x_reset, x_update, x_new = FUNCTIONS["unsafe_chunk"](gates, 3, 1)
    h_reset, h_update, h_new = FUNCTIONS["unsafe_chunk"](linear(state, w_hh, b_hh), 3, 1)
    reset = (h_reset + x_reset).sigmoid()
    update = (h_update + x_update).sigmoid()
    new = (x_new + h_new * reset).tanh()
    return (state - new) * update + new


class RNNCellBase(Module):
    """The weights of one step."""

    input_size: int
    hidden_size: int
    bias: bool
    weight_ih: Tensor
    weight_hh: Tensor

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        self.weight_ih = fresh((num_chunks * hidden_size, input_size), dtype, device)
        self.weight_hh = fresh((num_chunks * hidden_size, hidden_size), dtype, device)
        for name in ("bias_ih", "bias_hh"):
            if bias:
                setattr(self, name, fresh((num_chunks * hidden_size,), dtype, device))
            else:
                self.register_parameter(name, None)
        self.reset_parameters()

    def extra_repr(self) -> str:
        parts = [f"{self.input_size}, {self.hidden_size}"]
        if self.bias is not True:
            parts.append(f"bias={self.bias}")
        nonlinearity = self.__dict__.get("nonlinearity", "tanh")
        if nonlinearity != "tanh":
            parts.append(f"nonlinearity={nonlinearity}")
        return ", ".join(parts)

    def reset_parameters(self) -> None:
        """Draw the values anew."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def _step(self, step: Any, input: Any, state: Any) -> Any:
        _check_sizes(input, state[0] if isinstance(state, tuple) else state, self)
        return step(linear(input, self.weight_ih, self.bias_ih), state, self.weight_hh, self.bias_hh)

    def _zeros(self, input: Any) -> Any:
        return wrap(numpy_zeros((input._a.shape[0], self.hidden_size), input._a.dtype))

    def _checked(self, input: Any, hx: Any) -> tuple[Any, Any, bool]:
        """The input and the state as batches, and whether they were."""
        name = type(self).__name__
        if input.dim() not in {1, 2}:
            raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.dim()}D instead")
        states = hx if isinstance(hx, (tuple, list)) else (hx,)
        for k, state in enumerate(states):
            if state is not None and state.dim() not in {1, 2}:
                what = f"hx[{k}]" if name == "LSTMCell" else "hidden"
                raise ValueError(f"{name}: Expected {what} to be 1D or 2D, got {state.dim()}D instead")
        batched = input.dim() == 2
        if not batched:
            input = input.unsqueeze(0)
            states = tuple(None if s is None else s.unsqueeze(0) for s in states)
        return input, states, batched


def numpy_zeros(shape: Any, dtype: Any) -> Any:
    """Zeros in a dtype of NumPy or of the facade."""
    import numpy as np

    return np.zeros(shape, numpy_dtype(dtype) if hasattr(dtype, "_c_name") else dtype)


def _check_sizes(input: Any, state: Any, cell: Any) -> None:
    if input._a.shape[1] != cell.input_size:
        raise RuntimeError(f"input has inconsistent input_size: got {input._a.shape[1]} expected {cell.input_size}")
    if state._a.shape[0] != input._a.shape[0]:
        raise RuntimeError(f"Input batch size {input._a.shape[0]} doesn't match hidden0 batch size {state._a.shape[0]}")
    if state._a.shape[1] != cell.hidden_size:
        raise RuntimeError(
            f"hidden0 has inconsistent hidden_size: got {state._a.shape[1]}, expected {cell.hidden_size}"
        )


class RNNCell(RNNCellBase):
    """tanh or relu of an affine map of the input and the state."""

    nonlinearity: str

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh", device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Any, hx: Any = None) -> Any:
        input, (state,), batched = self._checked(input, hx)
        state = self._zeros(input) if state is None else state
        steps = {"tanh": tanh_step, "relu": relu_step}
        if self.nonlinearity not in steps:
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        state = self._step(steps[self.nonlinearity], input, state)
        return state if batched else state.squeeze(0)


class LSTMCell(RNNCellBase):
    """One step of a long short-term memory."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Any, hx: Any = None) -> Any:
        input, states, batched = self._checked(input, hx)
        if states[0] is None:
            states = (self._zeros(input),) * 2
        h, c = self._step(lstm_step, input, tuple(states))
        return (h, c) if batched else (h.squeeze(0), c.squeeze(0))


class GRUCell(RNNCellBase):
    """One step of a gated recurrent unit."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Any, hx: Any = None) -> Any:
        input, (state,), batched = self._checked(input, hx)
        state = self._step(gru_step, input, self._zeros(input) if state is None else state)
        return state if batched else state.squeeze(0)


def _enter_cell(name: str, step: Any) -> None:
    def cell(input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Any:
        state = tuple(hx) if isinstance(hx, (tuple, list)) else hx
        return step(linear(input, w_ih, b_ih), state, w_hh, b_hh)

    cell.__name__ = cell.__qualname__ = name
    cell.__doc__ = "One step of a recurrent network, with the weights given."
    FUNCTIONS[name] = cell


for _name, _step in (
    ("rnn_tanh_cell", tanh_step), ("rnn_relu_cell", relu_step), ("lstm_cell", lstm_step), ("gru_cell", gru_step)
):  # fmt: skip
    _enter_cell(_name, _step)
