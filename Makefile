# STACK=dev runs on Docker. Builds and downloads are kept, so only the first `make` takes minutes.
STACK ?= dev
PYTHON ?= python3
TOOLS = $(PYTHON) -m tools
ENVIRONMENT = eval "$$($(TOOLS) env)"
# The package's own command. `review` stops a change that would lose something which ALLOW does not name.
CONSUL = $(ENVIRONMENT) && consul-on-pulumi
UNCHANGED = 4
# Certificates among the outputs are lines for programs, not for people.
PEM = /-----BEGIN/ { if ($$1 !~ /^-----/) print substr($$0, 1, index($$0, "-----BEGIN") - 1) \
	"PEM: pulumi stack output " $$1; pem = 1 } !pem && NF { print } /-----END/ { pem = 0 }
REVIEW = review --stack $(STACK) $(addprefix --allow ,$(ALLOW))

.DEFAULT_GOAL := help
.PHONY: help up ui token preview preview-comment refresh destroy snapshot restore recover retained-data test docs \
	consul-formats chaos probe bench profile setup doctor env lock k8s-up k8s-down clean stack

help: ## show this list
	@sed -n 's/^\([a-z0-9-]*\):.* ## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

up: stack ## start or change the cluster and show its outputs [ALLOW=data-loss]
	@$(CONSUL) $(REVIEW) --detailed-exitcode; \
	case $$? in \
	0) $(ENVIRONMENT) && pulumi up --stack $(STACK) --yes --skip-preview --suppress-outputs ;; \
	$(UNCHANGED)) ;; \
	*) exit 1 ;; \
	esac
	@$(ENVIRONMENT) && pulumi stack output --stack $(STACK) | awk '$(PEM)'
	@printf '\nThe web UI:\n'; $(CONSUL) ui --stack $(STACK)
	@printf '\nNext:\n'
	@printf '  %-42s %s\n' 'make token STACK=$(STACK)' 'the token that may do everything'
	@printf '  %-42s %s\n' 'eval "$$(make -s env)"' 'plain pulumi commands work in this shell'
	@printf '  %-42s %s\n' 'eval "$$(consul-on-pulumi env -s $(STACK))"' 'address and token for the consul command'
	@printf '  %-42s %s\n' 'pulumi preview --stack $(STACK)' 'what a change in Pulumi.$(STACK).yaml would do'
	@printf '  %-42s %s\n' 'make destroy STACK=$(STACK)' 'remove the cluster'

preview: stack ## show what `make up` would change
	@$(ENVIRONMENT) && pulumi preview --stack $(STACK) --diff

preview-comment: stack ## show that as Markdown for a pull request [ALLOW=data-loss]
	@$(CONSUL) $(REVIEW)

refresh: stack ## update the state from what really runs
	@$(ENVIRONMENT) && pulumi refresh --stack $(STACK) --yes

destroy: stack ## remove the cluster and list the data that stays
	@$(ENVIRONMENT) && pulumi destroy --stack $(STACK) --yes && consul-on-pulumi retained-data --stack $(STACK)

ui: setup ## print where the web UI is, and how to log in
	@$(CONSUL) ui --stack $(STACK)

token: setup ## print the token that may do everything
	@$(CONSUL) token --stack $(STACK)

snapshot: setup ## save everything that the cluster stores [FILE=...]
	@$(CONSUL) snapshot --stack $(STACK) $(FILE)

restore: setup ## replace everything that the cluster stores with the newest snapshot [FILE=...]
	@$(CONSUL) restore --stack $(STACK) $(FILE)

recover: setup ## repair a cluster that lost its quorum permanently
	@$(CONSUL) recover --stack $(STACK)

retained-data: setup ## list the data that `make destroy` left
	@$(CONSUL) retained-data --stack $(STACK)

test: setup ## format, lint, types, unit tests, then the tests on real engines
	@$(TOOLS) check

docs: setup ## write the pages that are made from the code
	@$(ENVIRONMENT) && python -m tools.docs

consul-formats: ## read what another release of Consul reads and stores [RELEASE=1.22.8]
	@$(TOOLS) consul-formats $(RELEASE)

chaos: setup ## break clusters under load and print what they stored, about 4 hours; a cut-off run goes on
	@$(ENVIRONMENT) && python -m tests.chaos

bench: setup ## measure beside a shell script, kubectl apply and a plain Pulumi program
	@$(ENVIRONMENT) && python -m tests.bench

profile: setup ## print where the seconds of an up, a preview and a destroy go
	@$(ENVIRONMENT) && python -m tests.bench.profile

setup: ## find, download or build everything that STACK needs
	@$(TOOLS) setup --stack $(STACK)

stack: setup
	@$(ENVIRONMENT) && pulumi stack select --create $(STACK)

doctor: ## show what was found where
	@$(TOOLS) doctor

env: ## print the environment: eval "$(make -s env)"
	@$(TOOLS) env

lock: setup ## write requirements.lock from requirements.in
	@$(ENVIRONMENT) && uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--custom-compile-command 'make lock' --output-file requirements.lock requirements.in

probe: setup ## try what strangers try, on both platforms, and write docs/probes.md
	@$(ENVIRONMENT) && python -m tests.probes

k8s-up: ## start a Kubernetes cluster unless the user's own answers [NODES=1]
	@$(TOOLS) kubernetes up --nodes $(or $(NODES),1)

k8s-down: ## end the cluster that k8s-up started, and delete its data [KEEP=yes keeps it]
	@$(TOOLS) kubernetes down $(if $(KEEP),--keep)

clean: ## remove generated files from this folder; builds and state stay
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
