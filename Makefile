# Two commands: `make` runs the pipeline, `make test` the tests. Each sets up its requirements first.

VENV := .venv
READY := $(VENV)/.ready
# The first suitable one of these, unless PYTHON names another.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& echo $$python && break; done)
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
# Without bytecode, every stage would need ten more seconds to import TensorFlow.
export PYTHONDONTWRITEBYTECODE :=
export MLFLOW_DISABLE_TELEMETRY := true
# Tests of one file share fixtures. tests/conftest.py orders the files: the longest first.
PARALLEL := -n 2 --dist loadfile --no-loadscope-reorder

# The tracking server that was given to `make new`.
-include project.mk

# Share of the repetitions of `make trials`.
SHARE := 1

.DEFAULT_GOAL := pipeline
.PHONY: pipeline record quick setup exp plan-run plan costs resample sizes tuned seeds queue describe ui sync clean-runs promote serve predict workers stop-workers gate experiments plots test test-slow lint trials readme lock upgrade help
#- Hemline only
.PHONY: new claims bench pictures docs
#-

##@ The pipeline

pipeline: $(READY)  ## run it and print the answer (the default)
	@hemline record
	@hemline repro
	@echo; hemline answer

record: $(READY)  ## record edits that change no result: [ARGS=--dry-run]
	@hemline record $(ARGS)

quick: $(READY)  ## a preview in half a minute: reports/quick.html
	@hemline quick

setup: $(READY)  ## only create .venv with the pinned dependencies

##@ Experiments

exp: $(READY)  ## run one: make exp S='variants.dense-128.epochs=20'
	@set -f; hemline experiment $(S)

plan-run: $(READY)  ## which stages would run: make plan-run S='epochs=20'
	@set -f; hemline plan-run $(S)

plan: $(READY)  ## seeds needed to show a gain: make plan GAIN=0.5
	@test -n "$(GAIN)" || { echo "error: GAIN: name the gain to be shown: make plan GAIN=0.5" >&2; exit 1; }
	@hemline plan "$(GAIN)" $(if $(PAIR),--pair "$(PAIR)") $(if $(COST),--cost)

costs: $(READY)  ## parameters, megabytes and seconds of each variant
	@hemline costs

seeds: $(READY)  ## add seeds, keeping trainings: make seeds N=10
	@test -n "$(N)" || { echo "error: N: name the total number of seeds: make seeds N=10" >&2; exit 1; }
	@hemline seeds "$(N)"

queue: $(READY)  ## queue some: make queue S='dataset=mnist epochs=5,10'
	@set -f; hemline queue $(S)

sizes: $(READY)  ## images needed to beat the baseline: [VARIANTS=dense-128]
	@hemline sizes $(if $(VARIANTS),--variants "$(VARIANTS)")

tuned: $(READY)  ## gains before and after tuning: [TRIALS=20] [VARIANTS=...]
	@hemline tuned $(if $(TRIALS),--trials "$(TRIALS)") $(if $(VARIANTS),--variants "$(VARIANTS)")

resample: $(READY)  ## redraw the test set K times: make resample K=10
	@test -n "$(K)" || { echo "error: K: name the number of redrawn test sets: make resample K=10" >&2; exit 1; }
	@hemline resample "$(K)"

#- Hemline only
claims: $(READY)  ## test what five tutorials claim: reports/claims.html
	@hemline claims --docs

#-
experiments: $(READY)  ## list them in 80 columns; ALL=1: those of every commit
	@hemline experiments $(if $(ALL),--all) $(ARGS)

plots: $(READY)  ## DVC's charts, offline: make plots REVS='main mine'
	@hemline plots $(REVS)

##@ Workers

workers: $(READY)  ## start workers that keep TensorFlow loaded between stages
	@hemline workers $(ARGS)

stop-workers: $(READY)  ## stop these workers
	@hemline workers --stop

##@ Your own data

describe: $(READY)  ## inspect images: make describe DATA=path NAME=name
	@test -n "$(DATA)" || { echo "error: DATA: name the folder or the file of your images: make describe DATA=path NAME=name" >&2; exit 1; }
	@test -n "$(NAME)" || { echo "error: NAME: give the data set a name: make describe DATA=path NAME=name" >&2; exit 1; }
	@hemline describe "$(DATA)" --name "$(NAME)" $(ARGS)

