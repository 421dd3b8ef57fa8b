"""A PyTorch network as a sheet: the same weights, and each step of its training as formulas. Needs PyTorch."""

import tempfile
from pathlib import Path

import graddesc_xl as gx

try:
    import torch
except ImportError:
    print("PyTorch is not installed: pip install 'graddesc-xl[torch]'")
else:
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(1, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1)).double()
    samples = gx.data([-1.0, -0.5, 0.0, 0.5, 1.0], [-0.8, -0.5, 0.0, 0.5, 0.8])
    model = gx.from_torch(network, samples)
    e = gx.experiment(model, samples, lr=0.1, epochs=20, name="network")
    print(*(f"{line} = {formula}" for line, formula in model.lines.items()), sep="\n")
    print(f"√Σe² {e.run().errors[-1]:.4f} after 20 epochs")
    built = gx.Lesson("A network from PyTorch", [e]).build(Path(tempfile.mkdtemp()) / "network.xlsx")
    print("verified" if gx.verify(built.path).ok else "not verified")
