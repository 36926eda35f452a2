"""The page and the summary, from small made-up results: what they say, and what they never do."""

import io
import runpy
from contextlib import nullcontext
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from report_data import Inputs, write_inputs, write_table

from hemline.errors import InputError
from hemline.families.dense import DenseSettings
from hemline.jobs.trained import Trained
from hemline.params import load_params, parse_params
from hemline.report import drawing
from hemline.report.page import comparison_table, remarks, render, write
from hemline.report.question import Question, question
from hemline.report.results import load_results
from hemline.report.settings import settings_table

SECTIONS = [
    "verdict",
    "comparison",
    "gains",
    "curves",
    "pairs",
    "cost",
    "calibration",
    "confusions",
    "classes",
    "layers",
    "pixels",
    "data",
    "images",
    "predictions",
    "single",
    "made",
]
VOID = {"meta", "link", "img", "br"}


class Page(HTMLParser):
    """Collects elements and text, and fails on tags that do not match."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text += data.replace("\N{NO-BREAK SPACE}", " ")

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def make(inputs: Inputs) -> dict[str, bytes]:
    """Write the inputs into the working folder, and render them."""
    write_inputs(Path(), inputs)
    return again()


def again() -> dict[str, bytes]:
    return render(load_results(load_params()))


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def _undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a test is about words, figures are left blank: making and drawing them takes nearly all of the time."""
    blank = io.BytesIO()
    Image.new("RGB", (1, 1)).save(blank, "png")
    monkeypatch.setattr(drawing, "_draw", lambda figures: [blank.getvalue()] * len(figures))


undrawn = pytest.mark.usefixtures("_undrawn")


@pytest.fixture
def page(_undrawn: None) -> Page:
    return Page(make(Inputs())["index.html"].decode())


def test_the_sections_stand_in_order_the_verdict_first_and_every_link_within_the_page_has_its_target(
    page: Page,
) -> None:
    assert [attributes["id"] for attributes in page.named("section")] == SECTIONS
    targets = [str(link["href"])[1:] for link in page.named("a") if str(link["href"]).startswith("#")]
    assert set(targets) == set(SECTIONS)


