# Thin on purpose: every target does its own set-up on a machine that has git and Python 3.11 or newer.
#   VENV=folder    where the virtual environment lives (default: .venv)
#   PYTHON=program which Python makes it               (default: the first one that is new enough)
#   ARGS=...       more arguments for pytest           (make test ARGS="-k journal")
#   COVERAGE=yes   measure branch coverage, too        (two thirds more CPU: each child loads the library)

VENV ?= .venv
ARGS ?=
COVERAGE ?=
export VENV PYTHON
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test check lint bench docs

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r name what; do printf '  make %-6s %s\n' "$$name" "$$what"; done

demo: ## the whole loop in a throw-away repository, step by step
	@.ci/setup run
	@"$(VENV)/bin/gitmem" demo

test: ## the suite (with branch coverage: COVERAGE=yes, then .ci/run coverage)
	@.ci/setup test
	@[ -z "$(COVERAGE)" ] || "$(VENV)/bin/coverage" erase
	@"$(VENV)/bin/python" -m $(if $(COVERAGE),coverage run -m )pytest --numprocesses auto --maxprocesses 8 --dist worksteal $(ARGS)

check: ## everything the build machine runs: lint, imports, types, changelog, docs, evals, test, coverage, wheel, client, model, browser
	@.ci/run

lint: ## style, import contracts and types only
	@.ci/run lint imports types

bench: ## commands as ratios to an empty Python; starts of git; what a close costs beside its model
	@.ci/setup test
	@VENV="$(VENV)-bench" .ci/setup plain
	@GITMEM_BIN="$$(cd "$(VENV)-bench/bin" && pwd)/gitmem" "$(VENV)/bin/python" -m tests.bench.run
	@GITMEM_BIN="$$(cd "$(VENV)-bench/bin" && pwd)/gitmem" "$(VENV)/bin/python" -m tests.bench.close

docs: ## the site, into site/: built strictly, so that a dead link fails
	@VENV="$(VENV)-docs" .ci/setup docs
	@NO_MKDOCS_2_WARNING=1 "$(VENV)-docs/bin/mkdocs" build --quiet --strict
	@echo "built: site/index.html"
