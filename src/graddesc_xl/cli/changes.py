"""What a command line changes of an experiment: epochs, settings, what an epoch starts from, what drives the steps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .typed import beginning, complete_experiment, complete_setting

if TYPE_CHECKING:
    from ..experiments import Experiment


#: the experiment whose runs a command looks at
Named = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NAME|FILE]",
        autocompletion=complete_experiment,
        help="An experiment, quoted or not; or the file of a recipe, or a workbook, with the numbers that were "
        "typed into it: of several runs, --sheet names one.",
    ),
]


@dataclass(frozen=True)
class Changes:
    """What was typed of it: each field an option of the commands that run experiments."""

    epochs: Annotated[int | None, typer.Option(metavar="N", help="Passes over the samples.")] = None
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            autocompletion=complete_setting,
            help="Change a setting; may be repeated.",
        ),
    ] = None
    carry: Annotated[
        str | None,
        typer.Option(metavar="new|last", help="What an epoch starts from: new weights or last row's weights."),
    ] = None
    gradient: Annotated[
        str | None, typer.Option(metavar="analytic|numerical", help="Which derivatives drive the steps.")
    ] = None

    @property
    def settings(self) -> list[str]:
        """The settings, as they were typed."""
        return self.setting or []

    def also(self, setting: str) -> Changes:
        """These, and one more setting."""
        return replace(self, setting=[*self.settings, setting])

    def made(self, e: Experiment | str) -> Experiment:
        """An experiment, or that of a name, with what was typed of its fields."""
        from ..experiments import CARRIES, GRADIENTS
        from ..running import experiment

        fields = {
            "epochs": self.epochs,
            "carry": beginning(self.carry, CARRIES),
            "gradient": beginning(self.gradient, GRADIENTS),
        }
        changed: Any = {name: value for name, value in fields.items() if value is not None}
        return experiment(e, **changed)
