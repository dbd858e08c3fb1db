# make demo | test | check | bench; the first one to run sets everything up.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
ARGS ?=

.PHONY: demo test check bench vectors mutants fuzz faults format clean zbar
.DELETE_ON_ERROR:

demo: $(VENV)/installed zbar
	$(RUN) -m lab demo $(ARGS)

test: $(VENV)/installed zbar web/node_modules
	$(RUN) -m pytest -n 2 --dist worksteal --cov --cov-report=term-missing:skip-covered $(ARGS)

check: $(VENV)/installed web/node_modules
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy
	$(VENV)/bin/lint-imports --no-cache
	$(RUN) -m conformance.vectors --check
	cd web && npm run --silent lint && npm run --silent types

bench: $(VENV)/installed zbar
	$(RUN) -m benchmarks $(ARGS)

vectors: $(VENV)/installed
	$(RUN) -m conformance.vectors

fuzz: $(VENV)/installed zbar
	$(RUN) -m tests.fuzz $(ARGS)

faults: $(VENV)/installed zbar
	$(RUN) -m tests.faults $(ARGS)

mutants: $(VENV)/installed
	rm -rf mutants
	$(RUN) -m mutmut run
	$(RUN) -m mutmut export-cicd-stats
	$(RUN) -m json.tool mutants/mutmut-cicd-stats.json
	@$(RUN) -m mutmut results | sed -n 's/^ *\(.*\): survived$$/\1/p' | { unexplained=0; while read -r mutant; do \
	grep -qF "$$mutant\`" tests/protocol/SURVIVORS.md || { $(RUN) -m mutmut show "$$mutant"; unexplained=1; }; \
	done; exit $$unexplained; }

format: $(VENV)/installed
	$(RUN) -m ruff format .
	$(RUN) -m ruff check --fix .

clean:
	rm -rf $(VENV) web/node_modules mutants .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache *.egg-info

$(VENV)/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "SplitPass needs Python 3.11 or newer: make PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV) || { echo 'Python cannot make environments; run: sudo apt-get install python3-venv' >&2; exit 1; }
	$(RUN) -m pip install --quiet --upgrade 'pip>=25.1'
	$(RUN) -m pip install --quiet --editable . --group dev
	@touch $@

zbar: $(VENV)/installed
	@$(RUN) -c 'import pyzbar.pyzbar' 2>/dev/null \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update --quiet && apt-get install --yes --quiet libzbar0; } \
	|| { echo 'The zbar library is missing; run: sudo apt-get install libzbar0 (macOS: brew install zbar)' >&2; exit 1; }

web/node_modules: web/package-lock.json
	@command -v npm >/dev/null || { echo 'Node.js 20 or newer is missing; install it from your package manager' >&2; exit 1; }
	cd web && npm ci --no-audit --no-fund --silent
	@touch $@
