# Every target sets itself up; nothing but python3 (3.11 or later) and make is needed.

PYTHON ?= python3
PORT ?= 8421
EVALUATION ?= ../shared/evaluation
PYTEST_ARGS ?=
BENCH_ARGS ?=

VENV := .venv
# pywb's dependencies and ours exclude each other (docs/decisions/0001-dependencies.md).
PYWB_VENV := .venv-pywb
RUN := $(VENV)/bin/python -P
PIP := $(RUN) -m pip -qq --disable-pip-version-check
SOURCES := pyproject.toml README.md LICENSE $(shell find preserve -type f -not -name '*.pyc')
SCRIPTS := examples/demo.py examples/site.py tools/evaluate.py tools/synthetic_archive.py tools/cli_docs.py \
	tools/measure_scale.py $(wildcard benchmarks/*.py)

# -P and this keep the checkout off the module path: what runs is the installed wheel.
export PYTHONSAFEPATH := 1

.DELETE_ON_ERROR:
.PHONY: help demo test lint evaluate bench screenshots clean

help:
	@echo 'make demo      verify the example collection against a web site on this machine'
	@echo 'make test      run every test against the installed wheel'
	@echo 'make lint      ruff and mypy --strict'
	@echo 'make evaluate  run and score the evaluation set in EVALUATION ($(EVALUATION))'
	@echo 'make bench     speed and memory, beside wget and trafilatura; writes docs/performance.md'
	@echo 'make screenshots  the pictures in docs/, of the report that make demo made'
	@echo 'make clean     remove what these made, the virtual environment included'

demo: $(VENV)/.installed
	$(RUN) examples/demo.py --port $(PORT)

test: $(VENV)/.installed $(VENV)/.tools $(PYWB_VENV)/.pywb
	@$(RUN) tools/installed.py
	PRESERVE_PYWB='$(abspath $(PYWB_VENV))/bin/wayback' $(RUN) -m pytest $(PYTEST_ARGS)

lint: $(VENV)/.installed $(VENV)/.tools
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(RUN) -m mypy $(SCRIPTS)

evaluate: $(VENV)/.installed
	$(RUN) tools/evaluate.py $(EVALUATION)

# PYTHONPATH has the benchmarks import each other, and the package from where it is installed.
bench: $(VENV)/.installed $(VENV)/.bench
	PYTHONPATH='$(abspath benchmarks)' $(RUN) benchmarks/run.py --evaluation '$(EVALUATION)' $(BENCH_ARGS)

screenshots: $(VENV)/.installed $(VENV)/.tools
	$(RUN) tools/screenshots.py

clean:
	rm -rf $(VENV) $(PYWB_VENV) build dist examples/archive examples/report .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The virtual environment, with a pip that knows dependency groups.
$(VENV)/.pip:
	@sh tools/make-venv.sh '$(PYTHON)' '$(VENV)'
	$(PIP) install --upgrade 'pip>=25.1'
	@touch $@

# What preserve needs; again when the dependencies may have changed.
$(VENV)/.dependencies: pyproject.toml | $(VENV)/.pip
	$(PIP) install .
	@touch $@

# preserve itself, as a wheel; again when a source file changed.
$(VENV)/.installed: $(VENV)/.dependencies $(SOURCES)
	$(PIP) install --force-reinstall --no-deps .
	@touch $@

$(VENV)/.tools: pyproject.toml | $(VENV)/.pip
	$(PIP) install --group test --group lint
	@touch $@

# What is measured but not needed.
$(VENV)/.bench: pyproject.toml | $(VENV)/.pip
	$(PIP) install --group bench
	@touch $@

# pywb, for the tests of replay; without it they are skipped, and say so.
$(PYWB_VENV)/.pywb: pyproject.toml | $(VENV)/.pip
	@sh tools/make-venv.sh '$(PYTHON)' '$(PYWB_VENV)'
	@$(PYWB_VENV)/bin/python -P -m pip -qq --disable-pip-version-check install --upgrade 'pip>=25.1'
	$(PYWB_VENV)/bin/python -P -m pip -qq --disable-pip-version-check install --group replay
	@touch $@
