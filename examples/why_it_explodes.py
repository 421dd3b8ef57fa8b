"""Why does a second neuron explode at a rate that one neuron bears? Each step's factor says it."""

from graddesc_xl import GRADDESC, compare, run
from graddesc_xl.numbers.engine import run_plan
from graddesc_xl.running import experiment
from graddesc_xl.speed_limit import with_speed_limit

for name in ("basic SGD 1 neuron", "basic SGD 2 neuron collapse"):
    plan = with_speed_limit(experiment(name, gradient="analytic", epochs=1))
    factors = run_plan(plan, GRADDESC, {})["factor"][0]
    off = next((step for step, factor in enumerate(factors, 1) if factor < -1), None)
    said = f"further off first at step {off}, by a factor of {factors[off - 1]:.3f}" if off else "never further off"
    print(f"{name}: overshoots in {sum(factors < 0)} steps of epoch 1, {said}; {run(name).verdict}")

print("what helps:")
for (fix, group), trace in compare("fixes").items():
    if group == "2 neurons, collapse":
        print(f"  {fix:32} √Σe² {trace.errors[-1]:10.4g}   {trace.verdict}")
