# "make" alone lists the targets.

STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
# Debian packages that the tests need, by line: the race detector and the image; what the
# server works with; WordPress (php-fpm and php come first, or it would bring Apache); a
# terminal, curl, a judge of the systemd unit, of ID tokens and of metrics; the languages
# of the clients in e2e/clients. .ci/deps and e2e/stage/program.go know how to tell that a
# package is installed.
PACKAGES = \
	gcc libc6-dev make ca-certificates \
	mariadb-server-core mariadb-client-core nginx-light apache2-bin caddy tzdata \
	php-fpm php php-cli php-mysql wordpress \
	bsdutils curl systemd python3 python3-jwt python3-cryptography prometheus \
	$(CLIENTS)
CLIENTS = \
	chromium default-jdk-headless libnewtonsoft-json5.0-cil mono-mcs mono-runtime \
	jq nodejs npm php-curl ruby ruby-oauth2 \
	python3-authlib python3-requests python3-requests-oauthlib python3-social-auth-core

# The packages whose tests need neither a database nor a web server.
SERVERLESS = ./commands ./config/... ./handlers ./oauth/... ./e2e/robustness/load ./e2e/robustness/simulation

.DEFAULT_GOAL := help

.PHONY: help
help: ## list these targets; begin with "make test"
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## make ./moserver-sidecar, a static binary
	CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o moserver-sidecar .

.PHONY: check
check: lint ## lint, and run every test that needs no server; takes a minute, also offline and on a Mac
	go test $(SERVERLESS)

.PHONY: test
test: deps lint ## run everything: linters, all tests with the race detector, fuzzing's seeds
	go test -race -timeout 20m $$(go list ./... | grep -v /e2e/robustness$$)
	go test -C e2e/robustness -race -count=1

# The Debian release and packages of other database servers.
MYSQL = sid mysql-server-core
MARIADB = trixie mariadb-server-core galera-4

.PHONY: test-servers
test-servers: deps ## test wpdb and e2e on MySQL 9, on MariaDB 11.8 and on a Galera cluster
	server=$$(sh .ci/servers $(MYSQL)) && MOSERVER_TEST_SERVER=$$server go test -race -timeout 30m ./wpdb/... ./e2e ./e2e/robustness
	server=$$(sh .ci/servers $(MARIADB)) && MOSERVER_TEST_SERVER=$$server go test -race -timeout 30m ./wpdb/... ./e2e ./e2e/robustness
	server=$$(sh .ci/servers $(MARIADB)) && MOSERVER_TEST_SERVER=$$server go test -race -timeout 30m -v -tags galera -run Galera ./wpdb/... ./e2e ./e2e/robustness

.PHONY: e2e
e2e: deps ## run the end-to-end tests alone: the real program, MariaDB, nginx, WordPress, clients
	go test -race -timeout 20m ./e2e/...

.PHONY: robustness
robustness: deps ## judge what clients hear under faults, for MINUTES (5); SEED=… once more, ALL=1 each combination of settings
	go test -C e2e/robustness -count=1 -timeout 0 -minutes=$(or $(MINUTES),$(if $(ALL),1,5)) -seed=$(or $(SEED),0) $(if $(ALL),-all) $(if $(SEED),,-mutants)

.PHONY: robustness-galera
robustness-galera: deps ## the same on a Galera cluster whose nodes are killed, for MINUTES (5) with each of three ways to flush
	server=$$(sh .ci/servers $(MARIADB)) && MOSERVER_TEST_SERVER=$$server go test -C e2e/robustness -tags galera -run TestGalera -count=1 -timeout 0 -minutes=$(or $(MINUTES),5) -seed=$(or $(SEED),0)

.PHONY: robustness-codes
robustness-codes: deps ## on such a cluster, redeem each of CODES (100000) at two nodes at the same moment
	server=$$(sh .ci/servers $(MARIADB)) && MOSERVER_TEST_SERVER=$$server go test -C e2e/robustness -tags galera -run TestCodesOnGalera -count=1 -timeout 0 -codes=$(or $(CODES),100000) -seed=$(or $(SEED),0)

.PHONY: lint
lint: ## check the source with gofmt, go vet and staticcheck
	@echo '== gofmt'; files=$$(gofmt -l .); if [ -n "$$files" ]; then echo "not formatted: $$files"; exit 1; fi
	@echo '== go vet'; go vet -tags galera ./... && go vet -C packaging/image . && GOOS=darwin go vet ./... && GOOS=windows go build -o /dev/null .
	@echo '== staticcheck'; go run $(STATICCHECK) -tags galera ./...

.PHONY: fuzz
fuzz: ## fuzz each parser for FUZZTIME (30s)
	@for target in $$(grep -rl '^func Fuzz' --include='*_test.go' . | xargs -n1 dirname | sort -u); do \
		for name in $$(grep -rhoE '^func Fuzz[A-Za-z]+' $$target/*_test.go | cut -c6-); do \
			echo "== $$target $$name"; go test -run '^$$' -fuzz "^$$name$$" -fuzztime $(or $(FUZZTIME),30s) $$target || exit 1; \
		done; \
	done

.PHONY: bench
bench: deps ## measure the server beside bare SQL and PHP (other scenarios: BENCH="--scenario growth")
	go run ./e2e/bench $(BENCH)

.PHONY: release
release: ## make programs, packages and an image in dist/, of the commit that is checked out (VERSION=1.0.0)
	@sh packaging/release.sh "$(VERSION)"

.PHONY: test-install
test-install: ## install, upgrade and purge the package in bare Debian chroots (as root; SUITES="bookworm trixie")
	@sh .ci/deps debootstrap lintian && sh packaging/test-install.sh $(or $(SUITES),bookworm trixie)

.PHONY: deps
deps: ## install what the tests need (on Debian and Ubuntu, as root)
	@sh .ci/deps $(PACKAGES)
