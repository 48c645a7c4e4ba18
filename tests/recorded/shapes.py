"""Functions that move, join, repeat and cut; linear in what they move."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from tests.recorded.drawing import complex_, real, single


def samples(xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    return {**moved(xp), **joined(xp), **made(xp)}


def moved(xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    return {
        "reshape": (lambda x: xp.reshape(x**2, (3, -1)), real(2, 6)),
        "reshape by columns": (lambda x: xp.reshape(x**2, (4, 3), order="F"), real(2, 6)),
        "method reshape": (lambda x: (x**2).reshape(-1, 2), real(2, 3, 2)),
        "ravel": (lambda x: xp.ravel(x**2), real(2, 3)),
        "ravel by columns": (lambda x: xp.ravel(x**2, order="F"), real(2, 3)),
        "flatten": (lambda x: (x**2).flatten(), real(2, 3)),
        "transpose": (lambda x: xp.transpose(x**2), real(2, 3, 4)),
        "transpose, axes": (lambda x: xp.transpose(x**2, (1, -1, 0)), real(2, 3, 4)),
        "method transpose": (lambda x: (x**2).transpose(2, 0, 1), real(2, 3, 4)),
        ".T": (lambda x: x.T * x, real(3, 3)),
        ".mT": (lambda x: x.mT * x, real(2, 3, 3)),
        "permute_dims": (lambda x: xp.permute_dims(x**2, (2, 0, 1)), real(2, 3, 4)),
        "matrix_transpose": (lambda x: xp.matrix_transpose(x**2), real(2, 3, 4)),
        "moveaxis": (lambda x: xp.moveaxis(x**2, 0, -1), real(2, 3, 4)),
        "moveaxis of two": (lambda x: xp.moveaxis(x**2, (0, 1), (-1, 0)), real(2, 3, 4)),
        "swapaxes": (lambda x: xp.swapaxes(x**2, -1, 0), real(2, 3, 4)),
        "rollaxis": (lambda x: xp.rollaxis(x**2, 2), real(2, 3, 4)),
        "expand_dims": (lambda x: xp.expand_dims(x**2, (0, -1)), real(2, 3)),
        "squeeze": (lambda x: xp.squeeze(x**2), real(1, 3, 1)),
        "squeeze one": (lambda x: xp.squeeze(x**2, axis=-1), real(1, 3, 1)),
        "broadcast_to": (lambda x: xp.broadcast_to(x**2, (2, 3, 4)), real(3, 1)),
        "broadcast_arrays": (lambda a, b: xp.broadcast_arrays(a**2, b), real(3, 1), real(4)),
        "atleast_1d": (lambda x: xp.atleast_1d(x**2), real()),
        "atleast_2d": (lambda x: xp.atleast_2d(x**2), real(3)),
        "atleast_3d": (lambda x: xp.atleast_3d(x**2), real(3, 2)),
        "flip": (lambda x: xp.flip(x**2), real(2, 3)),
        "flip along (0, -1)": (lambda x: xp.flip(x**2, (0, -1)), real(2, 3, 2)),
        "fliplr": (lambda x: xp.fliplr(x**2), real(2, 3)),
        "flipud": (lambda x: xp.flipud(x**2), real(2, 3)),
        "rot90": (lambda x: xp.rot90(x**2), real(2, 3)),
        "rot90 back": (lambda x: xp.rot90(x**2, k=-1, axes=(2, 1)), real(2, 3, 2)),
        "roll": (lambda x: xp.roll(x**2, 2), real(2, 3)),
        "roll along both": (lambda x: xp.roll(x**2, (1, -2), axis=(0, 1)), real(3, 4)),
        "tile": (lambda x: xp.tile(x**2, (2, 1, 3)), real(2, 2)),
        "repeat": (lambda x: xp.repeat(x**2, 3), real(2, 2)),
        "repeat by counts": (lambda x: xp.repeat(x**2, np.array([1, 0, 3]), axis=1), real(2, 3)),
        "pad": (lambda x: xp.pad(x**2, ((1, 2), (0, 1))), real(2, 3)),
        "pad with a constant": (lambda x: xp.pad(x**2, 1, mode="constant", constant_values=3.0), real(2, 3)),
        "pad, edge": (lambda x: xp.pad(x**2, ((1, 2), (3, 1)), mode="edge"), real(2, 3)),
        "pad, reflect": (lambda x: xp.pad(x**2, ((1, 1), (2, 2)), mode="reflect"), real(3, 3)),
        "pad, symmetric": (lambda x: xp.pad(x**2, 2, mode="symmetric"), real(3)),
        "pad, wrap": (lambda x: xp.pad(x**2, ((0, 0), (2, 1)), mode="wrap"), real(2, 3)),
        "pad, linear_ramp": (lambda x: xp.pad(x**2, (2, 3), mode="linear_ramp", end_values=(1.0, -1.0)), real(3)),
        "pad, mean": (lambda x: xp.pad(x**2, 2, mode="mean"), real(3)),
        "tril": (lambda x: xp.tril(x**2), real(3, 3)),
        "triu above": (lambda x: xp.triu(x**2, 1), real(2, 3, 4)),
        "diag of a vector": (lambda x: xp.diag(x**2, 1), real(3)),
        "diag of a matrix": (lambda x: xp.diag(x**2, -1), real(3, 4)),
        "diagonal": (lambda x: xp.diagonal(x**2, 1, 0, 2), real(3, 2, 4)),
        "diagflat": (lambda x: xp.diagflat(x**2), real(2, 2)),
        "trace": (lambda x: xp.trace(x**2), real(3, 4)),
        "trace of axes": (lambda x: xp.trace(x**2, offset=1, axis1=0, axis2=2), real(3, 2, 4)),
        "split": (lambda x: xp.split(x**2, 3, axis=1), real(2, 6)),
        "split at": (lambda x: xp.split(x**2, [1, 3]), real(4, 2)),
        "array_split": (lambda x: xp.array_split(x**2, 3), real(5)),
        "hsplit": (lambda x: xp.hsplit(x**2, 2), real(2, 4)),
        "vsplit": (lambda x: xp.vsplit(x**2, 2), real(4, 2)),
        "dsplit": (lambda x: xp.dsplit(x**2, 2), real(1, 2, 4)),
        "unstack": (lambda x: xp.unstack(x**2, axis=1), real(2, 3)),
        "astype": (lambda x: (x**2).astype(np.float32) * 1.5, real(3)),
        "astype back": (lambda x: (x**2).astype(np.float64) * 1.5, single(real(3))),
        "complex reshape": (lambda x: xp.reshape(x**2, (3, 2)).T, complex_(2, 3)),
        "no element": (lambda x: xp.concatenate([xp.reshape(x, (0,)), xp.ravel(x)]), real(2, 0)),
    }


def joined(xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    return {
        "concatenate": (lambda a, b: xp.concatenate([a, b * a[:, :1]], axis=1), real(2, 3), real(2, 2)),
        "concatenate flat": (lambda a, b: xp.concatenate((a, b**2), axis=None), real(2, 3), real(2)),
        "concatenate one twice": (lambda a: xp.concatenate([a, a**2, a], axis=-1), real(2, 3)),
        "concatenate dtypes": (lambda a, b: xp.concatenate([a, b**2]), single(real(2)), real(2)),
        "concat": (lambda a, b: xp.concat([a, b**2]), real(2), real(3)),
        "stack": (lambda a, b: xp.stack([a, b**2], axis=1), real(2, 3), real(2, 3)),
        "stack behind": (lambda a, b: xp.stack([a, b**2], axis=-1), real(2, 3), real(2, 3)),
        "vstack": (lambda a, b: xp.vstack([a, b**2]), real(3), real(2, 3)),
        "hstack": (lambda a, b: xp.hstack([a, b**2]), real(3), real(2)),
        "dstack": (lambda a, b: xp.dstack([a, b**2]), real(2, 3), real(2, 3)),
        "column_stack": (lambda a, b: xp.column_stack([a, b**2]), real(3), real(3, 2)),
        "block": (lambda a, b: xp.block([[a, b], [b.T, a**2]]), real(2, 2), real(2, 2)),
        "append": (lambda a, b: xp.append(a, b**2), real(2, 2), real(3)),
        "append along 0": (lambda a, b: xp.append(a, b**2, axis=0), real(2, 2), real(1, 2)),
        "insert": (lambda a, b: xp.insert(a, 1, b**2), real(4), real()),
        "insert a row": (lambda a, b: xp.insert(a, 1, b**2, axis=0), real(2, 3), real(3)),
        "delete": (lambda a: xp.delete(a**2, 1, axis=1), real(2, 3)),
        "delete some": (lambda a: xp.delete(a**2, np.array([0, 2])), real(5)),
        "resize": (lambda a: xp.resize(a**2, (3, 3)), real(2, 2)),
        "array of numbers": (lambda a: xp.array([a[0], a[1] * a[2], 3.0]), real(3)),
        "array of rows": (lambda a, b: xp.array([a, b * a]), real(3), real(3)),
        "meshgrid": (lambda a, b: xp.meshgrid(a, b**2), real(2), real(3)),
        "meshgrid, ij": (lambda a, b: xp.meshgrid(a, b**2, indexing="ij"), real(2), real(3)),
        "meshgrid, sparse": (lambda a, b: xp.meshgrid(a, b**2, sparse=True), real(2), real(3)),
        "complex and real": (lambda a, b: xp.concatenate([a, b**2]), complex_(2), real(3)),
        "stack complex and real": (lambda a, b: xp.stack([a, b**2]), complex_(3), real(3)),
    }


def made(xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    return {
        "full": (lambda x: xp.full((2, 3), x**2), real()),
        "full of a row": (lambda x: xp.full((2, 3), x**2), real(3)),
        "full_like": (lambda x: xp.full_like(x, x[0] ** 2), real(3)),
        "zeros_like": (lambda x: xp.zeros_like(x) + x**2, real(3)),
        "ones_like": (lambda x: xp.ones_like(x) * x**2, real(3)),
        "linspace": (lambda a, b: xp.linspace(a, b**2, 5), real(), real()),
        "linspace of arrays": (lambda a, b: xp.linspace(a, b**2, 4, axis=-1), real(3), real(3)),
        "linspace without its end": (lambda a, b: xp.linspace(a, b**2, 5, endpoint=False), real(), real()),
        "logspace": (lambda a, b: xp.logspace(a, b, 4, base=2.0), real(), real()),
        "geomspace": (lambda a, b: xp.geomspace(a**2, b**2, 4), real(), real()),
        "copy": (lambda x: xp.copy(x) * x, real(3)),
        "asarray": (lambda x: xp.asarray(x) * x, real(3)),
        "asarray, another dtype": (lambda x: xp.asarray(x, dtype=np.float32) * 3.0, real(3)),
        "vander": (lambda x: xp.vander(x, 4), real(3)),
        "vander, increasing": (lambda x: xp.vander(x, 3, increasing=True), real(3)),
    }
