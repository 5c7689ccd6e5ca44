# STACK=dev runs on Docker. Everything that is built or downloaded is kept, so only the first `make` is slow.
STACK ?= dev
PYTHON ?= python3
TOOLCHAIN = $(PYTHON) -m toolchain
PULUMI = eval "$$($(TOOLCHAIN) env)" && pulumi

# Shows what a change means and stops where something would be lost that ALLOW does not name.
REVIEW = eval "$$($(TOOLCHAIN) env)" && .venv/bin/python -m review $(STACK) $(addprefix --allow ,$(ALLOW))
OPERATION = eval "$$($(TOOLCHAIN) env)" && .venv/bin/python -m operations

.DEFAULT_GOAL := help
.PHONY: help up preview preview-comment refresh destroy snapshot restore recover test docs chaos bench \
	setup doctor env k8s-up k8s-down clean

help: ## show this list
	@sed -n 's/^\([a-z0-9-]*\):.* ## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

up: setup stack ## set up, start or change the cluster and show its outputs [ALLOW=data-loss]
	@$(REVIEW)
	@$(PULUMI) up --stack $(STACK) --yes --skip-preview --suppress-outputs
	@$(PULUMI) stack output --stack $(STACK)
	@printf '\nNext:\n'
	@printf '  %-42s %s\n' 'eval "$$(make -s env)"' 'plain pulumi commands work in this shell'
	@printf '  %-42s %s\n' 'pulumi preview --stack $(STACK)' 'what a change in Pulumi.$(STACK).yaml would do'
	@printf '  %-42s %s\n' 'make destroy STACK=$(STACK)' 'remove it all'

preview: setup stack ## show what `make up` would change
	@$(PULUMI) preview --stack $(STACK) --diff

preview-comment: setup stack ## the same in words for a pull request [ALLOW=data-loss]
	@$(REVIEW)

refresh: setup stack ## compare the state with what really runs
	@$(PULUMI) refresh --stack $(STACK) --yes

destroy: setup stack ## remove the cluster
	@$(PULUMI) destroy --stack $(STACK) --yes
	@$(OPERATION).kept $(STACK)

snapshot: setup ## save everything the cluster stores [FILE=...]
	@$(OPERATION).snapshot save $(STACK) $(FILE)

restore: setup ## replace everything the cluster stores by the newest snapshot [FILE=...]
	@$(OPERATION).snapshot restore $(STACK) $(FILE)

recover: setup ## bring back a cluster that lost its quorum for good
	@$(OPERATION).recover $(STACK)

test: setup ## format, lint, types, unit tests, then the tests on real engines
	@$(TOOLCHAIN) check

docs: setup ## write the pages that are made from the code
	@eval "$$($(TOOLCHAIN) env)" && .venv/bin/python -m documentation

chaos: setup ## break clusters under load and print what they took, about 30 minutes
	@eval "$$($(TOOLCHAIN) env)" && .venv/bin/python -m tests.chaos

bench: setup ## measure
	@eval "$$($(TOOLCHAIN) env)" && .venv/bin/python -m tests.bench

setup: ## find, download or build all that is needed
	@$(TOOLCHAIN) setup

doctor: ## show what was found where
	@$(TOOLCHAIN) doctor

env: ## print the environment: eval "$(make -s env)"
	@$(TOOLCHAIN) env

k8s-up: ## make sure that a Kubernetes cluster runs, the user's own or a new one [NODES=1]
	@$(TOOLCHAIN) kubernetes up --nodes $(or $(NODES),1)

k8s-down: ## end the cluster that k8s-up started, and its data [KEEP=yes keeps them]
	@$(TOOLCHAIN) kubernetes down $(if $(KEEP),--keep)

clean: ## remove what this folder holds beside the sources; builds and state stay
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: stack
stack:
	@$(PULUMI) stack select --create $(STACK)
