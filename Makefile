# Every check and every way to run Rapport is a target here; `make help` lists them.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
CHECKOV := .local/checkov
WORKERS ?= 2 # processes that share the tests of `make test`, each with a PostgreSQL and a broker of its own
BUILD ?= docker build # what builds an image from a Dockerfile
VERSION ?= $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
SOURCES := services shared deploy tests docs benchmarks tools

.DEFAULT_GOAL := help

help: ## list every target with one line
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {gsub(/\$$\$$/, "$$"); printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: install ## run the whole platform with customers and agents, live, for DEMO_SECONDS (90)
	@$(PY) -m deploy.local.demo

picture: install ## draw the picture in the README anew, halfway through a demo of 45 seconds
	@DEMO_SECONDS=45 $(PY) -m deploy.local.demo --picture docs/pictures/demo.svg

up: install ## run a small contact centre and leave it running to play with (SEED=0: empty)
	@$(PY) -m deploy.local up

down: install ## end what `make up` left running
	@$(PY) -m deploy.local down

status: install ## say what `make up` left running: addresses, ports, processes
	@$(PY) -m deploy.local status

restart: install ## end one part of `make up` and start it again (PART=analytics-worker)
	@$(PY) -m deploy.local restart $(PART)

env: install ## print a process's environment: eval "$$(make -s env SERVICE=routing ROLE=worker)"
	@$(PY) -m deploy.local env $(SERVICE) $(ROLE)

shell: install ## print the addresses of `make up` and an agent's token: eval "$$(make -s shell AGENT=mara)"
	@$(PY) -m deploy.local shell $(AGENT)

mail: install ## list the mail that `make up` has sent (N=3 shows the third)
	@$(PY) -m deploy.local mail $(N)

reset: install ## end what `make up` left running and forget its data
	@$(PY) -m deploy.local reset

test: install ## run every test on real PostgreSQL and a real broker (BROKER=kafka|embedded chooses)
	@$(PY) -m pytest -n $(WORKERS) --no-loadscope-reorder

unit: install ## run the tests that need neither database nor broker
	@$(PY) -m pytest tests/unit tests/contract tests/architecture

integration: install ## run the tests of each part on real PostgreSQL and a real broker
	@$(PY) -m pytest tests/integration

e2e: install ## run the journeys through all four services
	@$(PY) -m pytest tests/e2e

faults: install ## run all drills, the long ones and the upgrade too, and the benchmarks' own tests
	@$(PY) -m pytest tests/faults tests/upgrade tests/benchmarks -m "long or not long"

k8s-check: install $(CHECKOV)/.ready ## build each overlay, hold it against the code and the operators' definitions, lint it
	@$(PY) -m pytest tests/k8s

k8s-drill: install ## run the drill on a real Kubernetes of one node (as root; needs Go)
	@$(PY) -m pytest tests/cluster -m long -p no:randomly

k8s-up: install ## run that Kubernetes, with all that Rapport asks of others, until Ctrl-C
	@$(PY) -m deploy.k8s.local

k8s-token: install ## print a token for it (SUBJECT=mara)
	@$(PY) -m deploy.k8s.local token $(SUBJECT)

k8s-mail: install ## list the mail that its customers got (MAIL=2: the second, whole)
	@$(PY) -m deploy.k8s.local mail $(MAIL)

image: ## build the image (BASE=python:3.13-slim-bookworm@sha256:..., BUILD=docker build)
	@test -n "$(BASE)" || { echo 'Name what it is built on, by digest: make image BASE=python:3.13-slim-bookworm@sha256:...'; exit 2; }
	@$(BUILD) --file deploy/image/Dockerfile --build-arg BASE=$(BASE) --build-arg VERSION=$(VERSION) --build-arg REVISION=$$(git rev-parse HEAD) --tag rapport:$(VERSION) .

upgrade: install ## run the upgrade drill from a commit (FROM_RELEASE=v1; else the last line of RELEASES)
	@FROM_RELEASE=$(FROM_RELEASE) $(PY) -m pytest tests/upgrade -m "long or not long"

bench: install ## measure against peers and ceilings and compare with the stored ratios (about half an hour)
	@$(PY) -m benchmarks

check: format-check lint types imports docs-check migrations-check ## format, lint, types, imports, generated files, migrations

format: install ## rewrite the sources in the one format
	@$(PY) -m ruff format $(SOURCES)
	@$(PY) -m ruff check --fix --quiet $(SOURCES)

format-check: install ## say which files are not in the one format
	@$(PY) -m ruff format --check $(SOURCES)

lint: install ## look for mistakes and house rules broken
	@$(PY) -m ruff check $(SOURCES)

types: install ## check the types, strictly
	@$(PY) -m mypy

imports: install ## check who may import whom
	@$(VENV)/bin/lint-imports

docs: install ## write the generated files: schemas, AsyncAPI, docs of events, telemetry and definitions
	@$(PY) -m tools.generate

docs-check: install ## say which generated files are not what the code says
	@$(PY) -m tools.generate --check

migrations-check: install ## say which migrations lock people out or break the release before
	@$(PY) -m tools.migrations

lock: ## rewrite the locks in requirements/ from pyproject.toml (hashes, no index address)
	@test -x $(VENV)/bin/uv || $(MAKE) --no-print-directory install
	@$(VENV)/bin/uv pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links \
		--custom-compile-command "make lock" -o requirements/runtime.txt
	@$(VENV)/bin/uv pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.11 --group dev \
		--generate-hashes --no-emit-index-url --no-emit-find-links -c requirements/runtime.txt \
		--custom-compile-command "make lock" -o requirements/dev.txt
	@for each in sbom checkov; do \
		$(VENV)/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --group $$each \
			--generate-hashes --no-emit-index-url --no-emit-find-links \
			--custom-compile-command "make lock" -o requirements/$$each.txt || exit; \
	done

install: $(READY) ## make the virtual environment from the lock, once

$(READY): requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Rapport needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name one: make PYTHON=python3.12 ...")'
	@echo "Setting up $(VENV): Python packages from requirements/dev.txt (once, about a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --progress-bar off --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

$(CHECKOV)/.ready: requirements/checkov.txt
	@echo "Setting up $(CHECKOV): Python packages from requirements/checkov.txt (once, about a minute)"
	@$(PYTHON) -m venv $(CHECKOV)
	@$(CHECKOV)/bin/python -m pip install --quiet --progress-bar off --disable-pip-version-check --require-hashes -r requirements/checkov.txt
	@touch $@

clean: ## remove what the targets above made (not while something is running)
	@rm -rf $(VENV) .local .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.PHONY: help demo picture up down status restart env shell mail reset test unit integration e2e faults k8s-check k8s-drill k8s-up k8s-token k8s-mail image upgrade bench check format format-check lint types imports docs docs-check migrations-check lock install clean
