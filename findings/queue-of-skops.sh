#!/usr/bin/env bash
# Guess: what skops saves without an error, it loads with the same content.
# What happens: a collections.deque comes back empty, without its maxlen, with no error and no warning, alone or as an
# attribute of an estimator. Its type must be named as trusted, so it is looked at by who loads it. Lists, sets, Counter,
# defaultdict, random generators and masked arrays come back whole. Pickle keeps the deque.
# Versions: skops 0.16.0.
# Why it matters: estimators that learn from a stream keep their last errors or samples in a deque; after loading they
# answer as if they had seen none.
# Guard: hemline/tracking/flavors.py has a fixed list of trusted types, of scikit-learn's own classifiers; deque is not
# among them.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh skops==0.16.0 scikit-learn==1.9.1 numpy==2.4.6
cat >watch.py <<'END'
from collections import deque

from sklearn.base import BaseEstimator, ClassifierMixin


class MostFrequentOfLast(ClassifierMixin, BaseEstimator):
    """Answers the most frequent of the last labels."""

    def __init__(self, last=100):
        self.last = last

    def fit(self, images, labels):
        self.classes_, self.labels_ = sorted(set(labels)), deque(labels, maxlen=self.last)
        return self
END
python -W error - <<'END'
import pickle
from collections import Counter, deque

from skops.io import dumps, get_untrusted_types, loads
from watch import MostFrequentOfLast


def again(thing):
    data = dumps(thing)
    return loads(data, trusted=get_untrusted_types(data=data))


model = MostFrequentOfLast(last=3).fit([[0]] * 5, [1, 1, 2, 2, 2])
loaded = again(model)
print("saved: ", model.labels_)
print("loaded:", loaded.labels_, "classes:", loaded.classes_)
print("pickle:", pickle.loads(pickle.dumps(model)).labels_)
assert model.labels_ == deque([2, 2, 2])
assert loaded.classes_ == [1, 2]
assert loaded.labels_ == deque([]), "changed: a deque comes back whole"
assert loaded.labels_.maxlen is None, "changed"
assert again(Counter("aab")) == Counter("aab")
END
