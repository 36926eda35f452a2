"""Drawing the settings of trials, by Optuna's samplers."""

import hashlib
import warnings
from collections.abc import Iterator
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler, QMCSampler, RandomSampler

from hemline.families.space import Range, Scalar
from hemline.tuning.search import Search

optuna.logging.set_verbosity(optuna.logging.WARNING)


def draw(search: Search, repeat: int = 0) -> Iterator[dict[str, Scalar]]:
    """Yield the settings of one trial after the other, without end, for the search number ``repeat`` of the variant.

    All are drawn in one process before any of them runs, because no score changes them. Variants draw independently of
    each other, by their names: two searches of the same network differ as two searches would.
    """
    study = optuna.create_study(sampler=_sampler(search, repeat))
    distributions = {key: _distribution(values) for key, values in search.space.items()}
    while True:
        trial = study.ask(distributions)
        yield {key: _short(value) for key, value in trial.params.items()}
        study.tell(trial, 0.0)


def _short(value: Scalar) -> Scalar:
    """Round to four digits: they are read, and typed again."""
    return float(f"{value:.4g}") if isinstance(value, float) else value


def _sampler(search: Search, repeat: int) -> BaseSampler:
    name = f"{search.seed} {search.settings.variant}{f' {repeat}' if repeat else ''}".encode()
    seed = int.from_bytes(hashlib.sha256(name).digest()[:4])
    if search.sampler == "random":
        return RandomSampler(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return QMCSampler(qmc_type="sobol", scramble=True, seed=seed, warn_independent_sampling=False)


def _distribution(values: Any) -> BaseDistribution:
    if not isinstance(values, Range):
        return CategoricalDistribution(values)
    if values.whole:
        return IntDistribution(int(values.low), int(values.high), log=values.log)
    return FloatDistribution(values.low, values.high, log=values.log)
