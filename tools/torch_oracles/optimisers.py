"""Where optimisers go, step by step, and which rates the schedules set."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

import numpy as np

from tools.torch_oracles import plain, raised

CASES: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.5, "dampening": 0.2, "maximize": True}),
    ("Adam", {}),
    ("Adam", {"lr": 0.1, "amsgrad": True, "weight_decay": 0.1}),
    ("AdamW", {"lr": 0.1}),
    ("RMSprop", {}),
    ("RMSprop", {"centered": True, "momentum": 0.9}),
    ("Adagrad", {"lr_decay": 0.1, "initial_accumulator_value": 0.3}),
    ("Adadelta", {"weight_decay": 0.1}),
    ("Adamax", {}),
    ("NAdam", {}),
    ("NAdam", {"decoupled_weight_decay": True, "weight_decay": 0.1}),
    ("RAdam", {"lr": 0.1}),
    ("ASGD", {"t0": 2}),
    ("Rprop", {}),
    ("Adafactor", {}),
    ("Adafactor", {"lr": 0.1, "eps": (1e-3, 1e-2), "d": 1.5, "weight_decay": 0.1, "maximize": True}),
]
ORTHOGONAL: list[tuple[tuple[int, int], dict[str, Any]]] = [
    ((3, 4), {"lr": 0.02}),
    ((5, 2), {"lr": 0.1, "nesterov": False, "adjust_lr_fn": "match_rms_adamw", "weight_decay": 0.0}),
]

SCHEDULES: dict[str, Any] = {
    "LambdaLR": lambda s, o: s.LambdaLR(o, lambda e: 0.9**e),
    "MultiplicativeLR": lambda s, o: s.MultiplicativeLR(o, lambda _: 0.95),
    "StepLR": lambda s, o: s.StepLR(o, 4),
    "MultiStepLR": lambda s, o: s.MultiStepLR(o, [3, 7, 7]),
    "ConstantLR": lambda s, o: s.ConstantLR(o),
    "LinearLR": lambda s, o: s.LinearLR(o, total_iters=7),
    "ExponentialLR": lambda s, o: s.ExponentialLR(o, 0.9),
    "PolynomialLR": lambda s, o: s.PolynomialLR(o, 12, 2.0),
    "CosineAnnealingLR": lambda s, o: s.CosineAnnealingLR(o, 6, 0.01),
    "CosineAnnealingWarmRestarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, 5, 2),
    "CyclicLR": lambda s, o: s.CyclicLR(o, 0.1, 1.0, 4, mode="triangular2"),
    "CyclicLR exp": lambda s, o: s.CyclicLR(o, 0.1, 1.0, 4, 3, mode="exp_range", gamma=0.9),
    "OneCycleLR": lambda s, o: s.OneCycleLR(o, 1.0, total_steps=30),
    "OneCycleLR linear": lambda s, o: s.OneCycleLR(o, 1.0, total_steps=30, three_phase=True, anneal_strategy="linear"),
    "SequentialLR": lambda s, o: s.SequentialLR(o, [s.ConstantLR(o, 0.1, 2), s.ExponentialLR(o, 0.9)], [5]),
    "ChainedScheduler": lambda s, o: s.ChainedScheduler([s.ConstantLR(o, 0.1, 2), s.ExponentialLR(o, 0.9)]),
    "SWALR": lambda s, o: _averages(s).SWALR(o, 0.05, 6),
    "SWALR linear": lambda s, o: _averages(s).SWALR(o, 0.05, 0, "linear"),
    "ReduceLROnPlateau": lambda s, o: s.ReduceLROnPlateau(o, patience=3),
}


def _averages(module: Any) -> Any:
    """The module of averaged weights beside another of the same package."""
    return importlib.import_module(f"{module.__package__}.swa_utils")


def answers(torch: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, options in CASES:
        found[f"{name} {options}"] = path(torch, name, options)
    for shape, options in ORTHOGONAL:
        found[f"Muon {shape} {options}"] = orthogonal_steps(torch, shape, options)
    for name in ("mean", "exponential", "with buffers"):
        found[f"averages, {name}"] = averages(torch, name)
    for name, make in SCHEDULES.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found[name] = rates(torch, make)
    for options in ({}, {"line_search_fn": "strong_wolfe"}, {"lr": 0.1, "history_size": 3, "max_iter": 8}):
        found[f"LBFGS {options}"] = valley(torch, options)
    found["refused"] = refused(torch)
    return found


def parameter(torch: Any, values: Any) -> Any:
    return torch.nn.Parameter(torch.from_numpy(np.array(values, float)))


def path(torch: Any, name: str, options: dict[str, Any]) -> Any:
    """The parameters after some steps, halfway through a save and a reload; the text and the state."""
    p, q = parameter(torch, np.linspace(-1, 1, 4)), parameter(torch, np.ones((2, 2)))
    make = getattr(torch.optim, name)
    optimizer = make([{"params": [p]}, {"params": [q], "lr": 0.05}], **options)
    for k in range(6):
        if k == 3:
            saved = optimizer.state_dict()
            optimizer = make([{"params": [p]}, {"params": [q], "lr": 0.5}], **options)
            optimizer.load_state_dict(saved)
        p.grad = torch.from_numpy(np.cos(np.arange(4) * k + 1.0))
        q.grad = torch.from_numpy(np.sin(np.arange(4) * k + 1.0).reshape(2, 2))
        optimizer.step()
    state = dict(optimizer.state_dict()["state"].get(0, {}))
    return plain([p, q, repr(optimizer), state])


def orthogonal_steps(torch: Any, shape: tuple[int, int], options: dict[str, Any]) -> Any:
    """Where Muon goes in float32, which it rounds to bfloat16 on its way."""
    p = torch.nn.Parameter(torch.ones(shape))
    optimizer = torch.optim.Muon([p], **options)
    for k in range(4):
        p.grad = torch.from_numpy(np.cos(np.arange(p.numel(), dtype=np.float32) * (k + 1.0)).reshape(shape))
        optimizer.step()
    return plain([p, repr(optimizer), dict(optimizer.state_dict()["state"][0])])


def averages(torch: Any, kind: str) -> Any:
    """Averages of a model with batch normalisation while its weights move."""
    of = _averages(torch.optim.lr_scheduler)
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2)).double()
    options = {"multi_avg_fn": of.get_ema_multi_avg_fn(0.9)} if kind == "exponential" else {}
    averaged = of.AveragedModel(model, use_buffers=kind == "with buffers", **options)
    batch = torch.from_numpy(np.cos(np.arange(8.0)).reshape(4, 2))
    for k in range(3):
        with torch.no_grad():
            for p in model.parameters():
                p.copy_(torch.from_numpy(np.sin(np.arange(p.numel()) + 1.0 + k).reshape(p.shape)))
        model(batch * (k + 1))
        averaged.update_parameters(model)
    before = plain(list(averaged.state_dict().values()))
    of.update_bn([batch, [batch * 2, "label"]], averaged)
    return [before, plain(list(averaged.state_dict().values())), list(averaged.state_dict()), averaged.training]


def rates(torch: Any, make: Any) -> Any:
    p = parameter(torch, np.ones(3))
    optimizer = torch.optim.SGD([p], lr=0.5, momentum=0.9)
    schedule = make(torch.optim.lr_scheduler, optimizer)
    found = []
    for k in range(25):
        optimizer.step()
        if isinstance(schedule, torch.optim.lr_scheduler.ReduceLROnPlateau):
            schedule.step(1 / (k + 1) if k < 5 else 0.2)
        else:
            schedule.step()
        group = optimizer.param_groups[0]
        found.append([float(group["lr"]), float(group["momentum"]), float(schedule.get_last_lr()[0])])
    return found


def valley(torch: Any, options: dict[str, Any]) -> Any:
    """L-BFGS on Rosenbrock's function with one more variable."""
    p = parameter(torch, [-1.2, 1.0, 0.5])
    optimizer = torch.optim.LBFGS([p], **options)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2 + (p[2] * p[0] - 0.3) ** 2
        loss.backward()
        return loss

    # Later steps amplify rounding errors.
    return plain([[float(optimizer.step(closure).detach()) for _ in range(2)], p])


