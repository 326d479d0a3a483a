#!/usr/bin/env bash
# From a fresh clone to a running pod:  npm run quickstart
# Stops and removes all of it again:    npm run quickstart -- --stop
# ELIOT_DATA_DIR, ELIOT_RUN_DIR, ELIOT_LISTEN, ELIOT_POD_CIDR and ELIOT_BRIDGE choose another place.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

export ELIOT_DATA_DIR="${ELIOT_DATA_DIR:-/var/lib/eliot}"
export ELIOT_RUN_DIR="${ELIOT_RUN_DIR:-/run/eliot}"
# a device that somebody chose for eli is not the one that is started here
unset ELI_NODE
marker="$ELIOT_DATA_DIR/.quickstart"
pidfile="$ELIOT_RUN_DIR/quickstart.pid"
log="$ELIOT_RUN_DIR/quickstart.log"

step() { printf '• %s\n' "$*"; }
done_() { printf '✓ %s\n' "$*"; }
fail() {
  printf '✘ %s\n' "$*" >&2
  exit 1
}

# the daemon's pid, if it is alive and really ours
running_pid() {
  local pid
  pid=$(cat "$pidfile" 2>/dev/null) || return 1
  [ -n "$pid" ] && tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q 'eliotd\.js' && echo "$pid"
}

stop() {
  if [ ! -e "$marker" ]; then
    if [ -e "$ELIOT_DATA_DIR/eliot.db" ]; then
      fail "$ELIOT_DATA_DIR was not made by quickstart; to remove that instance: bin/eliotd reset --data-dir $ELIOT_DATA_DIR --run-dir $ELIOT_RUN_DIR"
    fi
    done_ "nothing to stop"
    return
  fi
  require_same_run_directory
  local pid
  if pid=$(running_pid); then
    step "stopping eliotd (pid $pid)"
    kill -TERM "$pid"
    for _ in $(seq 100); do
      [ -d "/proc/$pid" ] || break
      sleep 0.1
    done
    if [ -d "/proc/$pid" ]; then kill -KILL "$pid"; fi
  fi
  step "removing its pods, containerd, network and data"
  bin/eliotd reset --data-dir "$ELIOT_DATA_DIR" --run-dir "$ELIOT_RUN_DIR"
  rm -rf "$ELIOT_DATA_DIR" "$ELIOT_RUN_DIR"
  done_ "everything that quickstart started is gone"
}

# Whether the process that was started is there; a moment after its start it is not eliotd yet, but a shell.
is_alive() { kill -0 "$(cat "$pidfile")" 2>/dev/null; }

wait_for() { # SECONDS WHAT COMMAND...
  local seconds=$1 what=$2
  shift 2
  for _ in $(seq $((seconds * 5))); do
    if "$@" >/dev/null 2>&1; then return; fi
    if ! is_alive; then
      tail -n 20 "$log" >&2
      printf '  Is its port taken? ELIOT_LISTEN=0.0.0.0:7443 npm run quickstart uses another one.\n' >&2
      printf '  What has been made so far is removed by: npm run quickstart -- --stop\n' >&2
      fail "eliotd has ended; its log is above"
    fi
    sleep 0.2
  done
  tail -n 20 "$log" >&2
  fail "$what did not happen within $seconds s; the log of eliotd is above and in $log"
}

# The marker names the run directory that belongs to the data directory; --stop must remove no other.
require_same_run_directory() {
  local run_directory
  run_directory=$(cat "$marker")
  if [ -n "$run_directory" ] && [ "$run_directory" != "$ELIOT_RUN_DIR" ]; then
    fail "quickstart was started with ELIOT_RUN_DIR=$run_directory; set it again"
  fi
}

# Both directories are removed by --stop, so they must be ours alone.
require_own_directories() {
  if [ -e "$marker" ]; then
    require_same_run_directory
    return
  fi
  local directory
  for directory in "$ELIOT_DATA_DIR" "$ELIOT_RUN_DIR"; do
    if [ -e "$ELIOT_DATA_DIR/eliot.db" ]; then
      fail "an Eliot that quickstart did not make lives in $ELIOT_DATA_DIR; choose another place with ELIOT_DATA_DIR and ELIOT_RUN_DIR"
    fi
    if [ -e "$directory" ] && { [ ! -d "$directory" ] || [ -n "$(ls -A "$directory")" ]; }; then
      fail "$directory is there already and not empty; choose another place with ELIOT_DATA_DIR and ELIOT_RUN_DIR"
    fi
  done
}

node_is_ready() { bin/eli get nodes -o 'jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}' | grep -q True; }
pod_is_running() { bin/eli get pod hello-world -o 'jsonpath={.status.phase}' | grep -q Running; }
pod_has_logs() { [ -n "$(bin/eli logs hello-world --tail 1)" ]; }

start() {
  [ "$(id -u)" = 0 ] || fail "quickstart needs root (it starts containers): sudo npm run quickstart"
  require_own_directories
  bash scripts/prepare.sh run
  export PATH="$PWD/node_modules/.bin:$PATH"
  step "building eliotd and eli"
  node scripts/build.ts >/dev/null

  mkdir -p "$ELIOT_DATA_DIR" "$ELIOT_RUN_DIR"
  printf '%s\n' "$ELIOT_RUN_DIR" >"$marker"
  if running_pid >/dev/null; then
    done_ "eliotd is running already"
  else
    step "starting eliotd"
    setsid bin/eliotd >"$log" 2>&1 </dev/null &
    echo $! >"$pidfile"
    wait_for 30 "the start of eliotd" grep -q '^eliotd ready' "$log"
  fi
  export KUBECONFIG="$ELIOT_DATA_DIR/admin.kubeconfig"
  wait_for 60 "the node becoming ready" node_is_ready

  step "making the hello-world image on the spot and loading it"
  node scripts/busybox-image.ts eliot.run/hello-world:1 "$ELIOT_RUN_DIR/hello-world.tar"
  bin/eli image load "$ELIOT_RUN_DIR/hello-world.tar" >/dev/null
  rm -f "$ELIOT_RUN_DIR/hello-world.tar"

  step "deploying the hello-world pod"
  bin/eli apply -f examples/hello-world.yaml
  wait_for 60 "the pod running" pod_is_running
  wait_for 15 "the first line of its log" pod_has_logs

  printf '\n$ eli get nodes\n'
  bin/eli get nodes
  printf '\n$ eli get pods\n'
  bin/eli get pods
  printf '\n$ eli logs hello-world --tail 3\n'
  bin/eli logs hello-world --tail 3

  cat <<EOF

✓ Eliot is running. Try next:
    export PATH="$PWD/bin:\$PATH" KUBECONFIG="$KUBECONFIG"
    eli describe pod hello-world
    eli exec -it hello-world -- sh
    eli logs -f hello-world
    kubectl get pods -A          (any kubectl works too)
  To stop it and remove everything: npm run quickstart -- --stop
EOF
}

case "${1:-}" in
  --stop) stop ;;
  "") start ;;
  *) fail "unknown argument $1; usage: npm run quickstart [-- --stop]" ;;
esac
