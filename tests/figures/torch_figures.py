"""Figures for the textbook optimizers, for every model's gradient and for two neurons, by PyTorch in float64.

Written with `python tests/figures/torch_figures.py` (needs torch and the standard library only), which
replaces torch_figures.json beside this file. Nothing of graddesc_xl is imported: these are outside figures.

training: one neuron `a*x + b` from a = b = 1, squared error, one optimizer step per sample, two passes over
the 29 samples that go on from each other's weights; per step the values before and after it. gradients: by
autograd, at points of weights, x and y; ReLU points where the neuron is on, off, and exactly at its corner.

clipped: two neurons `c*(a*x + b) + d`, all weights 1, plain SGD with clip_grad_norm_, two passes, with a limit
below and a limit amid the gradients' lengths; per step the values before and after it. scaled: the same two
neurons trained on x and y divided by constants, without clipping, one pass; per step the weights after it and the
error in the units of y. prediction_gradients: the square of the length of the prediction's gradient by the
weights, by autograd, at the same points.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

XS = [
    14, 86, 28, 51, 28, 29, 72, 62, 84, 15, 42, 62, 47, 35, 9,
    38, 44, 99, 13, 21, 28, 20, 8, 64, 99, 70, 27, 17, 8,
]  # fmt: skip
EPOCHS = 2

#: weights (a, b, c, d), x, y; in order: on, far away, negative weights, dead, dead, the corner, tiny, huge
POINTS = [
    ({"a": 1.0, "b": 1.0, "c": 1.0, "d": 1.0}, 14.0, 58.0),
    ({"a": 2.375, "b": -7.5, "c": 0.3, "d": 12.25}, 86.0, 202.0),
    ({"a": -0.7, "b": 61.3, "c": -1.9, "d": 4.1}, 28.0, 86.0),
    ({"a": -1.3, "b": 0.4, "c": 2.2, "d": 29.5}, 51.0, 132.0),
    ({"a": 0.01, "b": -3.0, "c": -0.6, "d": -8.75}, 99.0, 228.0),
    ({"a": 0.5, "b": -7.0, "c": 1.7, "d": 2.9}, 14.0, 58.0),
    ({"a": 1e-6, "b": 2e-5, "c": 3e-4, "d": 4e-5}, -80.0, -130.0),
    ({"a": 1234.5, "b": -987.65, "c": 321.0, "d": -4567.8}, 120.0, 270.0),
]


def training(name: str, optimizer: Any, states: dict[str, str], **options: float) -> dict[str, Any]:
    """The trajectory of one optimizer; `states`: column prefix -> the optimizer's name for that state."""
    import torch

    weights = {w: torch.tensor(1.0, dtype=torch.float64, requires_grad=True) for w in ("b", "a")}
    torch_optimizer = optimizer(list(weights.values()), **options)
    steps = []
    for x in XS * EPOCHS:
        y = 2.0 * x + 30.0
        step = {w: tensor.item() for w, tensor in weights.items()}
        torch_optimizer.zero_grad()
        pred = weights["a"] * x + weights["b"]
        error = (y - pred) ** 2
        error.backward()
        torch_optimizer.step()
        step |= {"pred": pred.item(), "err": error.item()}
        for w, tensor in weights.items():
            step[f"d_{w}"] = tensor.grad.item()
            step[f"new_{w}"] = tensor.item()
            for prefix, state in states.items():
                step[f"{prefix}_{w}"] = torch_optimizer.state[tensor][state].item()
        steps.append(step)
    return {"optimizer": name, "lr": options["lr"], "steps": steps}


def predicted(model: str, weights: dict[str, float], x: float) -> tuple[dict[str, Any], Any, Any]:
    """The weights that a model has, as tensors; what its first neuron adds up; its prediction."""
    import torch

    tensors = {w: torch.tensor(value, dtype=torch.float64, requires_grad=True) for w, value in weights.items()}
    z = tensors["a"] * x + tensors["b"]
    if model == "one_neuron":
        return {w: tensors[w] for w in ("b", "a")}, z, z
    hidden = torch.relu(z) if model == "two_neurons_relu" else z
    return {w: tensors[w] for w in ("b", "a", "d", "c")}, z, tensors["c"] * hidden + tensors["d"]


def gradients(model: str, weights: dict[str, float], x: float, y: float) -> dict[str, Any]:
    """The gradient of the squared error of one sample by autograd."""
    used, z, pred = predicted(model, weights, x)
    error = (y - pred) ** 2
    error.backward()
    slopes = {w: tensor.grad.item() for w, tensor in used.items()}
    return {
        "model": model,
        "weights": {w: weights[w] for w in used},
        "x": x,
        "y": y,
        "z": z.item(),
        "gradient": slopes,
    }


