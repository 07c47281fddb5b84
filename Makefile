# Everything runs from a virtual environment in .venv, installed from a hashed lock.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := activities adapters chaos demo domain ledger replay sandbox starters testkit workers workflows
READY := $(VENV)/.ready
DATA ?= ../shared/data/retail
CASES ?= $(DATA)/cases.jsonl
OUT ?= conformance-result.jsonl
SEED ?= 1

.PHONY: help setup demo chaos test test-deep test-versions peers peers-test bench lint types conformance histories fingerprint mutations screenshots lock

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/'

setup: $(READY) ## make the virtual environment and install the hashed lock into it

$(READY): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Returnflow needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ echo "python3 cannot make virtual environments here; on Debian: apt install python3-venv"; exit 1; }
	@echo "installing the pinned packages (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q $(PACKAGES)
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest --collect-only -q >/dev/null
	@touch $(READY)

demo: $(READY) ## play the stories of a return, with days of virtual time, and judge them by the providers' books
	@$(BIN)/returns demo

chaos: $(READY) ## play 2,000 returns while everything breaks, and judge them by the books: SHORT=1 plays 200, SEED=n repeats
	$(BIN)/returns chaos --seed $(SEED) $(if $(SHORT),--short)

# What was compiled is kept: without that each of its processes compiles every file that changed since make setup.
test: $(READY) ## run the whole suite against a real Temporal server
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n 4 --dist worksteal

UNCACHED = RETURNFLOW_TEST_CACHED_WORKFLOWS=0 $(BIN)/python -m pytest --dist worksteal --tb native \
	-o timeout_method=thread tests/workflow

test-deep: $(READY) ## PostgreSQL, production as processes, 2,000 runs of the invariants, 200 random lives (SEED=2: others), no cache
	$(BIN)/python -m pytest -n 3 --dist worksteal -m deep \
		tests/unit tests/packaging tests/observe tests/e2e/test_demo.py tests/e2e/test_up.py tests/e2e/test_topology.py \
		tests/e2e/test_chaos.py tests/workflow tests/wechat tests/alipay
	RETURNFLOW_TEST_SEED=$(SEED) RETURNFLOW_TEST_RUNS=2000 RETURNFLOW_TEST_CASES=200 \
		$(BIN)/python -m pytest -n 3 --dist worksteal -m 'deep or not deep' tests/properties
	@# Without a cache the SDK at times throws a workflow out during a ledger call, and a client waits too long; at worst
	@# its worker stands still, until its process is ended for it. What fails is played once more, alone. Code that is
	@# not deterministic fails again.
	$(UNCACHED) -n 2 || { [ $$? -eq 1 ] && $(UNCACHED) --last-failed --last-failed-no-failures none; }

test-versions: $(READY) ## two versions of the workers side by side, and a sample of mutations
	$(BIN)/python -m pytest -m deep tests/e2e/test_two_versions.py tests/mutations

peers: ## install what others wrote, each into an environment of its own: localstripe (GPLv3), and Alipay's SDK (440 MB)
	$(PYTHON) -m venv .peers/localstripe
	.peers/localstripe/bin/python -m pip install --quiet --disable-pip-version-check localstripe==1.15.10
	$(PYTHON) -m venv .peers/alipay
	.peers/alipay/bin/python -m pip install --quiet --disable-pip-version-check alipay-sdk-python==3.7.1411

peers-test: $(READY) ## hold the adapters against stand-ins for the providers, those of make peers among them, while calls go wrong
	$(BIN)/python -m pytest -m peers tests/stripe tests/alipay tests/wechat

screenshots: $(READY) ## take the guides' pictures of the Web UI (needs Chromium on the path, or CHROMIUM=)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-screenshots.lock
	$(BIN)/python -m tests.screenshots

bench: $(READY) ## measure the pipeline against the server that it runs on, and write bench/results: PARTS="cost growth" for some
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-bench.lock
	$(BIN)/python -m bench $(foreach part,$(PARTS),--only $(part))

lint: $(READY) ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY) ## mypy, strict
	$(BIN)/mypy

conformance: $(READY) ## run recorded requests to their end: DATA=folder CASES=file OUT=file
	$(BIN)/python -m tests.conformance.run --data "$(DATA)" --cases "$(CASES)" --out "$(OUT)"

histories: $(READY) ## record the replay fixtures of every story anew
	$(BIN)/python -m tests.replay.record

fingerprint: $(READY) ## take the fingerprint of the workflows' commands: what changed is gated, or ACK="why it is safe"
	@$(BIN)/python -m tests.fingerprint --ack "$$ACK"

mutations: $(READY) ## change the workflow code in 200 ways, and see that replay and fingerprint notice: SHORT=1 tries eight
	$(BIN)/python -m tests.mutations $(if $(SHORT),--short)

lock: $(READY) ## refresh the hashed locks after a change of dependencies
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
		--all-extras --group dev pyproject.toml -o requirements-dev.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
		--extra worker --extra api --extra cli --extra postgres --extra tracing pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
		--group pyproject.toml:screenshots -c requirements-dev.lock -o requirements-screenshots.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
		--group pyproject.toml:bench -c requirements-dev.lock -o requirements-bench.lock
