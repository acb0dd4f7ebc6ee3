# Every verb is one line; `make demo` and `make test` set the environment up by themselves.
PYTHON ?= python3
BIN := .venv/bin
MODEL ?= sms_spam
DRIFT ?= 1
SEED ?= 1
STAMP := .venv/.installed

.PHONY: setup demo test lint data train serve monitor run-agent up bench bench-drift eval simulate lock clean \
	docker-build docker-up docker-down

setup: $(STAMP)  ## create .venv and install the pinned packages

$(STAMP): requirements.txt requirements-dev.txt requirements.lock bin/setup
	@PYTHON="$(PYTHON)" bin/setup .venv && touch $@

demo: setup  ## the main job on real messages: train, serve, drift, decide, retrain, swap
	@$(BIN)/python -m launch demo --drift $(DRIFT) --seed $(SEED)

test: setup lint  ## linters, then all tests
	@$(BIN)/python -m pytest

lint: setup  ## ruff, mypy and the floor plan
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

data: setup  ## fetch the data of MODEL and print where every row lives
	@$(BIN)/python -m pipeline data $(MODEL)

train: setup  ## search, fit, gate and register a version of MODEL
	@$(BIN)/python -m pipeline train $(MODEL)

serve: setup  ## answer predictions on port 8000
	@$(BIN)/python -m serving

monitor: setup  ## report drift and accuracy of MODEL without deciding
	@$(BIN)/python -m pipeline monitor $(MODEL)

run-agent: setup  ## run the agent's loop
	@$(BIN)/python -m agent run

up: setup  ## serving and the agent's loop together, until Ctrl-C
	@$(BIN)/python -m launch up

docker-build:  ## build the images refit-serving and refit-agent
	docker compose build

docker-up:  ## serving, agent, MLflow and PostgreSQL in containers
	docker compose up -d

docker-down:  ## stop them; their volumes stay
	docker compose down

bench-drift: setup  ## false alarms and detection of the drift scores, beside peers; a quarter of an hour of CPU
	@$(BIN)/python -m benchmarks.drift

bench: setup  ## measure training, prediction and the gate; writes benchmarks/results/
	@$(BIN)/python -m benchmarks

eval: setup  ## score the rules, and the configured LLM, on the scenarios
	@$(BIN)/python -m agent eval

simulate: setup  ## compare policies over simulated years
	@$(BIN)/python -m agent simulate

lock:  ## resolve requirements.lock anew
	uv pip compile requirements-dev.txt --universal --no-header --no-annotate --no-emit-index-url --python-version 3.11 -o requirements.lock

clean:  ## remove the environment; var/ (data, versions, records) stays
	rm -rf .venv
