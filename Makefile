# A bare `make` lists what there is to do; each target's line stands behind its ##.

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 3000
WORKERS ?= $(or $(TAGLINE_WORKERS),1)
BIN := .venv/bin
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check --require-hashes -r
NODE_TOOLS := tests/postman/node_modules/.package-lock.json

# Everything that is written stays inside the project folder unless it is set.
export BENTOML_HOME ?= $(CURDIR)/.bentoml
export PIP_CACHE_DIR ?= $(CURDIR)/.cache/pip
export npm_config_cache ?= $(CURDIR)/.cache/npm
export BENTOML_DO_NOT_TRACK := true
export OMP_NUM_THREADS := 1

.DEFAULT_GOAL := help
.PHONY: .first-run help setup serve dev train bento load bench soak profile bench-check bulk sizing lint postman prove test clean lock system-packages image image-packages image-test sbom

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.serve ## make .venv with what serving and training need

serve: .first-run ## train a first run if there is none, then serve (HOST= PORT= WORKERS=)
	@TAGLINE_WORKERS=$(WORKERS) exec $(BIN)/bentoml serve --host $(HOST) --port $(PORT)

dev: .first-run ## serve, and start anew when the code of the service changes
	@exec $(BIN)/bentoml serve --host $(HOST) --port $(PORT) --reload

train: .venv/.serve ## train a run on DATA=table (default: the embedded one); OPTIONS= go to the command
	@$(BIN)/python -m training train $(DATA) $(OPTIONS)

bento: .first-run ## build the Bento with the promoted run inside
	@$(BIN)/bentoml build

load: .venv/.develop ## drive a server with locust (TARGET=url for one that runs already)
	@$(BIN)/python -m load_tests $(if $(TARGET),--target $(TARGET)) $(OPTIONS)

ifdef CURVES
BENCH := load_tests.growth $(if $(QUICK),--quick)
else ifdef PEERS
BENCH := load_tests.peers $(if $(QUICK),--rounds 3 --seconds 1)
bench: .cache/litserve/.installed .cache/mlserver/.installed .cache/annif/.installed
else
BENCH := load_tests.bench $(if $(QUICK),--rounds 4 --seconds 1) $(if $(KEPT),--kept $(KEPT))
bench: .cache/bench/.installed
endif

bench: .venv/.develop .first-run ## measure Tagline beside other servers (QUICK=1; KEPT=commit; or CURVES=1, or PEERS=1)
	@$(BIN)/python -m $(BENCH) $(OPTIONS)
	@$(BIN)/python -m load_tests.readme

soak: .venv/.develop .first-run ## measure how much memory a server takes, and whether it stays bounded (QUICK=1)
	@$(BIN)/python -m load_tests.memory $(if $(QUICK),--requests 50000 --connections 10000 --runs 10 --words 60000) $(OPTIONS)
	@$(BIN)/python -m load_tests.readme

profile: .venv/.develop .first-run .cache/bench/.installed ## where each microsecond of a request goes, into load_tests/README.md
	@$(BIN)/python -m load_tests.costs $(OPTIONS)
	@$(BIN)/python -m load_tests.readme

bench-check: .venv/.develop ## warn when the hot path is no longer the one that was measured
	@$(BIN)/python -m load_tests.hot_path

bulk: .first-run .cache/bulk/.installed ## tag a million made-up texts on Dask, with kills, and measure it (OPTIONS=)
	@.cache/bulk/bin/python -m bulk.measure $(OPTIONS)

sizing: .venv/.develop .first-run ## measure one pod, and reckon how many a service needs (PRICES="--core-hour 0.03")
	@$(BIN)/python -m load_tests.sizing.measure
	@$(BIN)/python -m load_tests.sizing.page $(PRICES)

lint: .venv/.develop ## linters and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy .

postman: $(NODE_TOOLS) ## make tagline.postman_collection.json from the document of the server on HOST and PORT
	@cd tests/postman && node collection.js http://$(HOST):$(PORT) ../../tagline.postman_collection.json

