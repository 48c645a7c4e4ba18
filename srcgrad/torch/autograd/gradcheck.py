"""Derivatives against finite differences, for functions of tensors.

What enters: a function and float64 (or complex128) inputs. What leaves: True, or a GradcheckError that says which
Jacobian differs and shows both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.torch.autograd.sweeping import grad
from srcgrad.torch.tensor import Tensor, wrap


class GradcheckError(RuntimeError):
    """What gradcheck and gradgradcheck raise."""


def _outputs(value: Any) -> list[Any]:
    values = value if isinstance(value, (tuple, list)) else (value,)
    return [v for v in values if isinstance(v, Tensor) and v._a.dtype.kind in "fc"]


def _numerical(func: Callable[..., Any], inputs: Any, t: Any, eps: float) -> list[Any]:
    """For each output the Jacobian by central differences: rows are the elements of t."""
    rows: list[list[Any]] = []
    steps = (eps, 1j * eps) if t._a.dtype.kind == "c" else (eps,)
    for k in np.ndindex(t._a.shape):
        row = []
        for step in steps:
            before = t._a[k]
            t._a[k] = before + step
            up = [np.array(o._a) for o in _outputs(func(*inputs))]
            t._a[k] = before - step
            down = [np.array(o._a) for o in _outputs(func(*inputs))]
            t._a[k] = before
            row.append([(a - b).reshape(-1) / (2 * eps) for a, b in zip(up, down, strict=True)])
        if len(row) == 1:
            rows.append(row[0])
        else:
            # PyTorch's convention for complex inputs: d/da + i d/db of a real output.
            rows.append([a + 1j * b for a, b in zip(*row, strict=True)])
    count = len(rows[0]) if rows else len(_outputs(func(*inputs)))
    return [np.array([r[j] for r in rows]) for j in range(count)]


def _analytical(outputs: list[Any], t: Any, j: int) -> Any:
    out = outputs[j]
    columns = []
    for k in range(out._a.size):
        one = np.zeros(out._a.size, out._a.dtype)
        one[k] = 1
        found = grad([out], [t], [wrap(one.reshape(out._a.shape))], retain_graph=True, allow_unused=True)[0]
        columns.append(np.zeros(t._a.size, t._a.dtype) if found is None else np.array(found._a).reshape(-1))
    return np.array(columns).T if columns else np.zeros((t._a.size, 0))


def gradcheck(
    func: Callable[..., Any], inputs: Any, *, eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3,
    raise_exception: bool = True, nondet_tol: float = 0.0, check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False, check_batched_grad: bool = False, check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False, check_backward_ad: bool = True, fast_mode: bool = False, masked: bool | None = None,
) -> bool:  # fmt: skip
    """Whether the gradients of func at the inputs agree with central differences.

    Inputs that require a gradient are checked; they should be of double precision. Raises GradcheckError
    where they disagree, unless `raise_exception` is false.
    """
    del nondet_tol, check_undefined_grad, check_grad_dtypes, check_batched_grad, check_batched_forward_grad
    del check_forward_ad, check_backward_ad, fast_mode, masked
    try:
        _check(func, inputs, eps, atol, rtol)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _check(func: Callable[..., Any], inputs: Any, eps: float, atol: float, rtol: float) -> None:
    given = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    wanted = [(k, t) for k, t in enumerate(given) if isinstance(t, Tensor) and t._needs]
    if not wanted:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True."
        )
    outputs = _outputs(func(*given))
    if not any(o._needs for o in outputs):
        for _, t in wanted:
            for numeric in _numerical(func, given, t, eps):
                if np.any(np.abs(numeric) > atol):
                    raise GradcheckError("Numerical gradient for function expected to be zero")
        return
    for k, t in wanted:
        numeric = _numerical(func, given, t, eps)
        for j, out in enumerate(outputs):
            if not out._needs:
                continue
            exact = _analytical(outputs, t, j)
            against = numeric[j] if len(numeric) > j else np.zeros_like(exact)
            if t._a.dtype.kind != "c":
                # Of a complex result the real part: its cotangents are real ones.
                against = np.real(against)
            elif out._a.dtype.kind == "c":
                against = _wirtinger(func, given, t, eps, j)
            if exact.shape != against.shape or not np.allclose(exact, against, rtol, atol, equal_nan=True):
                raise GradcheckError(
                    f"Jacobian mismatch for output {j} with respect to input {k},\nnumerical:{wrap(np.array(against))}\n"
                    f"analytical:{wrap(np.array(exact))}\n"
                )


def _wirtinger(func: Callable[..., Any], given: Any, t: Any, eps: float, j: int) -> Any:
    """For complex input and output: the gradient of the real part of the output."""

    def real_part(*args: Any) -> Any:
        return tuple(wrap(np.array(o._a.real)) for o in _outputs(func(*args)))

    return _numerical(real_part, given, t, eps)[j]


def gradgradcheck(
    func: Callable[..., Any], inputs: Any, grad_outputs: Any = None, *, eps: float = 1e-6, atol: float = 1e-5,
    rtol: float = 1e-3, gen_non_contig_grad_outputs: bool = False, raise_exception: bool = True,
    nondet_tol: float = 0.0, check_undefined_grad: bool = True, check_grad_dtypes: bool = False,
    check_batched_grad: bool = False, check_fwd_over_rev: bool = False, check_rev_over_rev: bool = True,
    fast_mode: bool = False, masked: bool = False,
) -> bool:  # fmt: skip
    """Whether the second derivatives of func agree with central differences of its gradients."""
    del gen_non_contig_grad_outputs, check_fwd_over_rev, check_rev_over_rev
    given = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    if grad_outputs is None:
        cotangents = []
        for k, o in enumerate(_outputs(func(*given))):
            values = np.cos(np.arange(o._a.size) * 1.7 + k + 1).reshape(o._a.shape)
            cotangents.append(wrap(values.astype(o._a.dtype)).requires_grad_())
    else:
        cotangents = list(_outputs(grad_outputs))
    count = len(cotangents)

    def slopes(*args: Any) -> Any:
        xs, gs = args[: len(args) - count], args[len(args) - count :]
        outputs = _outputs(func(*xs))
        pairs = [(o, g) for o, g in zip(outputs, gs, strict=True) if o._needs]
        wanted = [x for x in xs if isinstance(x, Tensor) and x._needs]
        found = grad([o for o, _ in pairs], wanted, [g for _, g in pairs], create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None)

    return gradcheck(
        slopes, (*given, *cotangents), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception,
        nondet_tol=nondet_tol, check_undefined_grad=check_undefined_grad, check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad, fast_mode=fast_mode, masked=masked,
    )  # fmt: skip
