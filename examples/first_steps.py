"""Run the basic sheet in NumPy and look at its numbers."""

from graddesc_xl import run

trace = run("basic", epochs=3)
print(trace.epoch_frame().round(4).to_string(index=False))
print(trace.frame()[["step", "x", "y", "pred", "err", "d_b", "d_a"]].head(3).to_string(index=False))
print("verdict:", trace.verdict)