prove: .venv/.develop ## train on large tables and fail above 2 GiB of memory (a quarter of an hour)
	@$(BIN)/python -m tests.prove

test: .venv/.develop $(NODE_TOOLS) lint ## linters, types and every test that needs no clock
	@$(BIN)/python -m pytest -n 3 --dist loadfile

clean: ## remove .venv, caches and everything built; the store in .bentoml stays
	rm -rf .venv .cache tests/postman/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis \
	  dist load_tests/results/*.html tagline.postman_collection.json
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

lock: ## make the hashed locks anew from their .in files
	@$(PYTHON) -m venv .cache/lock && .cache/lock/bin/pip install --quiet uv
	@for name in $(addprefix requirements/,develop parquet train serve image-test) $(addsuffix /requirements,bulk load_tests/servers) \
	  $(addprefix load_tests/peers/,litserve mlserver annif); do \
	  .cache/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	    --no-header --no-emit-index-url --no-emit-find-links $$name.in --output-file $$name.txt || exit 1; done

# A node from elsewhere conflicts with the distribution's own package.
system-packages: ## what tests need beside Python, from Debian's or Ubuntu's packages (as root or by sudo)
	@deploy/apt-install.sh python3-venv chromium wrk procps openssl $$(command -v npm >/dev/null || echo nodejs npm)

image: .first-run ## build the OCI image of the promoted run (BASE=image NAME=name ENGINE=docker)
	@deploy/image.sh

sbom: .cache/image-test/.installed ## list all that the image holds, in dist/ (NAME=name ENGINE=docker)
	@deploy/sbom.sh

# mmdebstrap makes a base where there is no registry, haproxy is a Service in the test of a rollout.
image-packages: ## what image and image-test need, from Debian's or Ubuntu's packages (as root or by sudo)
	@deploy/apt-install.sh podman runc netavark aardvark-dns catatonit iptables mmdebstrap haproxy

image-test: .venv/.develop .cache/image-test/.installed ## build image and manifests and run them (needs image-packages)
	@$(BIN)/python -m pytest deploy/image_test -p deploy.image_test.report

.venv/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 14) else \
	  "Tagline needs Python 3.11 to 3.14, and $(PYTHON) is another one: name it, as in make PYTHON=python3.12 serve")'
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
	  echo "This Python cannot make a virtual environment: apt-get install python3-venv" >&2; exit 1; }
	@printf '\n# Tagline: the commands of bentoml find this project'"'"'s store.\n%s\n%s\n' \
	  'export BENTOML_HOME="$${BENTOML_HOME:-$${VIRTUAL_ENV%/.venv}/.bentoml}"' \
	  'export BENTOML_DO_NOT_TRACK=true OMP_NUM_THREADS=1' >> .venv/bin/activate

.venv/.serve: .venv/pyvenv.cfg requirements/train.txt
	@echo "Installing what serving and training need (a few minutes the first time)"
	@$(BIN)/python $(PIP_INSTALL) requirements/train.txt
	@touch $@

.venv/.develop: .venv/.serve requirements/develop.txt
	@echo "Installing what tests need"
	@$(BIN)/python $(PIP_INSTALL) requirements/develop.txt
	@touch $@

.first-run: .venv/.serve
	@$(BIN)/python -m training train --if-empty

$(NODE_TOOLS): tests/postman/package-lock.json
	@command -v npm >/dev/null || { echo "Tests of the API's document need node and npm: make system-packages" >&2; exit 1; }
	@cd tests/postman && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# Environments of their own, each from its lock.
.cache/bench/.installed: load_tests/servers/requirements.txt
.cache/bulk/.installed: bulk/requirements.txt
.cache/image-test/.installed: requirements/image-test.txt
.cache/litserve/.installed .cache/mlserver/.installed .cache/annif/.installed: .cache/%/.installed: load_tests/peers/%.txt

.cache/%/.installed:
	@echo "Installing what $* needs into an environment of its own"
	@$(PYTHON) -m venv .cache/$*
	@.cache/$*/bin/python $(PIP_INSTALL) $^
	@touch $@
