"""A lesson of one's own: three experiments, two data sets, a comparison; built, and verified from the file alone."""

import tempfile

from graddesc_xl import OPTIMIZERS, Comparison, Experiment, Lesson, Model, Row, build, dataset, verify

line = dataset([1, 4, 2, 5], [3, 9.5, 5, 11], name="nearly a line")
plane = dataset({"x": [1, 2, 3, 4], "v": [0, 1, 0, 2]}, [1, 4, 3, 8], name="on a plane")
two_inputs = Model("two_inputs", "two inputs", ("k", "m", "n"), {"pred": "k*x + m*v + n"}, inputs=("x", "v"))
plain = Experiment("plain", "plain SGD", "A line through four samples.", data=line, epochs=4, values={"lr": 0.01})
adam = Experiment("adam", "Adam", "The same with Adam.", OPTIMIZERS["adam"], data=line, epochs=4, values={"lr": 0.1})
tilted = Experiment("plane", "a plane", "Two inputs.", model=two_inputs, data=plane, epochs=4, values={"lr": 0.01})
rates = tuple(Row(f"{r}", (Experiment("sgd", data=line, epochs=4, values={"lr": r}),)) for r in (0.003, 0.01, 0.1))
compared = Comparison("rates", "Which rate?", "Type others.", ("one neuron",), rates, typed=("lr",), ordered=True)
lesson = Lesson("Lines and a plane", [plain, adam, tilted, compared])
built = build(lesson, tempfile.mkdtemp())
print(built.path.name, "of", ", ".join(built.sheets))
print(", ".join(f"{sheet}: {verdict}" for sheet, verdict in built.verdicts.items()))
print("verified" if verify(built.path).ok else "not verified")
