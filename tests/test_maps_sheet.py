"""Maps of runs: as a picture, as a sheet, and the shipped ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import pytest

from graddesc_xl import Experiment
from graddesc_xl.errors import SettingError
from graddesc_xl.numbers.verdict import KINDS
from graddesc_xl.parts.models import TWO_NEURONS_RELU
from graddesc_xl.sweeps import Sweep
from graddesc_xl.sweeps.colours import COLOURS, LETTERS, error_bands, shades, step_bands, weight_bands

if TYPE_CHECKING:
    from matplotlib.axes import Axes

mpl.use("Agg")
SCALED = Experiment(
    "scaled", model=TWO_NEURONS_RELU, epochs=3, scaled=("x", "y"), values={"scale_x": 50.0, "scale_y": 100.0}
)


@pytest.fixture(scope="module")
def swept() -> Sweep:
    """Runs that learn, die and explode."""
    return SCALED.sweep(lr=np.geomspace(1e-2, 10, 9), a=np.linspace(-3, 3, 5))


def brightness(color: str) -> float:
    """How bright a colour is, as eyes weigh its parts."""
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue


def test_every_verdict_has_a_colour_and_a_letter_of_its_own() -> None:
    """What matters most is told apart by its brightness alone: learning, settled, dead and exploded."""
    assert {*COLOURS} == {*LETTERS} == {*KINDS}
    assert len({*COLOURS.values()}) == len({*LETTERS.values()}) == len(KINDS)
    lights = sorted(brightness(COLOURS[kind]) for kind in ("learning", "settled", "stuck"))
    assert min(np.diff(lights)) > 10
    ramp = [brightness(color) for color in shades(7)]
    assert ramp == sorted(ramp, reverse=True) and min(-np.diff(ramp)) > 15


def test_bands_span_what_did_not_explode(swept: Sweep) -> None:
    """Colours are spread over the errors of calm runs, evenly in their logarithm; an explosion does not count."""
    bands = error_bands(swept, 7)
    calm = swept.error[swept.kind != KINDS.index("exploded")]
    assert len(bands) == 7 and bands == sorted(bands)
    assert swept.error[np.isfinite(swept.error)].max() > 10 * bands[-1]
    assert calm.max() <= bands[-1] < 2 * calm.max()
    steps = np.diff(np.log(bands))
    assert steps.max() < 1.3 * steps.min()
    assert step_bands(swept, 7)[-1] >= swept.step.max()
    assert len(weight_bands(swept.weights["a"], swept, 7)) == 7


@pytest.mark.parametrize("value", [0.0, 1.0, np.nan, np.inf])
def test_bands_of_one_number_are_several_all_the_same(swept: Sweep, value: float) -> None:
    """Runs that all end alike, or with no number, have colours too."""
    assert len({*weight_bands(np.full(swept.shape, value), swept, 7)}) == 7
    same = SCALED.sweep(lr=[1e-3, 1e-3])
    assert len({*error_bands(same, 7)}) == 7 and step_bands(same, 7)
    lost = SCALED.sweep(lr=[10.0, 9.0])
    assert len({*error_bands(lost, 7)}) == 7


def mesh(axes: Axes) -> Any:
    """The numbers of a map, and nan where it shows none: a row per value of the axis that goes up."""
    drawn: Any = axes.collections[0]
    return np.ma.filled(drawn.get_array(), np.nan)


def test_a_picture_of_two_inputs_shows_every_run(swept: Sweep) -> None:
    """Errors and verdicts stand where their inputs are, and the run that is best is ringed."""
    errors, _, verdicts = swept.plot().axes
    assert (mesh(verdicts) == swept.kind.T).all()
    shown = mesh(errors)
    assert np.isnan(shown[:, -1]).all() and np.isfinite(shown[:, 0]).all()
    assert shown[0, 0] == swept.error[0, 0]
    for axes in (errors, verdicts):
        (ring,) = axes.lines
        at: Any = ring.get_data()
        assert tuple(float(end) for (end,) in at) == tuple(swept.grid.at(swept.best).values())
        assert (axes.get_xlabel(), axes.get_xscale(), axes.get_ylabel(), axes.get_yscale()) == (
            *("lr", "log"),
            *("a", "linear"),
        )
    legend = verdicts.get_legend()
    assert legend and {text.get_text() for text in legend.get_texts()} == {*np.unique(swept.verdicts)}


def test_values_in_any_order_make_the_same_picture(swept: Sweep) -> None:
    """An axis rises, however its values were given."""
    turned = SCALED.sweep(lr=np.geomspace(1e-2, 10, 9)[::-1], a=np.linspace(-3, 3, 5)[::-1])
    for one, other in zip(swept.plot().axes[::2], turned.plot().axes[::2], strict=True):
        assert np.array_equal(mesh(one), mesh(other), equal_nan=True)


def test_a_picture_of_one_input_is_a_curve() -> None:
    """Errors over the input before the colours of the verdicts; what is no number leaves a gap."""
    line = SCALED.sweep(lr=np.geomspace(1e-3, 10, 9))
    (axes,) = line.plot().axes
    (curve,) = axes.lines
    found = np.asarray(curve.get_ydata(), dtype=float)
    assert np.isnan(found[-1]) and (found[:6] == line.error[:6]).all()
    assert len(axes.patches) == 9 and axes.get_xscale() == axes.get_yscale() == "log"


def test_one_run_and_no_number_are_pictures_too() -> None:
    """An axis of one value, and a sweep of which every run exploded."""
    assert SCALED.sweep(lr=[0.1]).plot().axes
    assert SCALED.sweep(lr=[10.0, 20.0], a=[1.0]).plot().axes


def test_of_three_inputs_there_is_no_picture() -> None:
    """It says what to do instead."""
    swept = SCALED.sweep(lr=[0.1, 0.2], a=[1.0], b=[1.0, 2.0], epochs=1)
    with pytest.raises(SettingError, match=r"over 3 inputs, lr, a, b: give all but two of them one number.*'b': 1"):
        swept.plot()
