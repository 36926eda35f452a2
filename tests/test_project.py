"""The project's own files agree: settings, data set, README."""

import re
from pathlib import Path

import pytest

from hemline.data.description import load_dataset
from hemline.jobs.agreement import check_agreement
from hemline.params import load_params

ROOT = Path(__file__).parent.parent


def test_the_settings_fit_the_data_set_that_they_name():
    params = load_params(ROOT / "params.yaml")
    check_agreement(params, load_dataset(params.dataset, ROOT / "data"))


@pytest.mark.parametrize("path", sorted((ROOT / "data").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_description_is_valid(path):
    assert load_dataset(path.stem, path.parent).classes


def test_every_file_that_the_readme_leads_to_exists_and_make_can_write_its_results():
    readme = (ROOT / "README.md").read_text()
    links = {link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", readme) if "://" not in link}
    assert {link for link in links if not (ROOT / link).exists()} == set()
    assert readme.count("<!-- summary:begin -->") == readme.count("<!-- summary:end -->") == 1
