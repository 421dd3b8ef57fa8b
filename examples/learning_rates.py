"""Which learning rate? One batch answers: every rate is a run, and the sharpest sample sets the limit."""

from graddesc_xl import GRADDESC, run

rates = [1e-6, 1e-5, 1e-4, 1.02e-4, 1e-3]
trace = run("basic", lr=rates, carry="new weights")
for rate, error, verdict in zip(rates, trace.errors[-1], trace.verdicts, strict=True):
    print(f"{rate:8.2e}   √Σe² {error:10.4g}   {verdict}")

steepest = max(GRADDESC.inputs["x"])
print(f"a step at x = {steepest:g} overshoots beyond {2 / (2 * (steepest**2 + 1)):.4e}")