#- Hemline only
new: $(READY)  ## your own project: make new NAME=name DATA=path [AT=folder]
	@test -n "$(DATA)" || { echo "error: DATA: name the folder or the file of your images: make new NAME=name DATA=path" >&2; exit 1; }
	@hemline new "$(NAME)" "$(DATA)" $(if $(AT),--at "$(AT)") $(if $(REMOTE),--remote "$(REMOTE)") \
		$(if $(TRACKING),--tracking "$(TRACKING)") $(ARGS)

#-
##@ MLflow

ui: $(READY)  ## add missing runs and serve the UI on 127.0.0.1
	@hemline ui

sync: $(READY)  ## add missing runs from the results in the workspace
	@hemline sync

clean-runs: $(READY)  ## permanently delete runs marked in the UI: YES=1
	@hemline clean-runs $(if $(YES),--yes)

##@ The best model

promote: $(READY)  ## make it champion if it beats the current: [CALIBRATED=1]
	@hemline promote $(if $(CALIBRATED),--calibrated)

serve: $(READY)  ## serve the champion on 127.0.0.1
	@hemline serve

predict: $(READY)  ## classify a photo: make predict IMAGE=photo.png
	@test -n "$(IMAGE)" || { echo "error: IMAGE: name a picture file: make predict IMAGE=photo.png" >&2; exit 1; }
	@hemline predict "$(IMAGE)"

##@ Checks

gate: $(READY)  ## did a variant get worse? make gate BASE=main [MARGIN=0.5]
	@test -n "$(BASE)" || { echo "error: BASE: name the revision to compare with: make gate BASE=main" >&2; exit 2; }
	@hemline gate "$(BASE)" $(if $(MARGIN),--margin "$(MARGIN)")

test: $(READY)  ## run the tests
	@python -m pytest $(PARALLEL) -m "not slow"

test-slow: $(READY)  ## run the slow tests: kills, browsers, servers, clusters
	@python -m pytest $(PARALLEL) -m slow

lint: $(READY)  ## check style, types, imports, dependencies, prose
	@ruff check . && ruff format --check . && mypy && lint-imports --no-logo && deptry . && python -m tools.prose

trials: $(READY)  ## repeat kills and faults many times: make trials SHARE=0.1
	@python -m pytest $(PARALLEL) --trials --trials-share $(SHARE) -m "trials or hypothesis" --verbose --durations=10

#- Hemline only
bench: $(READY)  ## compare the trainer's speed with other libraries
	@python -m benchmarks.training

#-
##@ Documentation

readme: $(READY)  ## write the workspace's results into README.md and docs/
	@python -m tools.readme
#- Hemline only
	@python -m tools.stages
#-

#- Hemline only
# With --quiet, mkdocs does not count its warnings, and --strict ignores them.
docs: $(READY)  ## build the offline site: site/index.html
	@NO_MKDOCS_2_WARNING=1 mkdocs build --strict
	@echo "The documentation: site/index.html"

#-
#- Hemline only
pictures: $(READY)  ## redraw the pictures of README.md and docs/
	@python -m tools.pictures

#-
##@ Upkeep

upgrade: $(READY)  ## merge later changes of Hemline: [FROM=clone]
	@hemline upgrade $(if $(FROM),--source "$(FROM)")

lock: $(READY)  ## resolve and pin the dependencies again
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --extra test --no-header \
		--upgrade pyproject.toml --output-file requirements.lock
	@python -m tools.versions

# ##@ starts the title of a group, ## the description of a target.
help:  ## list these commands
	@awk -F ':.*## ' '/^##@ / { print (groups++ ? "\n" : "") substr($$0, 5) } \
		/^[a-z][a-z-]*:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

$(READY): requirements.lock tools/hemline
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11, 3.12 or 3.13 found; install one, or say make PYTHON=..." >&2; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version), once ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@awk '/^[a-z]/ {keep = /^uv==/} keep' requirements.lock > $(VENV)/uv.txt
	@python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.txt
	@uv pip install --quiet --python $(VENV)/bin/python --require-hashes -r requirements.lock
	@install -m 755 tools/hemline $(VENV)/bin/hemline
	@touch $@
