"""Windows, months, the autoregression, and networks that forecast."""

import numpy as np
import pytest

from lstmcourse import data, forecasting
from lstmcourse.forecasting import Forecasters, Part


@pytest.mark.parametrize(("window", "horizon"), [(3, 1), (1, 4), (5, 2)])
def test_windows_against_a_loop(window, horizon):
    series = np.random.default_rng(0).normal(size=11)
    x, y = forecasting.windows(series, window, horizon)
    assert len(x) == len(y) == 11 - window - horizon + 1
    for s in range(len(x)):
        assert x[s].tolist() == series[s : s + window].tolist() and y[s] == series[s + window + horizon - 1]


def test_a_series_that_is_too_short_is_refused():
    with pytest.raises(ValueError, match=r"^series must hold at least 7 numbers, got 6"):
        forecasting.windows(np.zeros(6), 5, 2)
    assert len(forecasting.windows(np.zeros(7), 5, 2)[1]) == 1


def test_months_are_means_and_gaps_lie_on_a_line():
    week = np.array(["2000-01-08", "2000-01-15", "2000-01-22", "2000-02-05", "2000-05-06"], dtype="datetime64[D]")
    months, means = forecasting.monthly(week, np.array([1.0, 3.0, np.nan, np.nan, 8.0]))
    assert months.astype(str).tolist() == [f"2000-0{k}" for k in range(1, 6)]
    np.testing.assert_allclose(means, [2.0, 3.5, 5.0, 6.5, 8.0])


def test_the_months_of_mauna_loa():
    arrays, _ = data.load("series")
    months, means = forecasting.monthly(arrays["week"], arrays["co2"])
    assert len(months) == len(means) == 526 and not np.isnan(means).any()
    of_may = arrays["co2"][arrays["week"].astype("datetime64[M]") == np.datetime64("1990-05")]
    assert means[months == np.datetime64("1990-05")] == pytest.approx(np.nanmean(of_may))


def test_the_autoregression_finds_the_weights_of_its_own_series():
    rng, series = np.random.default_rng(0), [0.3, -1.0]
    for _ in range(60):
        series.append(1.2 * series[-1] - 0.5 * series[-2] + 0.7)
    x, y = forecasting.windows(np.array(series), 2)
    assert forecasting.linear(x, y)(rng.normal(size=(4, 2))).shape == (4,)
    np.testing.assert_allclose(forecasting.linear(x, y)(np.array([[1.0, 2.0]])), [2.4 - 0.5 + 0.7])


def test_networks_learn_each_from_its_own_part():
    """One part asks for the last number of the window, the other for less than the first one."""
    x = np.random.default_rng(0).normal(5, 2, size=(200, 3))
    parts = [Part(x, x[:, -1], 5, 2), Part(x, 1 - x[:, 0], 0, 4)]
    model = Forecasters("gru", parts, nets=2, units=8)
    losses = np.array(list(model.train(200, lr=0.02)))
    assert losses.shape == (200, 2, 2) and (losses[-20:].mean(0) < 0.1 * losses[:5].mean(0)).all()
    for k, part in enumerate(parts):
        said = model(k, x[:50])
        assert said.shape == (2, 50) and np.abs(said - part.y[:50]).mean() < 1
