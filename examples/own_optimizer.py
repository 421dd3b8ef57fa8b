"""An optimizer of one's own, typed as its equations, beside all that come with the package, on the same data."""

import graddesc_xl as gx

sign = gx.optimizer(
    "avg = beta*prev(avg) + (1 - beta)*g; new = w - lr*avg/(abs(avg) + 1)", beta=0.9, name="mine", title="soft sign"
)
print(f"{'optimizer':<16} {'epoch 1':>9} {'epoch 10':>9}  verdict")
for name, optimizer in {**gx.OPTIMIZERS, "mine": sign}.items():
    lr = {"sgd": 1e-5, "momentum": 1e-5, "torch_momentum": 1e-6, "torch_nesterov": 1e-6, "clipped": 1e-4}.get(name, 0.1)
    trace = gx.experiment("one_neuron", gx.GRADDESC, optimizer=optimizer, lr=lr, epochs=10).run()
    print(f"{name:<16} {trace.errors[0]:9.2f} {trace.errors[-1]:9.2f}  {trace.verdict}")
