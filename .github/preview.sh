#!/bin/sh
# Writes the review of $STACK to a file; $LABELS is a JSON list of the labels of the pull request.
set -eu
file=$1

# Pulumi reads an empty variable as a value, so only what is set is exported.
[ -z "${ACCESS_TOKEN:-}" ] || export PULUMI_ACCESS_TOKEN="$ACCESS_TOKEN"
if [ -n "${BACKEND:-}${ACCESS_TOKEN:-}" ]; then
    [ -z "${BACKEND:-}" ] || export PULUMI_BACKEND_URL="$BACKEND"
    [ -z "${PASSPHRASE:-}" ] || export PULUMI_CONFIG_PASSPHRASE="$PASSPHRASE"
else
    # Without a backend the state is empty, and the review shows what a first update would create.
    PULUMI_BACKEND_URL="file://$(mktemp -d)"
    export PULUMI_BACKEND_URL PULUMI_CONFIG_PASSPHRASE="${PASSPHRASE:-}"
fi
pulumi stack select --create --stack "$STACK" --non-interactive

set --
for kind in data-loss seed-loss network quorum downgrade; do
    case "${LABELS:-[]}" in *"\"allow-$kind\""*) set -- "$@" --allow "$kind" ;; esac
done
consul-on-pulumi review --stack "$STACK" "$@" > "$file"