def of_dense_gradients(torch: Any) -> None:
    p = parameter(torch, [1.0])
    p.grad = parameter(torch, [1.0]).detach()
    torch.optim.SparseAdam([p]).step()


def refused(torch: Any) -> Any:
    p = parameter(torch, [1.0])
    optim = torch.optim
    return [
        raised(optim.SGD, [p], lr=-1.0),
        raised(optim.SGD, [], lr=1.0),
        raised(optim.SGD, p, lr=1.0),
        raised(optim.SGD, [p * 2], lr=1.0),
        raised(optim.SGD, [1.0], lr=1.0),
        raised(optim.SGD, [{"params": [p]}, {"params": [p]}], lr=1.0),
        raised(optim.SGD, [p], lr=1.0, nesterov=True),
        raised(optim.Adam, [p], betas=(1.0, 0.9)),
        raised(lambda: optim.SGD([p], lr=1.0).load_state_dict({"state": {}, "param_groups": []})),
        raised(optim.LBFGS([p]).step),
        raised(optim.Muon, [p]),
        raised(optim.Muon, [p], adjust_lr_fn="other"),
        raised(optim.Adafactor, [p], d=0.5),
        raised(optim.Adafactor, [p], beta2_decay=0.5),
        raised(optim.SparseAdam, [p], lr=0.0),
        raised(of_dense_gradients, torch),
        raised(_averages(optim.lr_scheduler).get_ema_avg_fn, 3),
    ]