def test_the_page_asks_for_nothing_but_itself(page: Page) -> None:
    assert not page.named("script")
    assert all(str(image["src"]).startswith("data:image/png;base64,") for image in page.named("img"))
    assert [link["href"] for link in page.named("link")] == ["data:,"]
    assert [link["href"] for link in page.named("a") if not str(link["href"]).startswith("#")] == [
        "https://example.org/tiny"
    ]
    style = again()["index.html"].decode().partition("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style


def test_the_page_can_be_read_without_seeing_it_and_every_table_scrolls_in_a_box_of_its_own(page: Page) -> None:
    assert page.named("html")[0]["lang"] == "en"
    assert all(image["alt"] for image in page.named("img"))
    assert all(header["scope"] for header in page.named("th"))
    assert page.named("a")[0] == {"class": "skip", "href": "#verdict"}
    around = [
        (before[1].get("class"), after[0])
        for before, (tag, _), after in zip(page.elements, page.elements[1:], page.elements[2:], strict=False)
        if tag == "table"
    ]
    assert set(around) == {("scroll", "caption")}


def test_charts_may_change_their_colours_on_a_dark_page_and_the_image_of_the_data_set_may_not(page: Page) -> None:
    (photograph,) = [image["alt"] for image in page.named("img") if image["class"] == "photograph"]
    assert str(photograph).startswith("Training image 0")
    assert len([image for image in page.named("img") if image["class"] == "drawn"]) == 5 + 3 + 2


def test_the_page_opens_with_the_answer(page: Page) -> None:
    answer = "In part: 1 of 2 variants beats the baseline linear on Tiny shapes, by +3.10 to +5.10 percentage points"
    assert page.text.count(answer) == 1
    main = [(tag, attributes.get("class")) for tag, attributes in page.elements].index(("main", None))
    assert [attributes.get("class") for _, attributes in page.elements[main + 1 : main + 3]] == ["verdict", "answer"]
    assert page.text.index(answer) < page.text.index("Means over 2 seeds")


def test_the_gallery_shows_the_first_seed_of_the_best_by_validation_and_marks_right_and_wrong_by_a_symbol(
    page: Page,
) -> None:
    cards = [str(figure.get("class")) for figure in page.named("figure") if "card" in str(figure.get("class"))]
    assert len(cards) == 15 + 1
    assert page.text.count("✓ ") == sum("right" in card for card in cards)
    assert page.text.count("✗ ") == sum("wrong" in card for card in cards) > 0
    shares = Trained("dense-8x2").probabilities("test")[0, 0]
    assert "Predictions of dense-8x2 (chosen by validation accuracy; seed 0)" in page.text
    assert f"class {shares.argmax()}, {100 * shares.max():.0f} %" in page.text


def test_how_it_was_made_names_settings_source_and_licence(page: Page) -> None:
    made = page.text[page.text.rindex("How it was made") :]
    assert all(words in made for words in ("Tiny shapes", "CC0", "dvc repro", "adam", "0.001", "Seeds: 0, 1"))


def test_every_setting_of_every_family_has_a_column_and_a_dash_where_a_variant_lacks_it() -> None:
    dense, solved = {"hidden": [8, 4], "l2": 0.001}, {"family": "logistic", "strengths": [0.1, 1.0]}
    variants = {"dense": dense, "solved": solved}
    values = {"dataset": "tiny", "seeds": [0], "baseline": "solved", "variants": variants}
    runs = pd.DataFrame({"variant": ["dense", "solved"], "epochs": [5, 1]})
    table = settings_table(parse_params(values, Path("params.yaml")), runs)
    assert {*DenseSettings.model_fields, "largest", "strengths", "tolerance", "trained"} == {
        column.key for column in table.columns
    }
    (_, dense), (_, solved) = table.rows
    assert (dense["hidden"], dense["strengths"], dense["trained"]) == ("8, 4", "\N{EN DASH}", "5")
    assert (solved["hidden"], solved["strengths"], solved["trained"]) == ("\N{EN DASH}", "0.1, 1", "\N{EN DASH}")


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = make(Inputs()), make(Inputs())
    assert first == second
    assert str(tmp_path) not in (first["index.html"] + first["summary.md"]).decode()


@undrawn
def test_class_names_are_text_and_never_markup() -> None:
    names = ["<script>alert(1)</script>", "a & b", '"quoted"', "</style><b>"]
    page = Page(make(Inputs(classes=names))["index.html"].decode())
    assert not page.named("script")
    assert not page.named("b")
    assert all(name in page.text for name in names)


@undrawn
def test_only_pages_are_linked_as_the_homepage(tmp_path: Path) -> None:
    make(Inputs())
    path = tmp_path / "data" / "tiny.yaml"
    path.write_text(path.read_text().replace("https://example.org/tiny", "javascript:alert(1)"))
    with pytest.raises(InputError, match=r"homepage: .*'javascript:alert\(1\)'$"):
        again()


@undrawn
def test_a_data_set_without_a_homepage_is_no_link(tmp_path: Path) -> None:
    make(Inputs())
    path = tmp_path / "data" / "tiny.yaml"
    path.write_text(path.read_text().replace("homepage: https://example.org/tiny\n", ""))
    page = again()["index.html"].decode()
    assert "Data: Tiny shapes;" in page
    assert "None" not in page


@undrawn
def test_what_makes_the_data_doubtful_stands_on_the_page_and_in_the_summary(tmp_path: Path) -> None:
    make(Inputs())
    path = tmp_path / "data" / "findings" / "warnings.json"
    path.write_text('{"warnings": ["The largest pixel is 16, and that is little."]}')
    for text in again().values():
        assert text.startswith(b"\x89PNG") or b"Warning: The largest pixel is 16, and that is little." in text


@undrawn
def test_variants_that_params_no_longer_has_are_not_read(tmp_path: Path) -> None:
    clean = make(Inputs())
    evaluation = tmp_path / "reports" / "evaluation"
    for path in (evaluation / "comparison.csv", evaluation / "runs.csv"):
        table = pd.read_csv(path)
        write_table(pd.concat([table.assign(variant="stale"), table]), path)
    for folder in ("models/stale/history.csv", "reports/evaluation/per_class/stale.csv"):
        (tmp_path / folder).parent.mkdir(exist_ok=True)
        (tmp_path / folder).write_text("not,a,table\n")
    assert again() == clean


@undrawn
def test_rows_follow_params_whatever_the_order_of_the_files(tmp_path: Path) -> None:
    clean = make(Inputs())
    for name in ("comparison", "runs"):
        path = tmp_path / "reports" / "evaluation" / f"{name}.csv"
        write_table(pd.read_csv(path).iloc[::-1], path)
    assert again()["summary.md"] == clean["summary.md"]


@undrawn
@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("models/dense-8/history.csv", "train@dense-8"),
        ("data/normalized/test-labels.npy", "normalize"),
        ("reports/evaluation/comparison.csv", "evaluate"),
        ("reports/evaluation/confusion/dense-8-minus-linear.csv", "evaluate"),
        ("models/dense-8/layers.csv", "train@dense-8"),
        ("models/dense-8x2/test-probabilities.npy", "train@dense-8x2"),
    ],
)
def test_a_missing_file_is_named_with_the_stage_that_writes_it(tmp_path: Path, name: str, stage: str) -> None:
    make(Inputs())
    (tmp_path / name).unlink()
    with pytest.raises(InputError, match=rf"{name}: no such file; run `dvc repro {stage}`$"):
        again()


