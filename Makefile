# Vårdström. `make` lists the commands; people and CI use the same ones.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

# Two big link steps at once are as much as a small machine takes.
CARGO ?= cargo
BIN := target/debug
ADT_FILE ?=
TLS ?=
LOGIN ?=
REGION ?= 14
RATE ?= 20
FILE ?=
PERIOD ?=
EXTRACT ?= waiting-times
OUT ?=

.PHONY: help
help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# What the demo starts, and no test: no package is named, so that features are those of the whole workspace and nothing is built twice.
DEMO_PROGRAMS := demo registry topics connector processor sink-store sink-register dashboard $(if $(LOGIN),access-log)

.PHONY: demo
demo: port-is-free prerequisites ## Everything on this machine with simulated regions; prints the bed board's address (RATE=20 messages/s, PORT=8080, LOGIN=1: with Keycloak)
	$(call step,Build: some five minutes the first time on two cores; cargo shows how far it is)
	$(CARGO) build $(addprefix --bin ,$(DEMO_PROGRAMS))
	$(BIN)/demo --rate $(RATE) $(if $(PORT),--port $(PORT)) $(if $(LOGIN),--login)

# The demo refuses a port that is taken, too, but only after the build.
.PHONY: port-is-free
port-is-free:
	@if [[ -n "$(PORT)" ]] && (exec 3<>"/dev/tcp/127.0.0.1/$(PORT)") 2>/dev/null; then \
	  echo "port $(PORT) is taken: give another one, or none for a free one" >&2; exit 1; fi

.PHONY: check-demo
check-demo: prerequisites ## Send a file or 20,000 simulated messages through everything and add up (ADT_FILE=path REGION=14 TLS=1)
	@$(CARGO) build --workspace --bins 1>&2
	@$(BIN)/check-demo $(if $(ADT_FILE),"$(ADT_FILE)" --region $(REGION)) $(if $(TLS),--tls) $(CHECK_DEMO_ARGS)

.PHONY: check-register
check-register: prerequisites ## Send a table through everything and make a register extract of it (FILE=path REGION=14 PERIOD=2026-02 EXTRACT=waiting-times OUT=dir)
	@test -n "$(FILE)" -a -n "$(PERIOD)" -a -n "$(OUT)" || { echo "write: make check-register FILE=path REGION=14 PERIOD=2026-02 EXTRACT=waiting-times OUT=dir" >&2; exit 2; }
	@test -r "$(FILE)" || { echo "cannot read $(FILE)" >&2; exit 2; }
	@$(CARGO) build --workspace --bins 1>&2
	@$(BIN)/check-register "$(FILE)" --region $(REGION) --period $(PERIOD) --extract $(EXTRACT) --out "$(OUT)" $(CHECK_REGISTER_ARGS)

.PHONY: check-wall
check-wall: COMPILES_JAVA := yes
check-wall: prerequisites ## Every region's logins against every other's tables, topics, API and parcels; walls built wrong must be caught (CHECK_WALL_ARGS="--only topics")
	@$(CARGO) build --workspace --bins 1>&2
	@$(BIN)/check-wall $(CHECK_WALL_ARGS)

.PHONY: test
test: prerequisites ## Everything that CI runs
	@date -u '+started %FT%TZ'
	$(call step,Format)
	$(CARGO) fmt --all --check
	$(call step,Lint)
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	$(call step,Build the processor that leaks on purpose: the privacy test must catch it)
	$(CARGO) build --workspace --bin processor --features processor/leak-test --locked
	cp $(BIN)/processor $(BIN)/leaking-processor
	$(call step,Build)
	$(CARGO) build --workspace --all-targets --locked
	$(call step,Test)
	$(CARGO) test --workspace --locked --no-fail-fast
	$(call step,Operations files)
	compose/check.sh
	@date -u '+ended %FT%TZ'
	@echo "make test: everything passed"

.PHONY: build
build: ## Build all programs as tests and the demo use them
	$(CARGO) build --workspace --bins

# What a host runs and its operators type. What the demo and the tests are driven with stays in target/.
INSTALLED := connector processor sink-store sink-register region-register dashboard key-holder topics registry access-log permit
PREFIX ?= /usr/local
DESTDIR ?=
FROM ?= target/release
SHARE = $(DESTDIR)$(PREFIX)/share

