# Two commands a newcomer needs: `make demo` and `make test`. Both set up .venv themselves, once per set of pins. The
# tests of the infrastructure take Terraform, and a command of their own: `make test-cloud`.
PYTHON ?= python3.11
PINS := $(shell cat requirements-dev.txt pyproject.toml | git hash-object --stdin)
STAMP := .venv/.installed-$(PINS)

CHECKOV := 3.3.30
BINDINGS := .venv-bindings/pulumi-gcp-9.37.1

.PHONY: help demo audit fuzz test test-crm test-all coverage test-desk test-new-examples test-cloud checkov bench bundles smoke generate lock lint format clean
help: ## what make can do
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 20

demo: $(STAMP) ## the whole loop on a simulated market, in some minutes
	.venv/bin/leadwerk demo $(DEMO)

PYTEST := .venv/bin/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(if $(COVERAGE),--cov --cov-report=)

test: $(STAMP) ## the quick tests, in less than five minutes on two cores; TESTS=tests/scoring runs one room
	$(PYTEST) -m "not slow" $(or $(TESTS),--ignore=tests/terraform)

# What a minute of waiting would not pay for at every change: whole markets, kill -9, and all examples of the properties.
test-all: $(STAMP) ## every test but those of the infrastructure, with all examples; what CI runs
	$(PYTEST) --hypothesis-profile all_examples $(or $(TESTS),--ignore=tests/terraform --ignore=tests/browser --ignore=tests/fuzzing)

coverage: $(STAMP) ## test-all, and what share of lines and branches it runs, the functions' processes included
	@$(MAKE) --no-print-directory test-all COVERAGE=1
	@.venv/bin/coverage report --sort=cover | tail -n +3 | head -20
	@echo "Coverage of lines and branches: $$(.venv/bin/coverage report --format=total) %"

# One browser and one desk for all cases; they skip, with the reason, where there is no chromium.
test-desk: $(STAMP) ## the desk in Chromium: what people do there, accessibility, four languages
	.venv/bin/python -m pytest tests/browser

# The property tests with examples never drawn before; the others draw the same ones at every run.
test-new-examples: $(STAMP) ## the property tests with examples never drawn before
	.venv/bin/python -m pytest --numprocesses 2 --dist loadfile --hypothesis-profile new_examples \
	  $(or $(TESTS),$(shell grep -rl --include='test_*.py' 'from hypothesis' tests))

# The infrastructure and the bundles it deploys, without a cloud; checkov has pins of its own that nothing else bears, and the
# bindings are read and never imported: they say what provider 7.x takes.
test-cloud: checkov $(BINDINGS) ## Terraform and the bundles it deploys, without a cloud
	.venv/bin/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder tests/terraform

# Two CRMs that others make, each in an environment of its own: only their processes import them. BottleCRM needs Python
# 3.13; where there is none its tests are skipped, and say so.
CRM_ROOM := tests/crm/real
PYTHON313 ?= $(firstword $(wildcard $(HOME)/.pyenv/versions/3.13*/bin/python3.13) $(shell python3.13 -c "import sys; print(sys.executable)" 2>/dev/null))

test-crm: $(STAMP) .venv-crm/tryton $(if $(PYTHON313),.venv-crm/bottlecrm) ## deliveries to two real CRMs that fail and are killed
	LEADWERK_CRM_REAL=1 .venv/bin/python -m pytest $(CRM_ROOM)

.venv-crm/tryton: $(CRM_ROOM)/tryton-requirements.txt | $(STAMP)
	@rm -rf $@ .venv-crm/tryton-seed.sqlite && mkdir -p .venv-crm
	$(PYTHON) -m venv $@
	$@/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	cp -r $(CRM_ROOM)/tryton_fields .venv-crm/fields && $@/bin/python -m pip install --quiet --disable-pip-version-check --no-deps .venv-crm/fields
	@rm -rf .venv-crm/fields && touch $@

.venv-crm/bottlecrm: $(CRM_ROOM)/bottlecrm-requirements.txt | $(STAMP)
	@rm -rf $@ && mkdir -p .venv-crm
	$(PYTHON313) -m venv $@
	$@/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

checkov: $(STAMP) .venv-checkov/$(CHECKOV)

.venv-checkov/$(CHECKOV): | $(STAMP)
	.venv/bin/uv venv --quiet --clear --python .venv/bin/python .venv-checkov
	.venv/bin/uv pip install --quiet --python .venv-checkov/bin/python checkov==$(CHECKOV)
	@touch $@

