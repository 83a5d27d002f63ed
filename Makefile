# Everything CI runs is `make check`. Nothing but Python 3.11 or 3.12 and make is needed beforehand.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
ARGS ?=
# Images of containers often forbid Python to keep what it has compiled: here hundreds of processes
# would compile the same modules again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo bench test validators guards engines soak check lint types format generate docs requirements clean
.DEFAULT_GOAL := help

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(UV): requirements/installer.txt
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info[:2] <= (3, 12); sys.exit(0 if ok else "backbone needs Python 3.11 or 3.12 (found %d.%d): run make PYTHON=python3.12" % sys.version_info[:2])'
	@$(PYTHON) -m venv $(VENV) || { echo "could not make $(VENV): on Debian and Ubuntu, apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/installer.txt
	@touch $@

# Two environments in one folder: the demo's is a subset of the developers'.
$(VENV)/.demo: $(UV) requirements/demo.txt pyproject.toml
	@echo "installing the pinned packages"
	@VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --require-hashes -r requirements/demo.txt
	@VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(UV) requirements/dev.txt pyproject.toml
	@echo "installing the pinned packages and the developers' tools"
	@VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --require-hashes -r requirements/dev.txt
	@VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.demo

demo: $(VENV)/.demo  ## the main job on real input; ARGS=--exit ends it when the story is told
	@$(BIN)/backbone demo $(ARGS)

# Three workers, each with services of its own: much of the time is waiting for takeovers. Files are
# begun in the order of tests/conftest.py; by itself loadfile begins those with few tests last.
test: $(VENV)/.dev  ## every test, on the real services; ARGS goes to pytest
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

# What checks generated artefacts and is no package of ours: tests/validators/README.md. Go's own
# installer puts it where PATH need not lead.
TOOLS := .tools
GO ?= $(shell command -v go || echo /usr/local/go/bin/go)
$(TOOLS)/odcs/.done: requirements/validators.txt $(UV)
	@echo "installing datacontract-cli"
	@$(UV) venv --quiet --clear --python $(BIN)/python $(TOOLS)/odcs
	@VIRTUAL_ENV=$(TOOLS)/odcs $(UV) pip install --quiet --require-hashes -r requirements/validators.txt
	@touch $@

$(TOOLS)/npm/.done: tests/validators/package.json tests/validators/package-lock.json
	@echo "installing AsyncAPI's parser and the TypeScript compiler"
	@mkdir -p $(TOOLS)/npm
	@cp tests/validators/package.json tests/validators/package-lock.json tests/validators/.npmrc $(TOOLS)/npm
	@cd $(TOOLS)/npm && npm ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

$(TOOLS)/bin/kubeconform: tests/validators/go.mod tests/validators/go.sum
	@echo "building kubeconform"
	@cd tests/validators && CGO_ENABLED=0 $(GO) build -o $(abspath $@) github.com/yannh/kubeconform/cmd/kubeconform

validators: $(TOOLS)/odcs/.done $(TOOLS)/npm/.done $(TOOLS)/bin/kubeconform  ## what checks generated artefacts; needs npm and Go

guards: $(VENV)/.dev  ## each guard switched off in a copy: its test must fail (docs/guards.md)
	@$(BIN)/python -m tests.guards $(ARGS)

engines: $(VENV)/.dev  ## both engines over 20,000 payloads of every schema
	@ENGINES_PAYLOADS=20000 $(BIN)/python -m pytest -q -n 2 tests/unit/codec/test_engines_agree.py $(ARGS)

soak: $(VENV)/.dev  ## accidents of every kind under load, 40 minutes at most (docs/soak.md)
	@$(BIN)/python -m pytest -q -n 3 --maxschedchunk 1 -p no:cacheprovider -p tests.soak.progress --timeout=400 tests/soak/soak.py $(ARGS)

check: lint types guards engines test  ## what CI runs

bench: $(VENV)/.demo  ## each stage beside its ceiling; ARGS="prices --runs 3" for a part of it
	@$(BIN)/backbone bench $(ARGS)

lint: $(VENV)/.dev  ## ruff: rules and format; generated/ is current
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/backbone contracts generate --check

types: $(VENV)/.dev  ## mypy, strict
	@$(BIN)/mypy

format: $(VENV)/.dev  ## let ruff put things in order
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

generate: $(VENV)/.dev  ## write what follows from the contracts again (docs/generated.md)
	@$(BIN)/backbone contracts generate

docs: $(VENV)/.dev  ## write the generated pages again
	@$(BIN)/python -m cli.reference > docs/cli.md
	@$(BIN)/python -m cli.lint_pages docs
	@$(BIN)/python -m cli.contract_schema > avro/contract.schema.json

# What the demo installs is decided first; the image and the developers get the same versions.
PIN := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header
requirements:  ## pin every dependency again, with hashes
	@$(PIN) --upgrade pyproject.toml --extra stack --extra warehouse --group build -o requirements/demo.txt
	@$(PIN) -c requirements/demo.txt pyproject.toml -o requirements/runtime.txt
	@$(PIN) -c requirements/demo.txt --group build -o requirements/build.txt
	@$(PIN) --group validators -o requirements/validators.txt
	@$(PIN) -c requirements/demo.txt pyproject.toml --extra stack --extra warehouse --group build --group dev -o requirements/dev.txt

clean:  ## end the embedded stack and remove everything that make and the demo made
	@[ ! -x $(BIN)/backbone ] || $(BIN)/backbone stack down --wipe
	@rm -rf $(VENV) $(TOOLS) .backbone .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -r {} +
