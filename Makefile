# make demo: a run from nothing to numbers.  make test: the tests.  Both set up .venv.

# Python 3.11 where it is installed, else whatever python3 is (3.11 or newer).
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
export JAX_COMPILATION_CACHE_DIR := $(CURDIR)/.cache/xla
export JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS := 0.5

.PHONY: demo test lint docs site clean

.venv/done: requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

DEMO := --config.data.dir=data/synthetic

data/synthetic/manifest.json: | .venv/done
	$(BIN)/python -m data_prep synthetic --out=data/synthetic --train=2000 --test=1000

demo: data/synthetic/manifest.json
	$(BIN)/python launch.py --config=configs/baseline.py:dataset=synthetic,noise=0.3 --workdir=runs/demo/baseline $(DEMO)
	$(BIN)/python launch.py --config=configs/resup.py:dataset=synthetic,noise=0.3 --workdir=runs/demo/resup $(DEMO)
	$(BIN)/python launch.py compare runs/demo/baseline runs/demo/resup --out=runs/demo/summary.json

# Two processes: compiling, which is most of the work, takes one core each.
test: .venv/done
	$(BIN)/python -m pytest -n 2 --dist=worksteal

lint: .venv/done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 0 tests/docs/test_docstrings.py   # their examples

docs: .venv/done
	$(BIN)/python -m fer_jax.training.handbook > docs/fields.md

site: .venv/done
	$(BIN)/mkdocs build

clean:
	rm -rf .cache runs/demo site
