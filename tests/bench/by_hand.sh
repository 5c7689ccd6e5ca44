#!/bin/sh
# The commands that a person would type for the same cluster.
# by_hand.sh up: SERVERS servers and CLIENTS clients, until there is a leader, then the seeds of Pulumi.dev.yaml.
# by_hand.sh add FIRST LAST: the clients with these ordinals; change FIRST LAST: the same again, with another CLIENT.
# by_hand.sh roll: the servers again, one after the other. by_hand.sh destroy: everything with the label.
# From the environment: NAME, SUBNET (10.0.0, without its last part), IMAGE, HTTP and DNS (first host ports),
# SERVER and CLIENT (agent configuration, JSON), SERVERS, CLIENTS.
set -eu

label="consul.cluster=$NAME"

run() { # ROLE ORDINAL POSITION RESTART CONFIGURATION ARGUMENT...
    role=$1 node=$NAME-$1-$2 position=$3 restart=$4 configuration=$5
    shift 5
    docker volume create --label "$label" "$node-data" >/dev/null
    docker run --detach --name "$node" --hostname "$node" --label "$label" --network "$NAME" \
        --ip "$SUBNET.$((2 + position))" --network-alias "$NAME-$role" \
        --publish "127.0.0.1:$((HTTP + position)):8500" \
        --publish "127.0.0.1:$((DNS + position)):8600/tcp" --publish "127.0.0.1:$((DNS + position)):8600/udp" \
        --volume "$node-data:/consul/data" --env CONSUL_DISABLE_PERM_MGMT=true --user 100:1000 --read-only \
        --tmpfs /tmp:rw,noexec,nosuid,size=64m --cap-drop ALL --security-opt no-new-privileges:true --init \
        --restart "$restart" --stop-timeout 30 --log-driver json-file --log-opt max-size=10m --log-opt max-file=3 \
        --health-cmd 'wget -q -O - http://127.0.0.1:8500/v1/status/leader | grep -q :' --health-interval 10s \
        --health-timeout 5s --health-retries 3 --health-start-period 30s \
        "$IMAGE" agent -hcl "$configuration" "-node=$node" "-advertise=$SUBNET.$((2 + position))" "$@" >/dev/null
}

add() { # FIRST LAST
    for ordinal in $(seq "$1" "$2"); do
        run client "$ordinal" $((7 + ordinal)) unless-stopped "$CLIENT"
    done
}

change() { # FIRST LAST
    for ordinal in $(seq "$1" "$2"); do
        docker rm --force "$NAME-client-$ordinal" >/dev/null
    done
    add "$1" "$2"
}

server() { # ORDINAL
    run server "$1" "$1" on-failure "$SERVER" "-bootstrap-expect=$SERVERS"
}

leader() { # ORDINAL
    until docker exec "$NAME-server-$1" wget -q -O - http://127.0.0.1:8500/v1/status/leader 2>/dev/null | grep -q :; do
        sleep 0.1
    done
}

roll() {
    for ordinal in $(seq 0 $((SERVERS - 1))); do
        docker stop "$NAME-server-$ordinal" >/dev/null
        docker rm "$NAME-server-$ordinal" >/dev/null
        server "$ordinal"
        leader "$ordinal"
    done
}

up() {
    docker network create --label "$label" --subnet "$SUBNET.0/24" --gateway "$SUBNET.1" --ip-range "$SUBNET.128/25" \
        "$NAME" >/dev/null
    for ordinal in $(seq 0 $((SERVERS - 1))); do
        server "$ordinal"
    done
    add 0 $((CLIENTS - 1))
    leader 0
    put app/name web
    put app/replicas 3
    put app/features/dark-mode true
    put motd 'Consul on Pulumi'
}

put() { docker exec "$NAME-server-0" consul kv put "$1" "$2" >/dev/null; }

destroy() {
    docker ps --all --quiet --filter "label=$label" | xargs -r docker rm --force >/dev/null
    docker volume ls --quiet --filter "label=$label" | xargs -r docker volume rm >/dev/null
    docker network rm "$NAME" >/dev/null
}

"$@"
