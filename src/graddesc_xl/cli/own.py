"""An experiment of one's own from the words of a command line: a model, data, how it is trained."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import SettingError, shown
from .show import screen

if TYPE_CHECKING:
    from ..experiments import Experiment
    from ..parts.data import Dataset
    from ..parts.equations import Optimizer

GROUP = "A model of your own"


def _option(names: str, metavar: str, words: str) -> typer.models.OptionInfo:
    made: typer.models.OptionInfo = typer.Option(names, metavar=metavar, help=words, rich_help_panel=GROUP)
    return made


ModelOption = Annotated[
    str | None,
    _option("--model", "TEXT", "Lines of maths, as in 'h = tanh(a*x + b); c*h + d', or the name of a shipped model."),
]
DataOption = Annotated[
    Path | None, _option("--data", "FILE", "Samples: .csv, .tsv or .xlsx; the 29 of graddesc.xlsx if left out.")
]
TargetOption = Annotated[str | None, _option("--target", "COLUMN", "The column to predict; the last if left out.")]
InputsOption = Annotated[
    str | None, _option("--inputs", "COLUMN,...", "The columns to predict from; all others if left out.")
]
SheetOption = Annotated[str | None, _option("--sheet", "NAME", "The sheet of an .xlsx that holds the samples.")]
ScaleOption = Annotated[
    str | None, _option("--scale", "z-score|min-max", "What the model sees in place of each column.")
]
ValidationOption = Annotated[
    float | None, _option("--validation", "SHARE", "The share of the samples that no step sees, as in 0.2.")
]
OptimizerOption = Annotated[
    str | None,
    _option(
        "--optimizer",
        "NAME|TEXT",
        "An optimizer by its name (adam is that of graddesc.xlsx, torch_adam the textbook's), or its equations, as in "
        "'buf = mu*prev(buf) + g; new = w - lr*buf' with --set mu=0.9.",
    ),
]
LossOption = Annotated[
    str | None, _option("--loss", "NAME|TEXT", "squared, absolute, huber, logistic, or a line of pred and y.")
]
ScheduleOption = Annotated[
    str | None, _option("--schedule", "NAME", "How the rate goes: constant, step, exponential, cosine, ...")
]
BatchOption = Annotated[str | None, _option("--batch", "N|all", "How many samples share a step.")]
RateOption = Annotated[float | None, _option("--lr", "NUMBER", "The learning rate; 0.01 if left out.")]
StartOption = Annotated[
    str | None, _option("--start", "NUMBER|WAY", "Where weights start: a number, normal, uniform, he or xavier.")
]
SeedOption = Annotated[int | None, _option("--seed", "N", "What start weights are drawn by.")]


@dataclass(frozen=True)
class Own:
    """What was typed of a model of one's own."""

    model: str | None = None
    data: Path | None = None
    target: str | None = None
    inputs: str | None = None
    sheet: str | None = None
    scale: str | None = None
    validation: float | None = None
    optimizer: str | None = None
    loss: str | None = None
    schedule: str | None = None
    batch: str | None = None
    lr: float | None = None
    start: str | None = None
    seed: int | None = None

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) is not None for field in fields(self))

    @property
    def first(self) -> str:
        """The first option that was given."""
        return next(f"--{field.name}" for field in fields(self) if getattr(self, field.name) is not None)

    def experiment(self, settings: Sequence[str], epochs: int | None) -> Experiment:
        """The experiment, with the settings of `--set`."""
        from ..experiments import experiment

        if self.model is None:
            raise SettingError(
                f"{self.first} is of a model of your own, and there is none: add it, as in --model 'a*x + b'."
            )
        numbers = dict(map(_number, settings))
        data, optimizer = self.samples(), self._optimizer(numbers)
        said: dict[str, str | int] = {
            name: value
            for name, value in (("loss", self.loss), ("schedule", self.schedule), ("seed", self.seed))
            if value is not None
        }
        if self.batch is not None:
            said["batch"] = int(self.batch) if self.batch.isdecimal() else self.batch
        return experiment(
            self.model,
            data,
            optimizer=optimizer,
            lr=0.01 if self.lr is None else self.lr,
            epochs=10 if epochs is None else epochs,
            start="given" if self.start is None else _start(self.start),
            values=numbers,
            **said,  # type: ignore[arg-type]  # checked there
        )

    def samples(self) -> Dataset:
        """The samples of the file, or those of the published spreadsheet; what is left out of a file is said."""
        from ..parts.data import GRADDESC
        from ..tables import data

        if self.data is None:
            for option in ("target", "inputs", "sheet", "scale", "validation"):
                if getattr(self, option) is not None:
                    raise SettingError(f"--{option} is of a file of samples: name it with --data houses.csv.")
            return GRADDESC
        chosen = [part.strip() for part in (self.inputs or "").split(",") if part.strip()]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = data(
                self.data,
                self.target or "",
                inputs=chosen,
                sheet=self.sheet or "",
                scale=self.scale or "",
                validation=self.validation or 0,
            )
        for warning in caught:
            screen(err=True).print(str(warning.message), soft_wrap=True, markup=False)
        return found

    def _optimizer(self, numbers: dict[str, float]) -> Optimizer | str:
        """The optimizer: of a text, with the settings that its equations need."""
        given = self.optimizer or "sgd"
        if given.isidentifier():
            return given
        from ..parts.writing import needed, optimizer

        own = {name: numbers.pop(name) for name in needed(given) & {*numbers}}
        return optimizer(given, **own)  # type: ignore[arg-type]  # numbers, none of them called as a text is


def _number(text: str) -> tuple[str, float]:
    """A setting's name and number."""
    name, equals, value = (part.strip() for part in text.partition("="))
    try:
        return name, float(value)
    except ValueError:
        said = f"{shown(value)} is no number" if equals else "it lacks a value"
        raise SettingError(f"--set {text}: {said}; write it as --set {name}=0.1.") from None


def _start(text: str) -> float | str:
    """Where weights start: a number, or how they are drawn."""
    try:
        return float(text)
    except ValueError:
        return text


def of(values: Mapping[str, object]) -> Own:
    """What was typed, from the arguments of a command."""
    return Own(**{field.name: values[field.name] for field in fields(Own)})  # type: ignore[arg-type]  # its own
