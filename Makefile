# `make` lists the verbs; the first one to run sets everything up.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
ARGS ?=

# Tests start many programs, and each would compile itself again.
unexport PYTHONDONTWRITEBYTECODE
# Tests' databases sync thousands of times, for which memory, where there is enough, does not wait as a disk does.
MEMORY = $(shell grep -q ' /dev/shm .*noexec' /proc/mounts 2>/dev/null \
	|| df --output=avail /dev/shm 2>/dev/null | awk 'END { if ($$1 > 4e6) print "/dev/shm" }')
test test-long: export PYTEST_DEBUG_TEMPROOT = $(MEMORY)

LOCK = $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-emit-index-url --custom-compile-command 'make lock' pyproject.toml $(ARGS)

.PHONY: help setup web demo town test test-long check bench bench-full screenshots vectors mutants spec-mutants party-mutants fuzz faults format formal lock clean zbar spass chromium nginx wrk
.DELETE_ON_ERROR:

help: ## list the verbs
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

setup: $(VENV)/installed zbar spass chromium nginx web/node_modules ## install everything that the verbs need, into this folder

web: web/node_modules ## build the pages that servers serve, into service/dist
	cd web && npm run --silent build

demo: $(VENV)/installed zbar ## the whole story on this machine
	$(RUN) -m lab demo $(ARGS)

town: $(VENV)/installed zbar $(if $(shell command -v npm),web) ## a town that keeps running, to try things in; ARGS=--help for more
	@$(RUN) -m lab town $(ARGS)

test: $(VENV)/installed zbar spass chromium nginx web/node_modules ## every claim, attack, vector and MUST, and the servers' behaviour
	$(RUN) -m pytest -n 2 --dist worksteal -m 'not long' \
	--cov --cov-report=term-missing:skip-covered $(ARGS)

test-long: $(VENV)/installed zbar chromium nginx web/node_modules ## the tests that take long: real runs, killed processes, fuzzing
	$(RUN) -m pytest -n 2 --dist worksteal -m long $(ARGS)

check: $(VENV)/installed web/node_modules ## linters, types, import contracts, test vectors, recordings
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy
	$(VENV)/bin/lint-imports --no-cache
	$(RUN) -m conformance.vectors --check
	$(RUN) -m conformance.corpus --check
	cd web && npm run --silent lint && npm run --silent types

bench: $(VENV)/installed zbar wrk $(if $(shell command -v npm),web/node_modules) ## what everything costs, next to its floor, as benchmarks/README.md; minutes
	$(RUN) -m benchmarks $(ARGS)

bench-full: $(VENV)/installed zbar wrk $(if $(shell command -v npm),web/node_modules) ## the same with what is largest; hours, and it goes on where it was stopped
	$(RUN) -m benchmarks --full $(ARGS)

screenshots: $(VENV)/installed zbar chromium web/node_modules ## the pictures of pages in READMEs; ARGS=FOLDER: every screen there, too
	$(RUN) -m tests.browser.screenshots web/screenshots $(ARGS)
	$(RUN) -m tests.browser.desk_screenshots web/screenshots/desk.png $(ARGS)

vectors: $(VENV)/installed ## write the test vectors, and the recordings for auditors, again
	$(RUN) -m conformance.vectors
	$(RUN) -m conformance.corpus

fuzz: $(VENV)/installed zbar ## a million malformed messages
	$(RUN) -m tests.fuzz $(ARGS)

faults: $(VENV)/installed zbar ## kill, starve and mislead real servers under load, one venue also as three processes
	$(RUN) -m tests.faults $(ARGS)

mutants: $(VENV)/installed ## break the protocol and demand that a test notices
	rm -rf mutants
	$(RUN) -m mutmut run
	$(RUN) -m mutmut export-cicd-stats
	$(RUN) -m json.tool mutants/mutmut-cicd-stats.json
	@$(RUN) -m mutmut results | sed -n 's/^ *\(.*\): survived$$/\1/p' | { unexplained=0; while read -r mutant; do \
	grep -qF "$$mutant\`" tests/protocol/SURVIVORS.md || { $(RUN) -m mutmut show "$$mutant"; unexplained=1; }; \
	done; exit $$unexplained; }

formal: $(VENV)/installed ## prove the formal models that changed, and write their transcript; needs ProVerif
	$(RUN) -m tests.formal $(ARGS)

spec-mutants: $(VENV)/installed zbar ## break one rule at a time and demand that a test vector notices
	$(RUN) -m tests.vectors.mutants $(ARGS)

party-mutants: $(VENV)/installed zbar ## break the parties' programs in 400 ways and demand that a test notices
	$(RUN) -m tests.party_mutants $(ARGS)

format: $(VENV)/installed ## write the code in the house's form
	$(RUN) -m ruff format .
	$(RUN) -m ruff check --fix .

lock: $(VENV)/installed ## lock Python's packages again after a change in pyproject.toml; ARGS=--upgrade for newer ones
	$(RUN) -m pip install --quiet 'uv>=0.9'
	$(LOCK) --all-extras --group dev --output-file requirements/dev.txt
	for party in operator authority venue; do $(LOCK) --group build --extra $$party --extra postgresql \
	--constraint requirements/dev.txt --output-file requirements/$$party.txt || exit 1; done

clean: ## remove what the verbs made
	rm -rf $(VENV) web/node_modules service/dist mutants .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache *.egg-info

$(VENV)/installed: pyproject.toml requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "SplitPass needs Python 3.11 or newer: make PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV) || { echo 'Python cannot make environments; run: sudo apt-get install python3-venv' >&2; exit 1; }
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
	--requirement requirements/dev.txt
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

zbar: $(VENV)/installed
	@$(RUN) -c 'import pyzbar.pyzbar' 2>/dev/null \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update --quiet && apt-get install --yes --quiet libzbar0; } \
	|| { echo 'The zbar library is missing; run: sudo apt-get install libzbar0 (macOS: brew install zbar)' >&2; exit 1; }

spass:
	@command -v SPASS >/dev/null \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update --quiet && apt-get install --yes --quiet spass; } \
	|| { echo 'The prover SPASS is missing; run: sudo apt-get install spass (elsewhere: https://www.spass-prover.org)' >&2; exit 1; }

chromium:
	@command -v chromium >/dev/null \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update --quiet && apt-get install --yes --quiet chromium fonts-noto-cjk; } \
	|| { echo 'The browser Chromium is missing; run: sudo apt-get install chromium fonts-noto-cjk' >&2; exit 1; }

nginx:
	@PATH="$$PATH:/usr/sbin" command -v nginx >/dev/null \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update --quiet && apt-get install --yes --quiet nginx-light; } \
	|| { echo 'The proxy nginx is missing; run: sudo apt-get install nginx-light' >&2; exit 1; }

wrk:
	@command -v wrk >/dev/null \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update --quiet && apt-get install --yes --quiet wrk; } \
	|| echo 'The load generator wrk is missing, and doors are not measured; run: sudo apt-get install wrk' >&2

web/node_modules: web/package-lock.json
	@command -v npm >/dev/null || { echo 'Node.js 20 or newer is missing; install it from your package manager' >&2; exit 1; }
	cd web && npm ci --no-audit --no-fund --silent
	@touch $@