.PHONY: release
release: ## Build what is installed, with its commit in --version
	VARDSTROM_COMMIT="$$(git rev-parse --short=12 HEAD 2>/dev/null || true)" \
	  $(CARGO) build --release --locked $(addprefix --bin ,$(INSTALLED))

.PHONY: install
install: $(if $(filter target/release,$(FROM)),release) ## Install programs, completions for bash, zsh and fish, and manual pages (PREFIX=/usr/local DESTDIR=)
	@install -d "$(DESTDIR)$(PREFIX)/bin" "$(SHARE)/man/man1" "$(SHARE)/bash-completion/completions" \
	  "$(SHARE)/zsh/site-functions" "$(SHARE)/fish/vendor_completions.d"
	@for program in $(INSTALLED); do \
	  install -m 755 "$(FROM)/$$program" "$(DESTDIR)$(PREFIX)/bin/"; \
	  "$(FROM)/$$program" --man "$(SHARE)/man/man1"; \
	  "$(FROM)/$$program" --completions bash > "$(SHARE)/bash-completion/completions/$$program"; \
	  "$(FROM)/$$program" --completions zsh > "$(SHARE)/zsh/site-functions/_$$program"; \
	  "$(FROM)/$$program" --completions fish > "$(SHARE)/fish/vendor_completions.d/$$program.fish"; \
	  echo "$(DESTDIR)$(PREFIX)/bin/$$program"; \
	done

.PHONY: uninstall
uninstall: ## Remove what install has put there (the same PREFIX and DESTDIR)
	@for program in $(INSTALLED); do \
	  rm -f "$(DESTDIR)$(PREFIX)/bin/$$program" "$(SHARE)/man/man1/$$program.1" "$(SHARE)/man/man1/$$program"-*.1 \
	    "$(SHARE)/bash-completion/completions/$$program" "$(SHARE)/zsh/site-functions/_$$program" \
	    "$(SHARE)/fish/vendor_completions.d/$$program.fish"; \
	done

.PHONY: bench
bench: prerequisites ## Figures beside the bare client and bare COPY (release build; takes minutes)
	$(CARGO) build --release --workspace --bins
	target/release/bench $(BENCH_ARGS)

# Not in CI: it fetches some 300 MB from three registries, and says nothing on a machine that does other work.
.PHONY: bench-peers
bench-peers: prerequisites ## The same small job by Kafka Streams, Flink, the Benthos engine and Quix, beside ours (BENCH_PEERS_ARGS="--only flink --messages 1000000")
	$(CARGO) build --release --workspace --bins
	target/release/bench peers $(BENCH_PEERS_ARGS)

# The full disk needs a small file system for Kafka, which lives as long as the run and which only root may make.
.PHONY: chaos
chaos: prerequisites ## Kill everything in turn under load; nothing may be lost, doubled or leaked (CHAOS_ARGS="--messages 100000 --kills 500")
	@$(CARGO) build --workspace --bins 1>&2
	@if unshare --mount true 2>/dev/null; then \
	  unshare --mount sh -euc 'folder=$$(mktemp -d); mount -t tmpfs -o size=512m tmpfs "$$folder"; \
	    "$$@" --kafka-folder "$$folder" --full-disks 1 $(CHAOS_ARGS)' chaos $(BIN)/chaos; \
	else \
	  echo "without the full disk: only root can give Kafka a small file system" >&2; \
	  $(BIN)/chaos $(CHAOS_ARGS); \
	fi

.PHONY: check-registries
check-registries: ## Register every schema with a real Apicurio (200 MB once, Karapace by hand; not part of CI)
	topics/check-registries.sh

.PHONY: check-fhir-servers
check-fhir-servers: prerequisites ## Read FHIR servers of others that CI does not fetch: HAPI's plain server, Medplum's router (90 MB)
	$(CARGO) test --package connector --test main --locked fhir_others -- --include-ignored --nocapture

.PHONY: format
format: ## Format the code
	$(CARGO) fmt --all

