"""Test published claims with repeated trainings, and report which of them hold.

Reads:  claims.yaml; the data sets that it names
Writes: DVC experiments, MLflow runs; reports/claims.html, reports/claims.md; with --docs, README.md, docs/CLAIMS.md
Run:    hemline claims --docs
"""

import signal
from pathlib import Path

from hemline.claims.file import Claims, load_claims
from hemline.claims.mlflow_runs import complete_runs
from hemline.claims.outcome import Experiment
from hemline.claims.page import headlines, in_all, render, short_table, summary
from hemline.claims.questions import Outputs, answer
from hemline.claims.verdicts import Judged, judge_claim
from hemline.experiments.declared import run_all
from hemline.report.page import write
from hemline.report.readme import rewrite
from hemline.terminal.arguments import option

REPORTS = Path("reports")
README, PAGE = Path("README.md"), Path("docs/CLAIMS.md")


@option("--docs", action="store_true", help=f"also write the table into {PAGE}, its sum into {README}")
def main(docs: bool) -> None:
    """Run the missing trainings, judge the claims, and write the page."""
    # SIGTERM ends DVC and the trainings as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    claims = load_claims()
    revisions = run_all({name: claims.values(name) for name in claims.experiments}, claims.label)
    experiments = {name: Experiment(name, claims.params(name), revision) for name, revision in revisions.items()}
    seconds = complete_runs(claims, list(experiments.values()))
    judged = _judge_and_write(claims, experiments, seconds)
    if docs:
        _write_docs(judged)


def _write_docs(judged: list[Judged]) -> None:
    page = filter(None, [summary(judged), in_all(judged), short_table(judged)])
    sections = {README: headlines(judged), PAGE: "\n\n".join(page)}
    for path, content in sections.items():
        print(f"{path}: " + ("rewritten" if rewrite(path, "claims", content) else "is up to date"))


def _judge_and_write(
    claims: Claims, experiments: dict[str, Experiment], seconds: dict[str, list[float]]
) -> list[Judged]:
    """Judge, write the page and the summary, and print the verdicts."""
    outcomes = {
        f"{name}/{variant}": experiment.outcome(variant, seconds)
        for name, experiment in experiments.items()
        for variant in experiment.params.variants
    }
    judged = [judge_claim(claim, outcomes, claims.refusal) for claim in claims.claims]
    outputs = {
        question.outputs_of: _outputs(question.outputs_of, experiments)
        for question in claims.questions
        if question.outputs_of
    }
    by_id = {each.claim.id: each for each in judged}
    answers = [answer(question, by_id, outputs) for question in claims.questions]
    write(render(claims, judged, outcomes, answers), REPORTS)
    for each in judged:
        print(f"{each.claim.id:<14} {each.words}")
    print(f"\n{summary(judged)}\nThe whole page: {REPORTS / 'claims.html'}")
    return judged


def _outputs(place: str, experiments: dict[str, Experiment]) -> Outputs:
    name, variant = place.split("/")
    experiment = experiments[name]
    return Outputs(experiment.probabilities(variant), experiment.labels, experiment.dataset.classes)
