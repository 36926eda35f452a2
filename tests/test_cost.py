"""What variants cost, beside what they achieve."""

import pandas as pd
import pytest
from report_data import Inputs, comparison

from hemline.report.cost_plot import cost_figure, pareto_front
from hemline.report.plots import png


def test_the_front_holds_the_variants_that_no_other_one_beats_at_their_cost():
    costs, values = pd.Series([10, 10, 100, 200, 300]), pd.Series([0.8, 0.7, 0.9, 0.85, 0.9])
    assert pareto_front(costs, values) == [True, False, True, False, False]


def test_variants_of_equal_cost_and_value_are_both_of_the_front():
    assert pareto_front(pd.Series([1, 1]), pd.Series([0.5, 0.5])) == [True, True]


def shown(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def test_the_figure_names_every_variant_of_a_few():
    table = comparison(Inputs())
    assert sorted(shown(cost_figure(table))) == sorted(table["variant"])


def test_of_many_variants_the_figure_names_those_of_the_front():
    rows = [{"variant": f"v{place}", "parameters": 10 + place, "accuracy": 0.9 - 0.01 * place} for place in range(20)]
    table = pd.DataFrame(rows).assign(accuracy_low=0.5, accuracy_high=0.95)
    assert shown(cost_figure(table)) == ["v0"]
    assert png(cost_figure(table))


def test_of_a_loss_the_lower_one_is_better():
    table = pd.DataFrame({"variant": ["a", "b"], "parameters": [1, 2], "loss": [0.3, 0.4]})
    front = cost_figure(table.assign(loss_low=0.2, loss_high=0.5), "log_loss").axes[0].lines[0]
    assert front.get_ydata() == pytest.approx([0.3])
