# Every target sets up .venv by itself where it is missing or older than what it is made from.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# A clone that was copied or moved has an environment that leads to where it was made, which stands in READY.
MADE_AT := $(shell cat $(READY) 2>/dev/null)
ELSEWHERE := $(if $(MADE_AT),$(if $(filter-out x$(CURDIR),x$(MADE_AT)),yes))
ARGS ?=
PAGE ?=

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help install label review exchange train evaluate segment ship bench check-data test lint format clean $(if $(ELSEWHERE),$(READY))

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | awk -F'\t' '{printf "  make %-11s %s\n", $$1, $$2}'
	@echo '  Settings go in ARGS: make train ARGS="model=logistic out=models/mine"'

install: $(READY) ## set up the environment

$(READY): pyproject.toml requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "pagesieve needs Python 3.10 or newer, $(PYTHON) is older or cannot be run; try make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(if $(ELSEWHERE),--clear) $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@echo '$(CURDIR)' > $@

label: $(READY) ## propose labels for unlabelled pages in data/raw
	$(BIN)/python -m pagesieve.label $(ARGS)

review: $(READY) ## read and correct labels in the browser
	@$(BIN)/python -m pagesieve.review $(ARGS)

exchange: $(READY) ## labels to and from Label Studio and JSONL: ARGS="out=tasks.json", ARGS="read=export.json"
	$(BIN)/python -m pagesieve.exchange $(ARGS)

train: $(READY) ## train on data/, print scores, save models/default
	$(BIN)/python -m pagesieve.train $(ARGS)

models/default/model.npz: | $(READY)
	$(BIN)/python -m pagesieve.train

evaluate: $(READY) | $(if $(findstring model_path=,$(ARGS)),,models/default/model.npz) ## score the saved model, write reports/latest
	$(BIN)/python -m pagesieve.evaluate $(ARGS)

segment: $(READY) ## segment a page: make segment PAGE=page.txt
	@test -n "$(PAGE)" || { echo 'which page? make segment PAGE=page.txt [ARGS="--format json"]' >&2; exit 2; }
	@$(BIN)/pagesieve $(ARGS) "$(PAGE)"

ship: $(READY) ## rebuild the model that comes with the package (needs ../shared/webpages)
	$(BIN)/python benchmarks/line_roles.py ../shared/webpages/body_only outputs/line_roles
	$(BIN)/python -m pagesieve.train experiment=shipped $(ARGS)
	cp models/shipped/model.npz src/pagesieve/models/default.npz
	cp models/shipped/MODEL_CARD.md src/pagesieve/models/MODEL_CARD.md

bench: $(READY) ## compare with other extractors (ARGS="folder …" for one's own pages)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip # older ones fail on the peers' requirements
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[views,bench]'
	$(BIN)/python benchmarks/peers.py $(ARGS)

check-data: $(READY) ## name every problem of data/ (ARGS=folder for another one)
	$(BIN)/python -m pagesieve.check_data $(if $(ARGS),$(ARGS),data --written)

test: $(READY) ## run the tests
	$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile $(ARGS)

lint: $(READY) ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY) ## format the code
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

clean: ## remove the environment, outputs and reports (models stay)
	rm -rf $(VENV) outputs reports .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
