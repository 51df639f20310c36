# make lab          set up .venv (first run only), make lab/, your copy of the notebooks, and open it in JupyterLab
# make test         set up .venv (first run only), lint, the package's tests, every notebook
# make test-answers the notebooks that run the learner's own functions, with every exercise solved
# make test-browser the notebooks and widgets in a real browser (needs Chromium)
# make test-builds  site and slides, built and looked at in a browser; two notebooks of each copy (needs Chromium)
# make test-oldest  the package's tests on the oldest torch and NumPy that pyproject.toml admits, in .venv-oldest
# make test-newest  the same on the newest versions that it admits, in .venv-newest
# make test-others  other projects' tests with our layers in place of torch's, in .venv-others (ten minutes)
# make test-gpu     the layers' tests on a CUDA device; no network is needed (WHEELS)
# make site         the course to read in a browser, build/site/index.html
# make slides       slides of each notebook, build/slides
# make bench        time every layer against torch.nn
# make lint, make format
#
# Variables:  FRESH=1             make lab: begin a new copy; the old one is moved to lab.1
#             PYTHON=python3.12   the interpreter that makes .venv
#             ARGS="--no-browser" passed on to jupyter lab, pytest (test-browser) or bench
#             TORCH_INDEX=URL     where pip looks for torch: the index that pytorch.org names for CPU
#             WHEELS=FOLDER       test-gpu: what PYTHON lacks of torch, numpy, threadpoolctl, tqdm and pytest, as wheels
#             EXTRAS=course,test,fused   the extras that are installed: with Triton, the tests of impl="fused" run
#             CHROMIUM=/path/to/chromium
#             AXE=/path/to/axe.min.js   test-browser: axe-core, where npm cannot bring it

