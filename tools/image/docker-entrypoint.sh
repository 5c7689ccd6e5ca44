#!/bin/sh
# Starts Consul the way the official image's entry point does: the same arguments, variables, folders and user.
set -eu
ulimit -c 0

data=/consul/data
config=/consul/config

# Prints -FLAG=ADDRESS for the first IPv4 address of an interface.
address_flag() {
    address=$(ip -o -4 addr list "$2" | head -n 1 | awk '{print $4}' | cut -d/ -f1)
    if [ -z "$address" ]; then
        echo "no address found for the interface $2" >&2
        exit 1
    fi
    echo "-$1=$address"
}

bind=
[ -z "${CONSUL_BIND_INTERFACE:-}" ] || bind=$(address_flag bind "$CONSUL_BIND_INTERFACE")
client=
[ -z "${CONSUL_CLIENT_INTERFACE:-}" ] || client=$(address_flag client "$CONSUL_CLIENT_INTERFACE")
[ -z "${CONSUL_LOCAL_CONFIG:-}" ] || printf '%s\n' "$CONSUL_LOCAL_CONFIG" >"$config/local.json"

case "${1:-}" in
'' | -*) set -- consul "$@" ;;
agent)
    shift
    # Unquoted on purpose: an empty flag must vanish.
    set -- consul agent -data-dir="$data" -config-dir="$config" $bind $client "$@"
    ;;
*)
    # Any other sub-command of consul; everything else is run as it is.
    if consul --help "$1" 2>&1 | grep -q "consul $1"; then
        set -- consul "$@"
    fi
    ;;
esac

if [ "$1" = consul ] && [ -z "${CONSUL_DISABLE_PERM_MGMT+set}" ] && [ "$(id -u)" = 0 ]; then
    for folder in "$data" "$config"; do
        [ "$(stat -c %u "$folder")" = 100 ] || chown -R consul:consul "$folder"
    done
    exec su -p -s /bin/sh -c 'exec "$@"' -- consul sh "$@"
fi
exec "$@"