@undrawn
def test_a_variant_that_was_not_evaluated_is_named(tmp_path: Path) -> None:
    make(Inputs())
    path = tmp_path / "reports" / "evaluation" / "comparison.csv"
    write_table(pd.read_csv(path).query("variant != 'dense-8'"), path)
    with pytest.raises(InputError, match=r"comparison.csv: has no row for the variant 'dense-8'; run `dvc repro eval"):
        load_results(load_params())


@undrawn
def test_probabilities_of_other_test_images_are_refused(tmp_path: Path) -> None:
    make(Inputs())
    np.save(tmp_path / "models/dense-8x2/test-probabilities.npy", np.zeros((2, 3, 4), np.float32))
    with pytest.raises(InputError, match=r"must have the shape \(2, 40, 4\), got \(2, 3, 4\)"):
        again()


@undrawn
def test_the_baseline_alone_has_nothing_to_be_compared_with() -> None:
    files = make(Inputs(verdicts={}))
    page = Page(files["index.html"].decode())
    assert "linear is the only variant" in page.text
    assert "gains" not in [section["id"] for section in page.named("section")]
    assert "figures/gain.png" not in files
    assert "gain.png" not in files["summary.md"].decode()


@undrawn
def test_without_validation_nothing_is_called_best() -> None:
    text = Page(make(Inputs(validation=False))["index.html"].decode()).text
    assert "Best by validation" not in text
    assert "there are training curves only" in text
    assert "Predictions of dense-8 (shown without a choice" in text


DRAWN = [
    Inputs(classes=[f"a rather long name of letter {place}" for place in range(26)], epochs=13),
    Inputs(classes=["None", "NA", "null"], shape=(64, 64, 3)),  # names like missing values
]
# Figures of their numbers of variants and classes are drawn by test_plots.
UNDRAWN = [
    Inputs(classes=["yes", "no"], test_images=4, epochs=1),
    Inputs(shape=(8, 8, 1), test_images=1),
    Inputs(verdicts={f"dense-{place}": "worse" for place in range(11)}),
    Inputs(verdicts={"null": "better", "128": "worse"}),
]