PYTHON ?= python3
ARGS ?=
FRESH ?=
TORCH_INDEX ?=
WHEELS ?=
# A copy from a stick has its wheels with it (python -m lstmcourse kit), those that `make lab` needs.
OFFLINE := $(if $(wildcard wheels/*.whl),--no-index --find-links wheels)
ifeq ($(OFFLINE),)
EXTRAS ?= course,test
else
EXTRAS ?= course
endif
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)

BIN := .venv/bin
STAMP := .venv/.installed
DATA := .venv/data
FETCHED := .venv/.fetched
PIP := $(BIN)/python -m pip --disable-pip-version-check

# The course's networks are small: more threads make them slower, and figures less repeatable.
export OMP_NUM_THREADS ?= 1
export PYDEVD_DISABLE_FILE_VALIDATION := 1

.DEFAULT_GOAL := help
.PHONY: help setup lab test test-package test-notebooks test-answers test-browser test-builds test-oldest test-newest test-others test-gpu bench site slides lint format
.DELETE_ON_ERROR:

help:
	@sed -n '/^# /s/^# //p;/^$$/q' Makefile

setup: $(STAMP)

# A venv without pip is what a Debian without python3-venv leaves behind: it is removed, so that the next run starts afresh.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "lstmcourse needs Python 3.11 or newer, and $(PYTHON) is not. Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv --clear .venv \
	  || { rm -rf .venv; echo "No virtual environment could be made. On Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(STAMP): pyproject.toml constraints.txt $(BIN)/python
	@rm -f $@
ifneq ($(TORCH_INDEX),)
	$(PIP) install -c constraints.txt --index-url $(TORCH_INDEX) torch
else ifeq ($(OFFLINE),)
	@if [ "$$(uname)" = Linux ]; then echo "On Linux, pip's own torch may be the CUDA build, of several GB." \
	  "For the CPU build: make $(MAKECMDGOALS) TORCH_INDEX=URL, with the index URL that pytorch.org/get-started names for CPU"; fi
endif
	$(PIP) install $(if $(OFFLINE),$(OFFLINE) )-c constraints.txt -e ".[$(EXTRAS)]"
	@touch $@

# What the notebooks need from elsewhere, once. Without a network they run all the same, and say what is missing.
$(FETCHED): $(STAMP)
	LSTMCOURSE_DATA=$(CURDIR)/$(DATA) $(BIN)/python -m lstmcourse data fetch reviews && touch $@ || true

lab: $(STAMP)
	$(BIN)/python -m lstmcourse lab $(if $(FRESH),--fresh) $(ARGS)

test: lint test-package test-notebooks
	@echo "The browser tests are left out here: make test-browser runs them."

# Learner's progress and downloads go to directories of the tests' own (tests/conftest.py, tests/notebooks/run_notebooks.py);
# the notebooks read what was fetched into $(DATA).
test-package: $(STAMP)
	$(BIN)/python -m pytest -n 2 --durations=10 tests

test-notebooks: $(STAMP) $(FETCHED)
	LSTMCOURSE_DATA=$(CURDIR)/$(DATA) $(BIN)/python tests/notebooks/run_notebooks.py notebooks

test-answers: $(STAMP) $(FETCHED)
	LSTMCOURSE_DATA=$(CURDIR)/$(DATA) $(BIN)/python tests/notebooks/run_answers.py notebooks

test-browser: $(STAMP) $(FETCHED)
	@test -n "$(CHROMIUM)" || { echo "The browser tests need Chromium. On Debian: apt install chromium;" \
	  "elsewhere: make test-browser CHROMIUM=/path/to/chromium"; exit 1; }
	@test -d tests/browser || { echo "There is no folder tests/browser in this checkout."; exit 1; }
	CHROMIUM="$(CHROMIUM)" LSTMCOURSE_DATA=$(CURDIR)/$(DATA) $(BIN)/python -m pytest tests/browser $(ARGS)

test-builds: $(STAMP)
	@test -n "$(CHROMIUM)" || { echo "The tests of the builds need Chromium, as make test-browser does."; exit 1; }
	CHROMIUM="$(CHROMIUM)" $(BIN)/python -m pytest tests/builds $(ARGS)

test-oldest:
	$(PYTHON) -m venv --clear .venv-oldest
	.venv-oldest/bin/python -m pip install $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) "torch==2.4.*"
	.venv-oldest/bin/python -m pip install "torch==2.4.*" "numpy==1.26.*" -e ".[course,test]"
	.venv-oldest/bin/python -m pytest -n 2 tests --deselect tests/repo/test_project.py::test_what_is_installed_is_what_is_pinned

test-newest:
	$(PYTHON) -m venv --clear .venv-newest
	$(if $(TORCH_INDEX),.venv-newest/bin/python -m pip install --index-url $(TORCH_INDEX) torch)
	.venv-newest/bin/python -m pip install -e ".[course,test]"
	.venv-newest/bin/python -m pytest -n 2 tests --deselect tests/repo/test_project.py::test_what_is_installed_is_what_is_pinned

test-others:
	@test -x .venv-others/bin/python || $(PYTHON) -m venv .venv-others
	$(if $(TORCH_INDEX),.venv-others/bin/python -m pip install -c constraints.txt --index-url $(TORCH_INDEX) torch)
	.venv-others/bin/python -m pip install -c constraints.txt -r tests/others/requirements.txt -e .
	.venv-others/bin/python tests/others/run.py $(ARGS)

# The course's venv where there is one, else PYTHON as it is: a machine with a GPU may have torch and no network.
test-gpu: GPU_PYTHON = $(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON))
test-gpu:
ifneq ($(WHEELS),)
	$(GPU_PYTHON) -m pip install --quiet --no-index --no-deps --upgrade --target .wheels $(WHEELS)/*.whl
endif
	PYTHONPATH="$(CURDIR):$(CURDIR)/.wheels" $(GPU_PYTHON) tests/gpu.py $(ARGS)

bench: $(STAMP)
	$(BIN)/python -m lstmcourse bench $(ARGS)

# Each is made anew: what a page had before does not stay.
site: built-site
slides: built-slides
built-%: $(STAMP)
	@$(BIN)/python -c "import furo, myst_nb, nbconvert, sphinx_revealjs" 2>/dev/null \
	  || $(PIP) install -c constraints.txt -e ".[$(EXTRAS),site]"
	rm -rf build/$*
	$(BIN)/python -m lstmcourse build $* build/$*

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
