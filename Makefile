# Everything that a person, or CI, does with raddle. `make` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOOM := RUSTFLAGS="--cfg raddle_loom" CARGO_TARGET_DIR=target/loom cargo test --quiet -p raddle --release --test 'loom_*'

.PHONY: help demo check test lint msrv rust loom python conformance stress torture races tools sanitize bench bench-races figures stubs docs docs-site constraints clean
.DEFAULT_GOAL := help

help: ## list these targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(BIN)/nox: tools/constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c tools/constraints.txt \
		nox ruff typos check-jsonschema zizmor
	touch $@

$(BIN)/twine: $(BIN)/nox
	$(BIN)/pip install --quiet --disable-pip-version-check -c tools/constraints.txt \
		"maturin[zig]" auditwheel twine check-wheel-contents
	touch $@

demo: ## build into .venv; run the tutorial, a real server and a hang on raddle
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check .
	@# (raddle is there by now: this asks for what its extra names, and not for it.)
	@$(BIN)/pip install --quiet --disable-pip-version-check --retries 1 "raddle[processes]" \
		|| echo "The extra 'processes' cannot be had here: the demo goes on without that backend."
	$(BIN)/python tools/demo.py

check: lint ## lints, the crate's tests and raddle's own on one interpreter, in minutes
	cargo test --quiet -p raddle
	$(BIN)/nox -s check

test: lint rust ## all that CI runs, on every interpreter found
	$(BIN)/nox -s build
	$(LOOM) --no-run
	@# The models compute for minutes, and the tests of Python mostly wait: side by side.
	RADDLE_BUILT=1 $(MAKE) --no-print-directory -j2 loom-conformance python
	RADDLE_BUILT=1 $(MAKE) --no-print-directory stress

lint: $(BIN)/nox ## formatting and lints of Rust and Python
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	$(BIN)/python tools/rust_version.py
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/typos
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/zizmor --quiet --offline .

msrv: ## build with the oldest Rust that Cargo.toml declares, by rustup
	rustup run --install $$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml) \
		cargo check --workspace --all-targets --target-dir target/msrv

rust: ## the crate's tests, doctests, rustdoc and example
	cargo test --quiet -p raddle
	cargo test --quiet -p raddle --features race --lib --test order --test race
	cargo test --quiet -p raddle --features explore --lib --test explore
	RUSTFLAGS="--cfg raddle_portable" CARGO_TARGET_DIR=target/portable cargo test --quiet -p raddle --lib --tests
	RUSTDOCFLAGS="-D warnings" cargo doc --quiet -p raddle --no-deps
	cargo run --quiet -p raddle --example tutorial

loom: ## model checking of every primitive
	nice -n 19 env $(LOOM)

.PHONY: loom-conformance
loom-conformance: loom
	$(MAKE) --no-print-directory conformance

python: $(BIN)/nox ## raddle's own tests on every interpreter found
	$(BIN)/nox -s tests stubs

conformance: $(BIN)/nox ## CPython's own tests, stock and on raddle, on every interpreter found
	$(BIN)/nox -s conformance

stress: $(BIN)/nox ## a brief run of what `make torture` does for long
	$(BIN)/nox -s stress

torture: $(BIN)/nox ## exits, forks, signals, crowds and timeouts, for minutes each
	$(BIN)/nox -s stress -- --long

races: $(BIN)/nox ## each program with a race, twenty times: it is told each time
	$(BIN)/nox -s races

tools: $(BIN)/nox ## real programs on raddle, under load (not a part of `make test`)
	$(BIN)/nox -s tools

sanitize: ## raddle's tests with the extension under AddressSanitizer (not a part of `make test`)
	$(PYTHON) tools/sanitize.py

bench: $(BIN)/nox ## raddle beside the interpreter's own threading, on every interpreter found
	$(BIN)/nox -s bench
	$(PYTHON) -m benchmarks.report

bench-races: $(BIN)/nox ## what `raddle run --race` costs, on every interpreter found
	$(BIN)/nox -s bench-races -- --save

stubs: $(BIN)/nox ## the type stubs agree with the modules
	$(BIN)/nox -s stubs

docs: ## the crate's rustdoc, warnings as errors
	RUSTDOCFLAGS="-D warnings" cargo doc --quiet -p raddle --no-deps

docs-site: $(BIN)/nox ## the pages and a reference as a site, looked at in a browser if there is one
	$(BIN)/nox -s site

constraints: ## renew tools/constraints.txt, the versions that checks and tests install
	$(PYTHON) tools/constraints.py

.PHONY: windows cross native crate publish-crate wheels musl release hooks

windows: ## the crate's tests and raddle's, built for Windows and run under Wine (needs mingw)
	$(PYTHON) tools/cross.py windows

cross: ## both crates checked for macOS; the core tested with musl, and on arm64 under qemu
	$(PYTHON) tools/cross.py macos musl arm

native: ## on Windows and macOS: the crate's tests, a wheel into dist, raddle's tests that apply
	$(PYTHON) tools/cross.py native

crate: ## the Rust crate as it is published: what it packs builds by itself
	cargo package --quiet -p raddle --allow-dirty

publish-crate: ## publish the Rust crate (`wheels.yml` does, with a token for half an hour)
	cargo publish -p raddle --locked

wheels: $(BIN)/twine ## the sdist and a wheel for each interpreter found, checked, in dist
	$(BIN)/python tools/wheels.py

# MUSL names an image of PyPA's musllinux: it has every interpreter, and no Rust.
musl: ## the same for musl, in PyPA's container: make musl MUSL=IMAGE (needs docker)
	@test -n "$(MUSL)" || { echo "name the image: make musl MUSL=IMAGE"; exit 2; }
	docker run --rm --volume "$$PWD:/raddle" --workdir /raddle "$(MUSL)" sh -euc '\
		git config --global --add safe.directory /raddle; \
		curl --proto "=https" -sSf https://sh.rustup.rs | sh -s -- -qy --profile minimal; \
		export PATH="$$HOME/.cargo/bin:$$PATH"; \
		export RADDLE_PYTHONS="$$(echo /opt/python/cp3*-cp3* | tr " " :)"; \
		export RADDLE_ONLY="3.11 3.12 3.13 3.14 3.14t"; \
		make wheels PYTHON=/opt/python/cp313-cp313/bin/python VENV=/tmp/venv'

release: ## what is missing before a release, and what it would do
	$(PYTHON) tools/release.py --dry-run

hooks: $(BIN)/nox ## have git look at each commit as `make lint` does, where that is quick
	$(BIN)/pip install --quiet --disable-pip-version-check -c tools/constraints.txt pre-commit
	$(BIN)/pre-commit install

clean: ## remove what was built
	rm -rf $(VENV) .nox target dist