@pytest.mark.parametrize("drawn", [True, False], ids=["drawn", "undrawn"])
def test_other_data_sets_and_variants_make_a_whole_report(drawn: bool, request: pytest.FixtureRequest) -> None:
    if not drawn:
        request.getfixturevalue("_undrawn")
    for inputs in DRAWN if drawn else UNDRAWN:
        check_whole(inputs)


def check_whole(inputs: Inputs) -> None:
    files = make(inputs)
    text = Page(files["index.html"].decode()).text
    assert all(name in text for name in [*inputs.classes, *inputs.variants])
    assert "nan" not in text.replace("nanometre", "")
    figures = [name for name in files if name.startswith("figures/confusion-")]
    assert len(figures) == 2 * len(inputs.variants) - 1


HARD_NAMES = ["猫", "قطة", "👩 woman", "a|b*c_d", "w" * 60, *(f"species number {place}" for place in range(45))]


@pytest.mark.filterwarnings("error:Glyph")
def test_fifty_classes_with_hard_names_make_a_whole_report_with_every_full_name() -> None:
    files = make(Inputs(classes=HARD_NAMES, shape=(96, 96, 3), test_images=100))
    page = Page(files["index.html"].decode())
    assert all(page.text.count(name) >= 2 for name in HARD_NAMES)  # below its image, and in the table
    assert "they show the 20 that the variants confuse most often" in " ".join(page.text.split())
    assert len(files["index.html"]) < 10_000_000


@undrawn
def test_the_page_has_the_names_of_the_classes_that_figures_call_by_their_number(page: Page) -> None:
    assert "Names that figures" not in page.text
    words = " ".join(Page(make(Inputs(classes=["cat", "猫"]))["index.html"].decode()).text.split())
    assert "Names that figures shorten, or replace by a number: 1 Labels in figures" in words
    assert "In figures Class #1 猫" in words


@undrawn
def test_of_many_classes_the_hardest_stand_first_and_all_are_folded_away() -> None:
    names = [f"class {number:02}" for number in range(21)]
    page = Page(make(Inputs(classes=names, test_images=42))["index.html"].decode())
    section = page.text.partition("The layers of each")[0].rpartition("The 10 of 21 classes with the lowest F1:")[2]
    hardest, _, every = section.partition("All 21 classes")
    assert [name for name in names if name in hardest] == names[:10]  # of equals, the first
    assert all(name in every for name in names)


@undrawn
def test_pictures_of_many_pixels_are_smoothed_and_small_ones_are_not() -> None:
    for side, kind in ((8, "pixels"), (96, "pixels fine")):
        shown = Page(make(Inputs(shape=(side, side)))["index.html"].decode()).named("img")
        assert {image["class"] for image in shown} == {"drawn", "photograph", kind}


@undrawn
def test_a_title_is_text_in_the_summary(tmp_path: Path) -> None:
    make(Inputs())
    path = tmp_path / "data" / "tiny.yaml"
    path.write_text(path.read_text().replace("Tiny shapes", "'*Tiny* <b>'"))
    assert r"on \*Tiny\* \<b>?" in again()["summary.md"].decode()


@undrawn
def test_the_table_says_which_trainings_still_improved_and_which_verdicts_hold_only_so_far() -> None:
    inputs = Inputs(verdicts={"dense-8": "better"}, improving=("linear",), so_far=("dense-8",))
    files = make(inputs)
    for name in ("index.html", "summary.md"):
        assert "baseline, still improving" in files[name].decode()
        assert "better so far" in files[name].decode()
    assert "Yes, so far: dense-8 beats the baseline" in files["summary.md"].decode()


def test_an_interval_that_tells_nothing_is_words_instead_of_numbers() -> None:
    write_inputs(Path(), Inputs(verdicts={"dense-8": "too few to tell"}))
    path = Path("reports/evaluation/comparison.csv")
    write_table(pd.read_csv(path).assign(accuracy_low=0.2, accuracy_high=1.0), path)
    files = again()
    table = comparison_table(load_results(load_params()))
    (row,) = [line for line in table.splitlines() if line.startswith("| dense-8")]
    assert "too few seeds or images to tell" in row
    assert row.count("too few seeds or images to tell") == 2  # for its accuracy, and for its gain
    assert "100.00" not in row
    assert "too few seeds or images to tell" in Page(files["index.html"].decode()).text


