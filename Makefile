# Daybreak. `make demo` plays a night and serves it, `make test` runs everything; both do their own set-up.
PYTHON ?= python3
PORT ?= 8000
BIN = .venv/bin

.PHONY: help install demo serve test test-postgres test-install unit check format lock clean

help:
	@echo "make demo [PORT=8123]   one night on the sample wire, end to end, then served"
	@echo "make serve [PORT=8123]  the newsroom: web, worker and clock"
	@echo "make install            the environment alone: .venv, with the command .venv/bin/daybreak"
	@echo "make test               every test, in a browser too"
	@echo "make test-postgres      the unit tests on a PostgreSQL of their own"
	@echo "make check              format, lint, types, imports, missing migrations"
	@echo "make lock               pin the dependencies anew (needs uv)"

install:
	@$(PYTHON) tools/install.py

demo: install
	@$(BIN)/daybreak demo --port $(PORT)

serve: install
	@$(BIN)/daybreak serve --port $(PORT)

test-install:
	@$(PYTHON) tools/install.py --tests

test: test-install
	@$(PYTHON) tools/chromium.py
	@# The desk's browser tests empty the tables when they end, so they have a process of their own.
	@$(BIN)/python -m pytest tests/desk/test_desk_by_keyboard.py
	@$(BIN)/python -m pytest -n auto --dist loadfile --ignore=tests/desk/test_desk_by_keyboard.py

test-postgres: test-install
	@$(PYTHON) tools/postgres.py $(BIN)/python -m pytest -n auto --dist loadfile -m "not browser and not journey"

unit: test-install
	@$(BIN)/python -m pytest -n auto --dist loadfile -m "not browser and not journey"

check: test-install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	DJANGO_SETTINGS_MODULE=daybreak.settings $(BIN)/python -m django makemigrations --check --dry-run

format:
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	    --group build pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	    --group build --group test -c requirements.lock pyproject.toml -o requirements-test.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
