"""Record which random numbers PyTorch draws for the calls of tests/torch/random_calls.py.

python -m tools.torch_oracles.record_random        writes tests/torch/data/random.json
"""

import json
from pathlib import Path

import torch

from tests.torch.random_calls import SEEDS, calls, summary, theirs

PATH = Path(__file__).resolve().parents[2] / "tests" / "torch" / "data" / "random.json"


def main() -> None:
    """One generator per seed makes all the calls; its state after the last one is kept as well."""
    record = {}
    for seed in SEEDS:
        generator = torch.Generator().manual_seed(seed)
        drawn = [summary(theirs(torch, call, generator)) for call in calls()]
        record[str(seed)] = {"drawn": drawn, "state": summary(generator.get_state().numpy())}
    PATH.write_text(json.dumps(record).replace("]], ", "]],\n"))
    print(f"{PATH}: {PATH.stat().st_size} bytes")


if __name__ == "__main__":
    main()