# Not in CI: it is as good as the time it gets. What is found becomes a test beside the reader, and the input stays out.
FUZZ_SECONDS ?= 60
.PHONY: fuzz
fuzz: ## Fuzz every reader of foreign bytes, FUZZ_SECONDS=60 each (needs cargo-fuzz)
	@command -v cargo-fuzz >/dev/null || { echo "cargo-fuzz is missing: cargo install --locked cargo-fuzz" >&2; exit 1; }
	@for target in $$($(CARGO) fuzz list); do \
	  echo "== $$target =="; \
	  mkdir -p fuzz/corpus/$$target; \
	  $(CARGO) fuzz run --sanitizer none $$target fuzz/corpus/$$target $$(ls -d fuzz/seeds/$$target 2>/dev/null) -- \
	    -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=2048 -timeout=10 -max_len=16384 -print_final_stats=1; \
	done

.PHONY: audit
audit: ## Known vulnerabilities of dependencies (needs cargo-audit, and the network for its database)
	@command -v cargo-audit >/dev/null || { echo "cargo-audit is missing: cargo install --locked cargo-audit" >&2; exit 1; }
	$(CARGO) audit --deny warnings

.PHONY: sbom
sbom: ## What each program is made of, as CycloneDX 1.5 in target/sbom (needs cargo-cyclonedx)
	@command -v cargo-cyclonedx >/dev/null || { echo "cargo-cyclonedx is missing: cargo install --locked cargo-cyclonedx" >&2; exit 1; }
	@rm -rf target/sbom && mkdir -p target/sbom
	$(CARGO) cyclonedx --format json --spec-version 1.5 --describe binaries
	@find . -name '*_bin.cdx.json' -not -path './target/*' -exec mv -t target/sbom {} +
	@ls target/sbom

.PHONY: deny
deny: ## Licences, sources and duplicates of dependencies (needs cargo-deny)
	@command -v cargo-deny >/dev/null || { echo "cargo-deny is missing: cargo install --locked cargo-deny" >&2; exit 1; }
	$(CARGO) deny check bans licenses sources

# What must be there before anything is built. As root on Debian what is missing is installed; elsewhere it is named.
DEBIAN_java := openjdk-17-jre-headless
DEBIAN_mvn := maven
DEBIAN_javac := openjdk-17-jdk-headless
DEBIAN_node := nodejs
DEBIAN_npm := npm
DEBIAN_chromium := chromium
DEBIAN_psql := postgresql-client
DEBIAN_initdb := postgresql
DEBIAN_cc := build-essential
# Kafka's TLS is librdkafka's own, which links the system's OpenSSL.
DEBIAN_openssl := libssl-dev
DEBIAN_pkg-config := pkg-config
.PHONY: prerequisites
prerequisites:
	@command -v cargo >/dev/null || { echo "cargo is missing: install Rust 1.95 or later with rustup" >&2; exit 1; }
	@missing=; \
	need() { if ! eval "$$2" >/dev/null 2>&1; then missing="$$missing $$1"; fi; }; \
	need $(DEBIAN_cc) 'command -v c++ && command -v make'; \
	need $(DEBIAN_pkg-config) 'command -v pkg-config'; need $(DEBIAN_openssl) 'pkg-config --exists openssl'; \
	if [[ -z "$${KAFKA_BOOTSTRAP:-}" ]]; then \
	  need $(DEBIAN_java) 'command -v java'; need $(DEBIAN_mvn) 'command -v mvn'; \
	fi; \
	need $(DEBIAN_node) 'command -v node'; need $(DEBIAN_npm) 'command -v npm'; \
	need $(DEBIAN_psql) 'command -v psql'; \
	if [[ -z "$${DATABASE_URL:-}" ]]; then need $(DEBIAN_initdb) 'command -v initdb || ls /usr/lib/postgresql/*/bin/initdb'; fi; \
	if [[ -n '$(COMPILES_JAVA)' ]]; then need $(DEBIAN_javac) 'command -v javac'; need $(DEBIAN_mvn) 'command -v mvn'; fi; \
	for extra in $(PREREQUISITES); do need $$extra "dpkg -s $$extra"; done; \
	if [[ -n "$$missing" ]]; then \
	  if [[ $$(id -u) == 0 ]] && command -v apt-get >/dev/null; then \
	    echo "installing:$$missing" >&2; \
	    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; } >&2; \
	  else \
	    echo "missing:$$missing (Debian package names); install them, then run this again" >&2; exit 1; \
	  fi; \
	fi

# Only tests need these.
test: PREREQUISITES := chromium openssh-server python3-venv softhsm2 systemd valgrind xz-utils
test: COMPILES_JAVA := yes

define step
	@printf '\n== %s ==\n' '$(1)'
endef
