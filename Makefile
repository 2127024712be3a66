# Two commands a newcomer needs: `make demo` and `make test`. Both set up .venv themselves, once per set of pins. The
# tests of the infrastructure take Terraform, and a command of their own: `make test-cloud`.
PYTHON ?= python3.11
PINS := $(shell cat requirements-dev.txt pyproject.toml | git hash-object --stdin)
STAMP := .venv/.installed-$(PINS)

CHECKOV := 3.3.30

.PHONY: demo test test-new-examples test-cloud checkov bench generate lint format clean
demo: $(STAMP)
	.venv/bin/leadwerk demo $(DEMO)

test: $(STAMP)
	.venv/bin/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(or $(TESTS),--ignore=tests/terraform)

# The property tests with examples never drawn before; `make test` draws the same ones at every run.
test-new-examples: $(STAMP)
	.venv/bin/python -m pytest --numprocesses 2 --dist loadfile --hypothesis-profile new_examples \
	  $(or $(TESTS),$(shell grep -rl --include='test_*.py' 'from hypothesis' tests))

# The infrastructure and the bundles it deploys, without a cloud; checkov has pins of its own that nothing else bears.
test-cloud: checkov
	.venv/bin/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder tests/terraform

checkov: $(STAMP) .venv-checkov/$(CHECKOV)

.venv-checkov/$(CHECKOV): | $(STAMP)
	.venv/bin/uv venv --quiet --clear --python .venv/bin/python .venv-checkov
	.venv/bin/uv pip install --quiet --python .venv-checkov/bin/python checkov==$(CHECKOV)
	@touch $@

bench: $(STAMP)
	.venv/bin/python -m benchmarks $(BENCH)

# What derives from other files: the records of tables. Tests compare it with its sources.
generate: $(STAMP)
	.venv/bin/python -m tools.table_records

lint: $(STAMP)
	.venv/bin/ruff check .
	.venv/bin/mypy --strict

format: $(STAMP)
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

clean:
	rm -rf .venv .venv-checkov .leadwerk

# --no-build-isolation: setuptools is among the pins, so that nothing unpinned is fetched for the editable install.
$(STAMP): requirements-dev.txt pyproject.toml
	@echo "Setting up .venv (once per change of requirements-dev.txt) …"
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv || { \
	  echo "No $(PYTHON) with venv here: install it (Debian, Ubuntu: apt install python3.11-venv), or name one: make PYTHON=…"; exit 2; }
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@rm -f .venv/.installed-*
	@touch $@
