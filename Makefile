# Every target sets itself up from nothing but Python 3.11+ and make.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
STAGE ?= local
# How many processes run the tests: one more than two cores, as tests wait for what they start; each takes some 4 GiB.
MEMORY_GIB := $(shell awk '/^MemTotal/ {print int($$2 / 1048576)}' /proc/meminfo 2>/dev/null || echo 0)
WORKERS ?= $(shell [ "$(MEMORY_GIB)" -ge 20 ] 2>/dev/null && echo 3 || echo 2)
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
READY := $(VENV)/.ready
CHECKOV := .venv-checkov/.ready

# node, npm, cdk, uv and twin all come from the virtual environment.
export PATH := $(BIN):$(PATH)
# Trust the machine's own certificate store, as pip and git do: company proxies sign with it.
export UV_SYSTEM_CERTS := 1
export NODE_USE_SYSTEM_CA := 1
export PYTHONUNBUFFERED := 1
# Where it is set, every run compiles the CDK's library anew: twice the time of a synth.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test tests check style types checkov soak up down synth bench lock images clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile

$(READY): pyproject.toml requirements.lock package.json package-lock.json
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; $(PYTHON) is `$(PYTHON) --version 2>&1`. Name another: make PYTHON=python3.12 ..." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the locked dependencies into $(VENV) (about 400 MB the first time)"
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-uv.lock
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@$(BIN)/npm ci --silent --no-audit --no-fund
	@ln -sf ../../node_modules/.bin/cdk $(BIN)/cdk
	@touch $(READY)

setup: $(READY) ## install everything the other targets need

demo: $(READY) ## deploy, invoke, stream and destroy on this machine
	@twin demo

test: $(READY) style ## everything CI runs
	@$(MAKE) --no-print-directory -j 2 types tests

tests: $(READY) $(CHECKOV)
	@pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder -m "not slow"

types:
	@nice mypy

check: $(READY) style types ## format, lint, types, layers

style: $(READY)
	@ruff format --check .
	@ruff check .
	@lint-imports

$(CHECKOV): requirements-checkov.lock | $(READY)
	@echo "installing checkov into .venv-checkov (about 200 MB the first time)"
	@$(BIN)/uv venv --quiet --allow-existing .venv-checkov
	@$(BIN)/uv pip sync --quiet --python .venv-checkov/bin/python --require-hashes requirements-checkov.lock
	@touch $(CHECKOV)

checkov: $(READY) $(CHECKOV) ## checkov over the templates of dev and prod: nothing that is not explained
	@pytest -q tests/stacks/test_checkov.py

soak: $(READY) ## the slow tests
	@pytest -m slow

up: $(READY) ## start the local AWS, deploy stage local, leave it running
	@twin up --detach

down: $(READY) ## destroy what `up` deployed and stop the local AWS
	@twin down

synth: $(READY) ## write cdk.out for STAGE
	@cdk synth --quiet -c stage=$(STAGE)

bench: $(READY) ## measure, side by side with peers
	@python -m benchmarks

lock: ## resolve the dependencies anew
	@d=`mktemp -d`; sed '/^managed = false/d' pyproject.toml > $$d/pyproject.toml; here=`pwd`; cd $$d; \
	compile="$(BIN)/uv pip compile --universal --generate-hashes --no-header --no-annotate --quiet"; \
	$$compile pyproject.toml --all-extras --group tools --group embedder --group dev -o $$here/requirements.lock && \
	$(BIN)/python -c "$$SERVICE_REQUIREMENTS" | $$compile - -c $$here/requirements.lock -o $$here/requirements-service.lock && \
	$$compile --group sagemaker --python-version 3.11 -o $$here/requirements-sagemaker.lock && \
	$$compile --group checkov --python-version 3.11 -o $$here/requirements-checkov.lock && \
	echo 'uv==0.13.9' | $$compile - -o $$here/requirements-uv.lock; rm -rf $$d

# What the service's image holds: the service without the CDK.
define SERVICE_REQUIREMENTS
import tomllib
project = tomllib.load(open("pyproject.toml", "rb"))
extras = project["project"]["optional-dependencies"]
print("boto3", *extras["rag"], *extras["service"], *extras["telemetry"], *project["dependency-groups"]["embedder"], sep="\n")
endef
export SERVICE_REQUIREMENTS

images: ## read model/images.json anew from the SageMaker SDK, in an environment of its own
	@test -x $(BIN)/uv || $(MAKE) setup
	@$(BIN)/uv venv --quiet --allow-existing .venv-sagemaker
	@$(BIN)/uv pip sync --quiet --python .venv-sagemaker/bin/python --require-hashes requirements-sagemaker.lock
	@.venv-sagemaker/bin/python -m model.refresh_images

clean: ## remove everything that the targets made
	rm -rf $(VENV) .venv-checkov .venv-sagemaker node_modules cdk.out .twin
