# Two commands: `make` runs the pipeline, `make test` the tests. Each sets up what it needs, in any order, and again.

VENV := .venv
READY := $(VENV)/.ready
# The first of these that will do, unless PYTHON names another.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& echo $$python && break; done)
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
# Without bytecode, every single stage would spend ten seconds more on importing TensorFlow.
export PYTHONDONTWRITEBYTECODE :=
export MLFLOW_DISABLE_TELEMETRY := true
# What the tests of one file share, they make once. Files in the order of tests/conftest.py: the longest first.
PARALLEL := -n 2 --dist loadfile --no-loadscope-reorder

# Of the repetitions of `make trials`.
SHARE := 1

.DEFAULT_GOAL := pipeline
.PHONY: pipeline setup test trials lint lock quick describe queue claims bench readme ui sync promote serve predict docs help

pipeline: $(READY)  ## run the pipeline, then print the comparison (the default)
	@dvc repro
	@echo; grep -v '^[|!]' reports/summary.md | cat -s; echo "The whole report: reports/index.html"

quick: $(READY)  ## an impression in half a minute: reports/quick.html, from a fifth of the images; the workspace is left as it is
	@python -m commands.quick

queue: $(READY)  ## queue experiments: make queue S='dataset=mnist epochs=5,10'
	@set -f; python -m commands.queue $(S)

describe: $(READY)  ## look at your own images, and write data/<name>.yaml: make describe DATA=path NAME=name
	@test -n "$(DATA)" || { echo "error: DATA: name the folder or the file of your images: make describe DATA=path NAME=name" >&2; exit 1; }
	@test -n "$(NAME)" || { echo "error: NAME: give the data set a name: make describe DATA=path NAME=name" >&2; exit 1; }
	@python -m commands.describe "$(DATA)" --name "$(NAME)" $(ARGS)

setup: $(READY)  ## create .venv with the pinned dependencies

test: $(READY)  ## run the tests
	@python -m pytest $(PARALLEL)

trials: $(READY)  ## repeat kills, faults, simulations and random inputs many times: make trials SHARE=0.1 for a tenth
	@python -m pytest $(PARALLEL) --trials --trials-share $(SHARE) -m "trials or hypothesis" --verbose --durations=10

lint: $(READY)  ## check style, types, which room imports which, and the dependencies
	@ruff check . && ruff format --check . && mypy && lint-imports --no-logo && deptry .

claims: $(READY)  ## test what five tutorials claim: reports/claims.html, and the table in docs/CLAIMS.md
	@python -m commands.claims --docs

bench: $(READY)  ## how fast the trainer is, against Keras, PyTorch, scikit-learn and the machine's limit
	@python -m benchmarks.training

readme: $(READY)  ## write the comparison of the workspace, and the diagram of the stages, into README.md and docs/
	@python -m commands.readme
	@python -m commands.stages

ui: $(READY)  ## complete the MLflow store, and serve its UI on 127.0.0.1
	@python -m commands.ui

sync: $(READY)  ## complete the MLflow store from what the workspace holds
	@python -m commands.sync

lock: $(READY)  ## resolve the dependencies anew
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --extra test --no-header \
		--upgrade pyproject.toml --output-file requirements.lock
	@python -m commands.versions

promote: $(READY)  ## make the best model by validation the one that is served, if the test images show it better
	@python -m commands.promote

serve: $(READY)  ## serve the promoted model on 127.0.0.1: raw pixels in, class and probabilities out
	@python -m commands.serve

predict: $(READY)  ## tell what is on a photo: make predict IMAGE=photo.png
	@test -n "$(IMAGE)" || { echo "error: IMAGE: name a picture file: make predict IMAGE=photo.png" >&2; exit 1; }
	@python -m commands.predict "$(IMAGE)"

# With --quiet, mkdocs would not count its warnings, and --strict would let them pass.
docs: $(READY)  ## the documentation as a site: site/index.html, read without network
	@NO_MKDOCS_2_WARNING=1 mkdocs build --strict
	@echo "The documentation: site/index.html"

help:  ## list these
	@sed -nE 's/^([a-z]+):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

$(READY): requirements.lock
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11, 3.12 or 3.13 found; install one, or say make PYTHON=..." >&2; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version), once ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@awk '/^[a-z]/ {keep = /^uv==/} keep' requirements.lock > $(VENV)/uv.txt
	@python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.txt
	@uv pip install --quiet --require-hashes -r requirements.lock
	@touch $@
