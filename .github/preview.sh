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
    # Without a backend the state is empty, and the review shows what a first update would create. Nothing can be
    # decrypted without the passphrase, and a stack file that holds nothing encrypted needs none.
    if [ -z "${PASSPHRASE:-}" ]; then
        if grep -q '^ *secure:' "Pulumi.$STACK.yaml" 2>/dev/null; then
            echo "No review of stack \`$STACK\`: its stack file has encrypted values, and this run has no secrets." > "$file"
            exit
        fi
        sed -i '/^encryptionsalt:/d' "Pulumi.$STACK.yaml" 2>/dev/null || true
    fi
    PULUMI_BACKEND_URL="file://$(mktemp -d)"
    export PULUMI_BACKEND_URL PULUMI_CONFIG_PASSPHRASE="${PASSPHRASE:-}"
fi
pulumi stack select --create --stack "$STACK" --non-interactive

set --
for kind in data-loss seed-loss network quorum downgrade; do
    case "${LABELS:-[]}" in *"\"allow-$kind\""*) set -- "$@" --allow "$kind" ;; esac
done
consul-on-pulumi review --stack "$STACK" "$@" > "$file"
