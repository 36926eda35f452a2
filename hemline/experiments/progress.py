"""The progress of declared experiments, from the lines that DVC and the stages print."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from hemline.jobs.progress import Progress
from hemline.params import Params
from hemline.terminal.bar import watched
from hemline.terminal.line import line

_STAGE = re.compile(r"Running stage '(?P<stage>[a-z]+)(@(?P<variant>[a-z0-9-]+))?'")
_CACHED = re.compile(r"Stage 'train@(?P<variant>[a-z0-9-]+)' (is cached|didn't change)")


@contextmanager
def progress(
    experiments: Mapping[str, Params], label: Callable[[str, str], str]
) -> Iterator[Callable[[str, str], None]]:
    """Show the progress of experiments by name; yields a function of an experiment and a printed line.

    ``label`` returns a remark on an experiment's variant.

    In a terminal, one line is updated, with the time left; elsewhere, each variant has a line.
    """
    epochs = {
        (name, variant): len(each.seeds_of(variant)) * each.epochs_of(variant)
        for name, each in experiments.items()
        for variant in each.variants
    }
    shown, is_watched, total = line("epochs", left="left at most"), watched(), sum(epochs.values())  # some stop early
    task = shown.add_task("", total=total)

    def receive(experiment: str, text: str) -> None:
        nonlocal total
        if match := _CACHED.search(text):  # cached by DVC
            total -= epochs.get((experiment, match["variant"]), 0)
            shown.update(task, total=total)
        elif match := _STAGE.search(text):
            what, variant = match["stage"], match["variant"]
            if what == "tune":
                shown.update(task, description=f"{experiment} · {what} {variant}")
                return
            if variant:
                remark = label(experiment, variant)
                what = f"{variant} ({remark})" if remark else variant
            shown.update(task, description=f"{experiment} · {what}")
            if variant and not is_watched:
                print(f"{experiment} · {what}", flush=True)
        elif Progress.read(text):
            shown.advance(task)

    if is_watched:
        shown.start()
    try:
        yield receive
    finally:
        if is_watched:
            shown.stop()
