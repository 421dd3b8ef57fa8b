"""Figures for models, losses, optimizers, batches and schedules together, by PyTorch in float64.

Written with `python tests/figures/torch_models.py` (needs torch and the standard library only), which replaces
torch_models.json beside this file. Nothing of graddesc_xl is imported: these are outside figures.

Each configuration trains two hidden units, `v1*act(w1*x + b1) + v2*act(w2*x + b2) + b`, on 11 samples for three
epochs: the loss is the mean over a batch, and a schedule takes a step after each of the optimizer's. Kept are the
rate of each step, the mean of the samples' losses in each epoch as they were seen, and the weights after it.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

XS = [-2.0, 1.5, 0.25, -0.75, 2.0, -1.25, 0.5, 1.0, -0.3, 1.8, -1.6]
YS = [1.1, 3.9, 0.4, -0.25, 5.2, 0.1, 0.9, 2.4, -0.1, 4.4, 0.6]
LABELS = [0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0]
WEIGHTS = {"w1": 0.7, "b1": -0.3, "w2": -0.4, "b2": 0.2, "v1": 0.9, "v2": -0.6, "b": 0.1}
EPOCHS = 3

LOSSES = ("squared", "absolute", "huber", "logistic")
ACTIVATIONS = ("relu", "leaky_relu", "sigmoid", "tanh", "softplus", "sin")
OPTIMIZERS = {
    "sgd": 0.05,
    "torch_momentum": 0.01,
    "torch_nesterov": 0.01,
    "torch_adagrad": 0.1,
    "torch_rmsprop": 0.01,
    "torch_adam": 0.05,
    "torch_adamw": 0.05,
    "torch_momentum_decay": 0.01,
    "torch_adam_clipped": 0.05,
}
BATCHES = (1, 4, "all")
SCHEDULES = ("constant", "step", "exponential", "cosine", "one_cycle", "warm_up")
LIMIT = 0.5


def configurations() -> list[tuple[str, str, str, Any, str]]:
    """As few as there can be with every pair of two parts in one of them, each chosen for most pairs not yet in any."""
    parts: list[tuple[Any, ...]] = [LOSSES, ACTIVATIONS, tuple(OPTIMIZERS), BATCHES, SCHEDULES]
    every = list(itertools.product(*parts))

    def pairs(made: tuple[Any, ...]) -> set[Any]:
        return set(itertools.combinations(enumerate(made), 2))

    left = set().union(*map(pairs, every))
    chosen = []
    while left:
        best = max(every, key=lambda made: len(pairs(made) & left))
        chosen.append(best)
        left -= pairs(best)
    return chosen


def optimizer(name: str, weights: list[Any], rate: float) -> Any:
    """PyTorch's optimizer of that name."""
    from torch import optim

    made = {
        "sgd": lambda: optim.SGD(weights, lr=rate),
        "torch_momentum": lambda: optim.SGD(weights, lr=rate, momentum=0.9),
        "torch_nesterov": lambda: optim.SGD(weights, lr=rate, momentum=0.9, nesterov=True),
        "torch_adagrad": lambda: optim.Adagrad(weights, lr=rate),
        "torch_rmsprop": lambda: optim.RMSprop(weights, lr=rate),
        "torch_adam": lambda: optim.Adam(weights, lr=rate),
        "torch_adamw": lambda: optim.AdamW(weights, lr=rate),
        "torch_momentum_decay": lambda: optim.SGD(weights, lr=rate, momentum=0.9, weight_decay=0.01),
        "torch_adam_clipped": lambda: optim.Adam(weights, lr=rate),
    }
    return made[name]()


def schedule(name: str, of: Any, steps: int, rate: float) -> Any:
    """PyTorch's scheduler of that name, for so many steps in each epoch."""
    from torch.optim import lr_scheduler

    made = {
        "constant": lambda: lr_scheduler.LambdaLR(of, lambda _: 1.0),
        "step": lambda: lr_scheduler.StepLR(of, steps, gamma=0.5),
        "exponential": lambda: lr_scheduler.ExponentialLR(of, gamma=0.99),
        "cosine": lambda: lr_scheduler.CosineAnnealingLR(of, steps * EPOCHS),
        "one_cycle": lambda: lr_scheduler.OneCycleLR(of, rate, total_steps=steps * EPOCHS, cycle_momentum=False),
        "warm_up": lambda: lr_scheduler.LinearLR(of, 0.1, total_iters=steps),
    }
    return made[name]()


def training(loss: str, act: str, optimizer_name: str, batch: Any, schedule_name: str) -> dict[str, Any]:
    """What one configuration comes to."""
    import torch
    from torch.nn import functional

    acts = {
        "relu": torch.relu,
        "leaky_relu": functional.leaky_relu,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "softplus": functional.softplus,
        "sin": torch.sin,
    }
    losses = {
        "squared": functional.mse_loss,
        "absolute": functional.l1_loss,
        "huber": functional.huber_loss,
        "logistic": functional.binary_cross_entropy_with_logits,
    }
    weights = {w: torch.tensor(value, dtype=torch.float64, requires_grad=True) for w, value in WEIGHTS.items()}
    rate, size = OPTIMIZERS[optimizer_name], len(XS) if batch == "all" else batch
    steps = -(-len(XS) // size)
    made = optimizer(optimizer_name, list(weights.values()), rate)
    scheduler = schedule(schedule_name, made, steps, rate)
    xs = torch.tensor(XS, dtype=torch.float64)
    ys = torch.tensor(LABELS if loss == "logistic" else YS, dtype=torch.float64)
    rates, means, after = [], [], []
    for _ in range(EPOCHS):
        seen = []
        for first in range(0, len(XS), size):
            x, y = xs[first : first + size], ys[first : first + size]
            hidden = [acts[act](weights[f"w{unit}"] * x + weights[f"b{unit}"]) for unit in (1, 2)]
            out = weights["v1"] * hidden[0] + weights["v2"] * hidden[1] + weights["b"]
            each = losses[loss](out, y, reduction="none")
            seen += each.tolist()
            made.zero_grad()
            each.mean().backward()
            if optimizer_name.endswith("clipped"):
                norm = sum(w.grad.item() ** 2 for w in weights.values()) ** 0.5
                for w in weights.values():
                    w.grad *= min(1.0, LIMIT / norm)
            rates.append(made.param_groups[0]["lr"])
            made.step()
            scheduler.step()
        means.append(sum(seen) / len(seen))
        after.append({w: tensor.item() for w, tensor in weights.items()})
    return {
        "loss": loss,
        "activation": act,
        "optimizer": optimizer_name,
        "batch": batch,
        "schedule": schedule_name,
        "lr": rate,
        "rates": rates,
        "means": means,
        "weights": after,
    }


def main() -> None:
    """Compute everything and write it."""
    import torch

    figures = {
        "torch": torch.__version__,
        "xs": XS,
        "ys": YS,
        "labels": LABELS,
        "starts": WEIGHTS,
        "limit": LIMIT,
        "training": [training(*made) for made in configurations()],
    }
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