def test_the_summary_table_lines_up_in_a_terminal() -> None:
    make(Inputs())
    lines = comparison_table(load_results(load_params())).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert len(lines) == 2 + 3
    assert "| dense-8   |" in lines[3]
    assert "+4.10 [+3.10, +5.10]" in lines[3]


@undrawn
def test_the_summary_says_the_same_as_the_page() -> None:
    files = make(Inputs())
    page = Page(files["index.html"].decode())
    lines = files["summary.md"].decode().splitlines()
    sentences = [line.strip("-* ") for line in lines if line.startswith(("- ", "**"))]
    assert len(sentences) == 5
    assert all(sentence in page.text for sentence in sentences)


IMBALANCED = Inputs(most_frequent_rate=0.95, imbalanced=True, duplicates=12, relabelled=3)


@undrawn
def test_classes_of_one_size_leave_the_table_as_it_is_and_the_most_frequent_class_s_rate_below_it(page: Page) -> None:
    table = comparison_table(load_results(load_params()))
    assert "Balanced" not in table
    assert "Macro" not in table
    assert "Balanced" not in page.text
    assert "Always predicting class 0, the most frequent class, would score 25.00 %." in page.text
    assert remarks(load_results(load_params())) == []


@undrawn
def test_imbalanced_classes_bring_the_figures_that_count_every_class_the_same_into_the_tables() -> None:
    files = make(IMBALANCED)
    table = comparison_table(load_results(load_params()))
    assert "Balanced accuracy, % [95 % interval]" in table
    assert table.count("50.00 [45.00, 55.00]") == 2 * 3  # both figures of three variants
    assert files["index.html"].decode().count("50.00 [45.00, 55.00]") == 2 * 3
    assert table in files["summary.md"].decode()


@undrawn
def test_what_makes_a_table_easily_misread_is_told_below_it_and_on_the_page() -> None:
    files = make(IMBALANCED)
    told = remarks(load_results(load_params()))
    assert [text.partition(" ")[0] for text in told] == ["No", "The", "12"]
    page = Page(files["index.html"].decode())
    assert all(text in page.text for text in told)
    assert all(text in files["summary.md"].decode() for text in told)


@undrawn
def test_accuracies_without_duplicates_stand_beside_the_others_where_there_are_any(page: Page) -> None:
    assert "No test image is also in the training or validation set" in page.text
    assert "Without them" not in page.text
    files = make(IMBALANCED)
    section = Page(files["index.html"].decode()).text.partition("Duplicates")[2].partition("Doubted")[0]
    assert section.count("79.00") == 3
    assert "Test % without duplicates" in files["summary.md"].decode()


@undrawn
def test_doubted_labels_are_shown_as_pictures_with_what_they_look_like(page: Page) -> None:
    doubted = load_results(load_params()).doubted
    assert len(doubted) > 0
    section = page.text.partition("Suspected label errors")[2].partition("Training images")[0]
    for row in doubted.to_dict("records"):
        assert f"labelled {row['label']}, {100 * row['quality']:.1f} %looks like {row['looks_like']}, " in section
        assert f"test image {row['index']}" in [image["alt"] for image in page.named("img")]
    assert "predictions of dense-8x2" in section


@undrawn
def test_known_issues_are_linked_beside_the_results(page: Page) -> None:
    assert "Known issues" not in page.text
    known = [{"text": "Two label errors", "link": "https://example.org/errors"}]
    told = Page(make(Inputs(known=known))["index.html"].decode())
    assert "Known issues" in told.text
    assert "https://example.org/errors" in [link["href"] for link in told.named("a")]