def prediction_gradient(model: str, weights: dict[str, float], x: float, y: float) -> dict[str, Any]:
    """The squared length of the gradient of the prediction itself by autograd; y only completes the sample."""
    used, _, pred = predicted(model, weights, x)
    pred.backward()
    square = sum(tensor.grad.item() ** 2 for tensor in used.values())
    return {"model": model, "weights": {w: weights[w] for w in used}, "x": x, "y": y, "grad2": square}


def two_neurons(rate: float) -> tuple[dict[str, Any], Any]:
    """The four weights of two stacked neurons, all 1, and plain SGD on them."""
    import torch

    weights = {w: torch.tensor(1.0, dtype=torch.float64, requires_grad=True) for w in ("b", "a", "d", "c")}
    return weights, torch.optim.SGD(list(weights.values()), lr=rate)


def clipped(rate: float, limit: float) -> dict[str, Any]:
    """The trajectory of two neurons whose gradient is clipped; clipped_: the gradient after it was.

    torch divides by the length plus 1e-6, so a clipped gradient is that much shorter than the limit.
    """
    import torch

    weights, optimizer = two_neurons(rate)
    steps = []
    for x in XS * EPOCHS:
        step = {w: tensor.item() for w, tensor in weights.items()}
        optimizer.zero_grad()
        pred = weights["c"] * (weights["a"] * x + weights["b"]) + weights["d"]
        error = (2.0 * x + 30.0 - pred) ** 2
        error.backward()
        step["err"] = error.item()
        step["norm"] = torch.nn.utils.clip_grad_norm_(list(weights.values()), limit).item()
        step |= {f"clipped_{w}": tensor.grad.item() for w, tensor in weights.items()}
        optimizer.step()
        step |= {f"new_{w}": tensor.item() for w, tensor in weights.items()}
        steps.append(step)
    return {"lr": rate, "limit": limit, "steps": steps}


def scaled(rate: float, scale_x: float, scale_y: float | None = None) -> dict[str, Any]:
    """The trajectory of two neurons that see x / scale_x and, if it is given, y / scale_y."""
    weights, optimizer = two_neurons(rate)
    unit = 1.0 if scale_y is None else scale_y
    steps = []
    for x in XS:
        optimizer.zero_grad()
        pred = weights["c"] * (weights["a"] * (x / scale_x) + weights["b"]) + weights["d"]
        loss = ((2.0 * x + 30.0) / unit - pred) ** 2
        loss.backward()
        optimizer.step()
        residual = 2.0 * x + 30.0 - unit * pred.item()
        steps.append({"err": residual**2} | {f"new_{w}": tensor.item() for w, tensor in weights.items()})
    return {"lr": rate, "scale_x": scale_x, "scale_y": scale_y, "steps": steps}


def main() -> None:
    """Compute everything and write it."""
    import torch

    optim = torch.optim
    figures = {
        "torch": torch.__version__,
        "training": [
            training("torch_momentum", optim.SGD, {"buf": "momentum_buffer"}, lr=1e-5, momentum=0.9),
            training("torch_rmsprop", optim.RMSprop, {"sq": "square_avg"}, lr=0.02, alpha=0.99, eps=1e-8),
            training("torch_adam", optim.Adam, {"avg": "exp_avg", "sq": "exp_avg_sq"}, lr=0.1, eps=1e-8),
            training("torch_nesterov", optim.SGD, {"buf": "momentum_buffer"}, lr=1e-5, momentum=0.9, nesterov=True),
            training("torch_adagrad", optim.Adagrad, {"added": "sum"}, lr=0.1, eps=1e-10),
            training("torch_adamw", optim.AdamW, {"avg": "exp_avg", "sq": "exp_avg_sq"}, lr=0.05, eps=1e-8),
        ],
        "gradients": [
            gradients(model, *point) for model in ("one_neuron", "two_neurons", "two_neurons_relu") for point in POINTS
        ],
        "clipped": [clipped(1e-4, 30.0), clipped(1e-5, 5000.0)],
        "scaled": [scaled(1e-4, 30.0), scaled(1e-4, 50.0, 100.0), scaled(0.1, 50.0, 100.0)],
        "prediction_gradients": [
            prediction_gradient(model, *point)
            for model in ("one_neuron", "two_neurons", "two_neurons_relu")
            for point in POINTS
        ],
    }
    text = json.dumps(figures, indent=1) + "\n"
    Path(__file__).with_suffix(".json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
