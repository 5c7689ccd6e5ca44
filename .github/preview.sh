#!/bin/sh
# Previews $STACK into a file of Markdown; $LABELS is a JSON list of the pull request's labels.
set -eu
file=$1

# An empty variable is not an unset one: Pulumi would take it for a setting.
[ -z "${BACKEND:-}" ] || export PULUMI_BACKEND_URL="$BACKEND"
[ -z "${PASSPHRASE:-}" ] || export PULUMI_CONFIG_PASSPHRASE="$PASSPHRASE"
[ -z "${ACCESS_TOKEN:-}" ] || export PULUMI_ACCESS_TOKEN="$ACCESS_TOKEN"

allowed=""
for kind in data-loss seed-loss network quorum; do
    case "${LABELS:-[]}" in *"\"allow-$kind\""*) allowed="$allowed $kind" ;; esac
done
make -s preview-comment STACK="$STACK" ALLOW="${allowed# }" > "$file"
