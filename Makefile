# Every verb is one line; `make demo` and `make test` set the environment up by themselves.
PYTHON ?= python3
BIN := .venv/bin
MODEL ?= sms_spam
DRIFT ?= 1
SEED ?= 1
CRON ?= @weekly
ZONE ?= UTC
UP ?=
STAMP := .venv/.installed

# Without bytecode every process compiles what it imports again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test test-integration test-faults soak lint data train serve monitor run-agent schedule-training dashboard doctor up ray bench bench-drift eval simulate docs lock clean \
	secrets docker-build docker-up docker-down test-containers test-scaling audit sbom

setup: $(STAMP)  ## create .venv and install the pinned packages

$(STAMP): requirements.txt requirements-dev.txt requirements.lock bin/setup
	@PYTHON="$(PYTHON)" bin/setup .venv && touch $@

demo: setup  ## the main job on real messages: train, serve, drift, decide, retrain, swap
	@$(BIN)/python -m launch demo --drift $(DRIFT) --seed $(SEED)

test: setup lint  ## linters, then the tests, without the longest ones (test-integration)
	@$(BIN)/python -m pytest

test-integration: setup  ## every managed model from training to the alert, over real processes and HTTP
	@$(BIN)/python -m pytest -m integration

test-faults: setup  ## kill, starve and cut off real processes; nothing may be lost or done twice
	@$(BIN)/python -m pytest -m faults

soak: setup  ## two hundred seeded kills; writes benchmarks/results/reliability.json and docs/reliability.md
	@$(BIN)/python -m benchmarks.reliability

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

schedule-training: setup  ## run the agent's loop for MODEL with retrainings by CRON in ZONE
	@REFIT_AGENT_SCHEDULES='{"$(MODEL)": {"retrain": "$(CRON)", "zone": "$(ZONE)"}}' $(BIN)/python -m agent run $(MODEL)

dashboard: setup  ## the dashboard on port 8501; it talks to the agent on port 8100
	@$(BIN)/python -m dashboard

doctor: setup  ## check this deployment, and say how to mend what is broken
	@$(BIN)/python -m agent doctor

up: setup  ## serving, agent and dashboard together, restarted when they end, until Ctrl-C; UP=--mlflow for its pages
	@exec $(BIN)/python -m launch up $(UP)

ray: setup  ## install Ray beside the other packages: scaling/ and its tests need it
	@PYTHON="$(PYTHON)" bin/setup .venv requirements-ray.txt

test-scaling: ray  ## the tests of scaling/ on a Ray cluster of two nodes
	@REFIT_TEST_REQUIRE=ray $(BIN)/python -m pytest tests/scaling -n 1

secrets:  ## write the containers' secrets into secrets/, once
	@bin/secrets

docker-build:  ## build the images refit-serving, refit-agent and refit-dashboard
	docker compose build

docker-up: secrets  ## serving, agent, dashboard, MLflow and PostgreSQL in containers
	docker compose up -d

docker-down:  ## stop them; their volumes stay
	docker compose down

bench-drift: setup  ## false alarms and detection of the drift scores, beside peers; a quarter of an hour of CPU
	@$(BIN)/python -m benchmarks.drift

bench: setup  ## run every benchmark, which takes hours; writes benchmarks/results/ and the pages from it
	@$(BIN)/python -m benchmarks

eval: setup  ## score the rules, and the configured LLM, on the scenarios
	@$(BIN)/python -m agent eval

simulate: setup  ## compare policies over simulated years
	@$(BIN)/python -m agent simulate

docs: setup  ## write the generated parts of docs/ anew
	@$(BIN)/python -m launch.pages

test-containers: setup  ## build the images and run the compose file with podman and runc
	@REFIT_TEST_REQUIRE=podman $(BIN)/python -m pytest tests/deployment/test_compose.py -n 0

audit: setup  ## look the pinned packages up among the known weaknesses
	@$(BIN)/pip-audit --strict --no-deps --disable-pip --requirement requirements.lock

sbom: setup  ## bill of materials of all that is pinned, or of IMAGE, into var/sbom/
	@mkdir -p var/sbom && bin/sbom $(IMAGE) > var/sbom/$(or $(IMAGE),refit).cdx.json && echo var/sbom/$(or $(IMAGE),refit).cdx.json

lock:  ## resolve requirements.lock anew
	uv pip compile requirements-dev.txt --universal --no-header --no-annotate --no-emit-index-url --python-version 3.11 -o requirements.lock

clean:  ## remove the environment; var/ (data, versions, records) stays
	rm -rf .venv
