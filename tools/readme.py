"""Write the comparison of the workspace into the README and the walk-through, and draw its figure.

None of these results is typed by hand.

Reads:  params.yaml, data/<dataset>.yaml, data/normalized/, models/, reports/evaluation/
Writes: README.md, docs/README.md, docs/GETTING-STARTED.md, docs/gain.png
Run:    python -m tools.readme
"""

from pathlib import Path

from hemline.errors import InputError, one_line_errors
from hemline.params import load_params
from hemline.report.figures import figures
from hemline.report.page import comparison_table, verdict_on
from hemline.report.readme import rewrite
from hemline.report.results import Results, load_results
from hemline.terminal.arguments import parser
from hemline.words import isolated, plain_in_markdown


def main() -> None:
    """Rewrite the sections, and draw the figure."""
    with one_line_errors():
        results = load_results(load_params())
        if not results.others:
            raise InputError("variants: must be at least one beside the baseline; add one to params.yaml")
        table, picture = comparison_table(results), Path("docs/gain.png")
        answer = f"**{verdict_on(results).answer}**"
        sections = {
            Path("README.md"): "\n\n".join([_image(results, picture), answer, table, _settings(results)]),
            Path("docs/README.md"): _image(results, Path(picture.name)),
            Path("docs/GETTING-STARTED.md"): f"```text\n{table}\n```",
        }
        for path, content in sections.items():
            if path.parent == Path("docs") and not path.exists():  # in a project of `make new`
                continue
            print(f"{path}: " + ("rewritten" if rewrite(path, "summary", content) else "is up to date"))
        picture.write_bytes(figures(results)["gain.png"].png())


def _image(results: Results, path: Path) -> str:
    alternative = f"Gain of each variant over the baseline {results.params.baseline} on {_title(results)}"
    return f"![{alternative}, with 95 % intervals]({path})"


def _title(results: Results) -> str:
    return isolated(plain_in_markdown(results.source.title))


def _settings(results: Results) -> str:
    """Return what the trainings have in common."""
    params = results.params
    # A solved model has no epochs.
    epochs = sorted({params.epochs_of(name) for name, each in params.variants.items() if hasattr(each, "epochs")})
    seeds = len(params.seeds)
    told = f"{epochs[0]} to {epochs[-1]}" if len(epochs) > 1 else "".join(map(str, epochs))
    trained = f", {told} epoch{'s' * (epochs[-1] > 1)}" if epochs else ""
    return f"{_title(results)}, {seeds} seed{'s' * (seeds > 1)}{trained}."


if __name__ == "__main__":
    parser(__doc__, "python -m tools.readme").parse_args()
    main()