$(BINDINGS): | $(STAMP)
	.venv/bin/uv pip install --quiet --no-deps --target $@ $(subst gcp-,gcp==,$(notdir $@))

# Pins of its own, as checkov: nothing else needs them. Formats of real credentials only: entropy alone is no finding.
AUDIT := .venv-audit/cyclonedx-7.5.0-detect-secrets-1.5.0
NO_GUESSES := --disable-plugin KeywordDetector --disable-plugin HexHighEntropyString --disable-plugin Base64HighEntropyString \
  --exclude-lines 'user:password.host'

audit: $(AUDIT) ## looks for credentials in all files; writes the bill of materials of each function to build/
	git ls-files -z | xargs -0 .venv-audit/bin/detect-secrets-hook $(NO_GUESSES)
	@mkdir -p build
	@for folder in functions/*/; do name=$$(basename $$folder); \
	  .venv-audit/bin/cyclonedx-py requirements $$folder/requirements.txt --output-file build/sbom-$$name.json || exit 1; done
	@echo "Bills of materials: build/sbom-*.json"

$(AUDIT): | $(STAMP)
	.venv/bin/uv venv --quiet --clear --python .venv/bin/python .venv-audit
	.venv/bin/uv pip install --quiet --python .venv-audit/bin/python cyclonedx-bom==7.5.0 detect-secrets==1.5.0
	@touch $@

# Requests by the OpenAPI document; FUZZ=1000 sends as many to each operation. In one process: its pytest plugin gives the
# workers of xdist one test of twenty. REQUESTS=200000 sends so many mutated ones to all; build/fuzz.log has their counts.
fuzz: $(STAMP) ## requests of every kind to every function: no answer of 500
	@mkdir -p build
	LEADWERK_FUZZ_EXAMPLES=$(or $(FUZZ),1000) LEADWERK_FUZZ_REQUESTS=$(or $(REQUESTS),3000) \
	  LEADWERK_FUZZ_LOG=build/fuzz.log .venv/bin/python -m pytest tests/fuzzing

bench: $(STAMP) ## the figures of the README; BENCH=points runs one
	.venv/bin/python -m benchmarks $(BENCH)

bench-quality: $(STAMP) ## ranking beside other models; DATA="leads.csv --outcome Won" measures a file
	.venv/bin/python -m benchmarks.quality $(DATA)

# What derives from other files: records of tables, tables of variables, the OpenAPI document. Tests compare each.
generate: $(STAMP) ## writes what derives from other files, such as the records of tables
	.venv/bin/python -m tools.table_records
	.venv/bin/python -m tools.country_names
	.venv/bin/python -m tools.terraform_reference
	.venv/bin/python -m tools.openapi
	.venv/bin/python -m tools.licences

lock: $(STAMP) ## locks what each function is built from, with hashes; after a change of a pin
	.venv/bin/python -m tools.locked_requirements

# Nothing is installed for it: whoever applies needs Python alone.
smoke: $(STAMP) ## deploys into a throw-away project, runs the loop, measures, destroys: PROJECT=…
	@test -n "$(PROJECT)" || { echo "Say which: make smoke PROJECT=…, a project with billing and nothing in it that anybody needs"; exit 2; }
	.venv/bin/python -m tools.smoke $(PROJECT) $(SMOKE)

bundles: ## what Terraform uploads: one archive of sources for each function
	@$(firstword $(wildcard .venv/bin/python) python3) -m tools.bundles

lint: $(STAMP) ## ruff, the vocabulary and mypy
	.venv/bin/ruff check .
	.venv/bin/python -m tools.vocabulary
	.venv/bin/mypy --strict
	.venv/bin/mypy --config-file tests/mypy.ini

format: $(STAMP) ## ruff format and its automatic fixes
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

clean: ## removes the virtual environments and the local home
	rm -rf .venv .venv-checkov .venv-audit .venv-bindings .leadwerk

# --no-build-isolation: setuptools is among the pins, so that nothing unpinned is fetched for the editable install.
$(STAMP): requirements-dev.txt pyproject.toml
	@echo "Setting up .venv (once per change of requirements-dev.txt) …"
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv || { \
	  echo "No $(PYTHON) with venv here: install it (Debian, Ubuntu: apt install python3.11-venv), or name one: make PYTHON=…"; exit 2; }
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@rm -f .venv/.installed-*
	@touch $@
