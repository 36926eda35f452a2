#!/usr/bin/env bash
# Guess: a uniform integer between 1 and 3 is 1, 2 or 3 with the same probability, before a search has learned
# anything.
# What happens: three libraries draw a real number between 1 and 3 and round it: 2 gets half of the trials, 1 and 3 a
# quarter each. This is so for hyperopt's uniformint, nevergrad's set_integer_casting, and scikit-optimize where a
# Gaussian process is used; the same dimension drawn for a forest, or by Integer.rvs, is uniform. So are Optuna and
# ConfigSpace.
# Versions: hyperopt 0.3.0, nevergrad 1.0.12, scikit-optimize 0.10.2, optuna 5.0.0, ConfigSpace 1.2.2.
# Why it matters: numbers of layers have few values. The middle has twice the chances to be the best of its trials, and
# two searches of an equal budget that use different libraries, or surrogates, are not equal for the same space.
# Guard: hemline/tuning/sampling.py draws whole numbers with Optuna.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh hyperopt==0.3.0 nevergrad==1.0.12 scikit-optimize==0.10.2 optuna==5.0.0 ConfigSpace==1.2.2 scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1 setuptools==80.9.0
python -W ignore - <<'END'
import numpy as np
import nevergrad
import optuna
from ConfigSpace import ConfigurationSpace
from hyperopt import Trials, fmin, hp, rand
from skopt import forest_minimize, gp_minimize
from skopt.space import Integer

N = 400
optuna.logging.set_verbosity(optuna.logging.ERROR)


def by_hyperopt():
    trials = Trials()
    fmin(lambda layers: 0.0, hp.uniformint("layers", 1, 3), algo=rand.suggest, max_evals=N, trials=trials,
         rstate=np.random.default_rng(1), show_progressbar=False)
    return trials.vals["layers"]


def by_nevergrad():
    layers = nevergrad.p.Scalar(lower=1, upper=3).set_integer_casting()
    layers.random_state = np.random.RandomState(1)
    search = nevergrad.optimizers.RandomSearch(parametrization=layers, budget=N)
    return [search.ask().value for _ in range(N)]


def by_skopt(minimize):
    drawn = minimize(lambda layers: 0.0, [(1, 3)], n_calls=N, n_initial_points=N, random_state=1)
    return [layers for layers, in drawn.x_iters]


def by_optuna():
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(1))
    study.optimize(lambda trial: 0.0 * trial.suggest_int("layers", 1, 3), n_trials=N)
    return [trial.params["layers"] for trial in study.trials]


def by_configspace():
    return [each["layers"] for each in ConfigurationSpace({"layers": (1, 3)}, seed=1).sample_configuration(N)]


drawn = {
    "hyperopt, uniformint": by_hyperopt(),
    "nevergrad, integer casting": by_nevergrad(),
    "scikit-optimize, gp_minimize": by_skopt(gp_minimize),
    "scikit-optimize, forest_minimize": by_skopt(forest_minimize),
    "scikit-optimize, Integer.rvs": Integer(1, 3).rvs(N, random_state=1),
    "Optuna, suggest_int": by_optuna(),
    "ConfigSpace, (1, 3)": by_configspace(),
}
shares = {name: np.bincount(np.array(values, int), minlength=4)[1:] / N for name, values in drawn.items()}
for name, (one, two, three) in shares.items():
    print(f"{name:33} 1: {one:.2f}  2: {two:.2f}  3: {three:.2f}")
for number, (one, two, three) in enumerate(shares.values()):
    expected = (0.25, 0.5, 0.25) if number < 3 else (1 / 3, 1 / 3, 1 / 3)
    assert np.allclose((one, two, three), expected, atol=0.08), "changed"
END
