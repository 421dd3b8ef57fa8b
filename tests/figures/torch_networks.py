"""Figures for networks of layers, by PyTorch in float64: what a sheet made by `from_torch` must show.

Written with `python tests/figures/torch_networks.py` (needs torch and the standard library only), which replaces
torch_networks.json beside this file. Nothing of graddesc_xl is imported: these are outside figures.

Each network starts from weights of few digits and trains on six samples of two inputs, one at a time, for three
epochs, by the squared error. Kept are the prediction and the squared error of each step and the weights at the end.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

XS = [[-0.8, -1.32], [-0.25, 0.6], [0.47, -1.02], [1.2, 0.33], [-0.57, -0.27], [0.9, 1.41]]
YS = [0.62, -0.48, 2.23, 1.97, -0.08, 0.44]
EPOCHS, RATE = 3, 0.02
#: optimizer, then layers: a name and what they are made with
NETWORKS: list[tuple[str, list[tuple[str, list[Any]]]]] = [
    ("SGD", [("Linear", [2, 3]), ("Tanh", []), ("Linear", [3, 1])]),
    ("SGD", [("Linear", [2, 2]), ("ReLU", []), ("Linear", [2, 1, False])]),
    ("Adam", [("Linear", [2, 3]), ("Sigmoid", []), ("Linear", [3, 1])]),
    ("SGD", [("Linear", [2, 2]), ("LeakyReLU", [0.1]), ("Linear", [2, 1]), ("Identity", [])]),
    ("Adam", [("Linear", [2, 2]), ("Softplus", []), ("Linear", [2, 2]), ("Tanh", []), ("Linear", [2, 1])]),
]


def trained(optimizer: str, layers: list[tuple[str, list[Any]]]) -> dict[str, Any]:
    """What one network comes to."""
    import torch

    torch.manual_seed(len(layers))
    network = torch.nn.Sequential(*(getattr(torch.nn, kind)(*sizes) for kind, sizes in layers)).double()
    parameters = dict(network.named_parameters())
    with torch.no_grad():
        for each in parameters.values():
            each.copy_(torch.round(each, decimals=4))
    starts = {name: each.tolist() for name, each in parameters.items()}
    made = getattr(torch.optim, optimizer)(network.parameters(), lr=RATE)
    preds, errs = [], []
    for _ in range(EPOCHS):
        for x, y in zip(XS, YS, strict=True):
            made.zero_grad()
            pred = network(torch.tensor(x, dtype=torch.float64))[0]
            err = (pred - y) ** 2
            err.backward()
            made.step()
            preds.append(pred.item())
            errs.append(err.item())
    ends = {name: each.tolist() for name, each in parameters.items()}
    return {
        "optimizer": optimizer,
        "layers": layers,
        "starts": starts,
        "preds": preds,
        "errs": errs,
        "ends": ends,
    }


def figures() -> dict[str, Any]:
    """All of them."""
    import torch

    return {
        "torch": torch.__version__,
        "xs": XS,
        "ys": YS,
        "epochs": EPOCHS,
        "lr": RATE,
        "networks": [trained(*each) for each in NETWORKS],
    }


def main() -> None:
    """Compute everything and write it."""
    Path(__file__).with_suffix(".json").write_text(json.dumps(figures(), indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