@undrawn
def test_what_is_not_defined_for_a_class_is_a_dash_and_not_a_zero(tmp_path: Path) -> None:
    make(Inputs())
    path = tmp_path / "reports/evaluation/per_class/dense-8x2.csv"
    table = pd.read_csv(path)
    table.loc[1, "precision"] = np.nan
    write_table(table, path)
    html = again()["index.html"].decode().partition('id="classes"')[2].partition("</table>")[0]
    assert html.count('<td class="number">–</td>') == 1  # noqa: RUF001
    assert "nan" not in html


def test_the_question_is_of_dense_networks_only_where_the_baseline_is_a_linear_model(tmp_path: Path) -> None:
    write_inputs(tmp_path, Inputs())
    params = load_params(tmp_path / "params.yaml")
    assert question(params).text == "Does a dense network beat the baseline"
    other = next(name for name in params.variants if name != params.baseline)
    assert question(params.model_copy(update={"baseline": other})).text == f"Does another variant beat {other}"


def test_a_solved_baseline_is_asked_about_models_that_are_no_linear_ones(tmp_path: Path) -> None:
    write_inputs(tmp_path, Inputs())
    variants = {"solved": {"family": "logistic"}, "linear": {"hidden": []}, "deep": {"hidden": [8]}}
    values = load_params(tmp_path / "params.yaml").model_dump() | {"baseline": "solved"}

    def asked(**variants: dict[str, object]) -> Question:
        return question(parse_params(values | {"variants": variants}, Path("params.yaml")))

    forest = {"family": "scikit-learn", "estimator": "sklearn.ensemble.RandomForestClassifier"}
    assert asked(**variants) == (
        *("Does a dense network beat the linear baseline", "the solved linear baseline solved"),
        *(["deep"], "networks"),
    )
    assert asked(**variants, forest=forest)[2:] == (["deep", "forest"], "other models")
    assert asked(solved=variants["solved"], linear=variants["linear"])[2:] == (["linear"], "variants")


def test_writing_replaces_all_figures_and_leaves_nothing_else_behind(tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    write({"index.html": b"old", "figures/stale.png": b"old"}, reports)
    (reports / "evaluation").mkdir()
    write({"index.html": b"new", "summary.md": b"new", "figures/gain.png": b"new"}, reports)
    found = sorted(path.relative_to(reports).as_posix() for path in reports.rglob("*"))
    assert found == ["evaluation", "figures", "figures/gain.png", "index.html", "summary.md"]
    assert (reports / "index.html").read_bytes() == b"new"


def test_a_failed_write_leaves_the_former_report(tmp_path: Path) -> None:
    write({"index.html": b"old", "figures/gain.png": b"old"}, tmp_path)
    with pytest.raises(TypeError):
        write({"index.html": b"new", "figures/gain.png": None}, tmp_path)  # type: ignore[dict-item]
    assert (tmp_path / "index.html").read_bytes() == b"old"
    assert (tmp_path / "figures" / "gain.png").read_bytes() == b"old"


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The variants that the stage publishes."""
    variants: list[str] = []
    monkeypatch.setattr("hemline.tracking.publisher.publisher", lambda: nullcontext(variants.extend))
    monkeypatch.setattr("sys.argv", ["report"])
    return variants


@undrawn
def test_the_stage_ends_with_the_table_and_the_path(capsys: pytest.CaptureFixture[str], published: list[str]) -> None:
    files = make(Inputs())
    runpy.run_module("stages.report", run_name="__main__")
    assert capsys.readouterr().out.splitlines()[-1] == "The whole report: reports/index.html"
    assert Path("reports/index.html").read_bytes() == files["index.html"]
    assert published == Inputs().variants


@undrawn
def test_the_stage_refuses_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(Inputs())
    monkeypatch.setattr("sys.argv", ["report"])
    (tmp_path / "reports/evaluation/runs.csv").unlink()
    with pytest.raises(SystemExit, match=r"^error: reports/evaluation/runs.csv: no such file"):
        runpy.run_module("stages.report", run_name="__main__")
    assert not (tmp_path / "reports/index.html").exists()
