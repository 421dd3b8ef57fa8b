"""An experiment of one's own from the words of a command line: a model, data, how it is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ..errors import SettingError, shown
from .options import option

if TYPE_CHECKING:
    from ..experiments import Experiment
    from ..parts.data import Dataset
    from ..parts.equations import Optimizer

GROUP = "A model of your own"
_option = partial(option, GROUP)


@dataclass(frozen=True)
class Own:
    """What was typed of a model of one's own: each field an option of the commands that take one."""

    model: Annotated[
        str | None,
        _option("TEXT", "Lines of maths, as in 'h = tanh(a*x + b); c*h + d', or the name of a shipped model."),
    ] = None
    data: Annotated[
        Path | None, _option("FILE", "Samples: .csv, .tsv or .xlsx; the 29 of graddesc.xlsx if left out.")
    ] = None
    target: Annotated[str | None, _option("COLUMN", "The column to predict; the last if left out.")] = None
    inputs: Annotated[str | None, _option("COLUMN,...", "The columns to predict from; all others if left out.")] = None
    sheet: Annotated[str | None, _option("NAME", "The sheet of an .xlsx that holds the samples.")] = None
    scale: Annotated[str | None, _option("z-score|min-max", "What the model sees in place of each column.")] = None
    validation: Annotated[float | None, _option("SHARE", "The share of the samples that no step sees, as in 0.2.")] = (
        None
    )
    optimizer: Annotated[
        str | None,
        _option(
            "NAME|TEXT",
            "An optimizer by its name (adam is that of graddesc.xlsx, torch_adam the textbook's; graddesc-xl list has "
            "all), or its equations, as "
            "in 'buf = mu*prev(buf) + g; new = w - lr*buf' with --set mu=0.9.",
        ),
    ] = None
    loss: Annotated[
        str | None,
        _option(
            "NAME|TEXT",
            "squared, absolute, huber, logistic, or a line of pred and y; graddesc-xl list shows all names.",
        ),
    ] = None
    schedule: Annotated[str | None, _option("NAME", "How the rate goes: constant, step, exponential, cosine, ...")] = (
        None
    )
    batch: Annotated[str | None, _option("N|all", "How many samples share a step.")] = None
    lr: Annotated[float | None, _option("NUMBER", "The learning rate; 0.01 if left out.")] = None
    start: Annotated[
        str | None, _option("NUMBER|WAY", "Where weights start: a number, normal, uniform, he or xavier.")
    ] = None
    shuffled: Annotated[bool | None, _option("", "Let each epoch see the samples in another order.", "--shuffled")] = (
        None
    )
    seed: Annotated[
        int | None, _option("N", "What start weights, orders and the samples that no step sees are drawn by.")
    ] = None

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
            shuffled=bool(self.shuffled),
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
        return data(
            self.data,
            self.target or "",
            inputs=chosen,
            sheet=self.sheet or "",
            scale=self.scale or "",
            validation=self.validation or 0,
            seed=1 if self.seed is None else self.seed,
        )

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
