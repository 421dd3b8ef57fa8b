"""Numbers as they are typed: `--set NAME=VALUE`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import SettingError, did_you_mean, shown
from .telling import short

if TYPE_CHECKING:
    from ..plan import Input

#: fields of an experiment that have an option of their own
OPTIONS = {"epochs": "--epochs 20", "carry": "--carry last", "gradient": "--gradient numerical"}


def parse_settings(given: Sequence[str], what: str, known: Sequence[Input]) -> dict[str, float]:
    """The numbers of --set NAME=VALUE by the names of the known inputs; `resolve` checks their ranges."""
    inputs = {i.label: i for i in known} | {i.name: i for i in known}
    settings: dict[str, float] = {}
    for text in given:
        name, equals, value = (part.strip() for part in text.partition("="))
        if name in OPTIONS:
            raise SettingError(f"{name} is no setting of a sheet: use {OPTIONS[name]}.")
        if name not in inputs:
            raise SettingError(f"{what} has no setting {shown(name)}.{did_you_mean(name, inputs)}")
        of = inputs[name]
        if not equals:
            raise SettingError(f"--set {text} lacks a value: write it as --set {name}={short(of.value)}.")
        if of.name in settings:
            raise SettingError(f"{name} is set twice: give one value.")
        settings[of.name] = parse_number(name, value, of)
    return settings


def parse_number(name: str, value: str, of: Input) -> float:
    """A setting's number."""
    try:
        return float(value)
    except ValueError:
        comma = " with a point, not a comma" if "," in value else ""
        example = f"{name}={short(of.value)}"
        raise SettingError(f"{name} must be a number{comma}, as in {example}, not {shown(value)}.") from None
