"""Count how often a test set was evaluated, as far as dvc.lock and Git's history know.

Each further look at the same test images makes the best result slightly overstated: C. Dwork et al. (2015), "The
reusable holdout"; B. Recht et al. (2019), "Do ImageNet classifiers generalize to ImageNet?".
"""

import re

from hemline.dependencies.history import versions
from hemline.dependencies.lock_file import LOCK_FILE

_RECORD = r"^    - path: {}\n      hash: md5\n      md5: (\S+)$"
# Both determine the test images: the description says which are set aside.
_TEST_SET = [re.compile(_RECORD.format(path), re.MULTILINE) for path in (r"data/raw", r"data/[a-z0-9-]+\.yaml")]
_RESULTS = re.compile(_RECORD.format(r"reports/metrics\.json"), re.MULTILINE)


def count_evaluations() -> int:
    """Return how many results there are for the current test images; 0 without a dvc.lock.

    It is a lower bound: results that were neither committed nor kept as a DVC experiment are unknown.
    """
    if not LOCK_FILE.is_file():
        return 0
    current = LOCK_FILE.read_text()
    earlier = [contents[str(LOCK_FILE)].decode(errors="replace") for contents in versions(str(LOCK_FILE))]
    same = [lock for lock in [current, *earlier] if _test_set(lock) == _test_set(current)]
    return len({found for lock in same for found in _RESULTS.findall(lock)})


def sentence(evaluations: int) -> str:
    """Say it in words."""
    if evaluations == 1:
        return "The test set was evaluated once, as far as Git's history shows."
    return (
        f"The test set was evaluated at least {evaluations} times, as Git's history shows; the best of several results "
        "is slightly overstated. Choose by validation."
    )


def _test_set(lock: str) -> list[str]:
    return [found[1] if (found := pattern.search(lock)) else "" for pattern in _TEST_SET]
