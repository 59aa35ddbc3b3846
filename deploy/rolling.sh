#!/usr/bin/env bash
# Restarts servers under load, and counts the requests that fail.
#
#     deploy/rolling.sh haproxy     three instances behind HAProxy, each restarted in turn
#     deploy/rolling.sh nginx       the same behind nginx
#     deploy/rolling.sh inherited   one instance, restarted on a socket that stays open, as with systemd
#     deploy/rolling.sh reuseport   one instance, whose successor shares its port (SO_REUSEPORT) before it ends
#
# Further arguments: the least number of requests (200000), and the directory for the results (target/rolling). Everything
# listens on 127.0.0.1, at ports that are free. Needs Debian's packages curl, haproxy and nginx-light, and Python 3. The exit
# status is 1 if a request failed or an instance did not end in order. DELAY=0 in the environment shows what --shutdown-delay
# is for.
set -euo pipefail

how=${1:?haproxy, nginx, inherited or reuseport}
requests=${2:-200000}
out=${3:-target/rolling}
cd "$(dirname "$0")/.."

connections=32
case $how in
    haproxy) instances=(one two three) delay=${DELAY:-3} rounds=1 further=(--trust-proxy 127.0.0.1 --proxy-protocol) ;;
    nginx) instances=(one two three) delay=${DELAY:-3} rounds=1 further=(--trust-proxy 127.0.0.1) ;;
    inherited) instances=(one) delay=${DELAY:-1} rounds=5 further=() ;;
    reuseport) instances=(one) delay=${DELAY:-1} rounds=5 further=(--reuse-port) ;;
    *) echo "$how is none of haproxy, nginx, inherited, reuseport" >&2; exit 2 ;;
esac

# An instance listens on a socket that this shell holds open as descriptor 3. Bash cannot listen, so that Python begins.
if [ "$how" = inherited ] && [ -z "${ROLLING_PORT:-}" ]; then
    exec python3 -c 'import os, socket, sys
listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
os.environ["ROLLING_PORT"] = str(listener.getsockname()[1])
os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
os.execv("/bin/bash", ["/bin/bash"] + sys.argv[1:])' deploy/rolling.sh "$how" "$requests" "$out"
fi

# Programs that were built before, as in BIN=/usr/local/bin.
bin=${BIN:-target/release}
if [ -z "${BIN:-}" ]; then
    cargo build --quiet --release -p basehttp-cli
    cargo build --quiet --release -p basehttp-tools --bin load
fi
basehttp=$bin/basehttp

work=$(mktemp -d)
declare -A pid port
others=()
end() {
    # In order, so that the proxies end their own children.
    for process in "${pid[@]}" "${others[@]}"; do
        kill -TERM "$process" 2>/dev/null || true
    done
    for process in "${pid[@]}"; do
        # A second signal ends an instance at once.
        kill -TERM "$process" 2>/dev/null || true
    done
    wait
    rm -rf "$work"
}
trap end EXIT

mkdir -p "$out" "$work/www" "$work/run"
head -c 1024 /dev/zero | tr '\0' x >"$work/www/page.txt"
: >"$out/$how.marks"

# Prints so many ports that are free, below those that the system gives to clients.
free_ports() {
    python3 -c 'import random, socket, sys
held = []
while len(held) < int(sys.argv[1]):
    try:
        held.append(socket.create_server(("127.0.0.1", random.randrange(20000, 32000))))
    except OSError:
        pass
print(*(one.getsockname()[1] for one in held))' "$1"
}

mark() {
    printf '%s %s\n' "$(date +%s.%N)" "$1" >>"$out/$how.marks"
}

# Starts an instance, and waits until it says that it serves. Descriptor 9 keeps the load going, and is not for it.
start() {
    local flags=("${port[$1]}" --directory "$work/www" --quiet --health /healthz --shutdown-delay "$delay" --grace 10)
    flags+=("${further[@]}")
    : >"$work/$1.out"
    case $how in
        # As systemd does it, without a port. The number of the process is that of the shell that becomes it.
        inherited) (export LISTEN_FDS=1 LISTEN_PID=$BASHPID; exec "$basehttp" "${flags[@]:1}" >"$work/$1.out" 9>&-) & ;;
        *) "$basehttp" "${flags[@]}" >"$work/$1.out" 9>&- & ;;
    esac
    pid[$1]=$!
    local tries=0
    until grep -q '^Serving' "$work/$1.out"; do
        tries=$((tries + 1))
        [ "$tries" -lt 600 ] || { echo "instance $1 does not start" >&2; exit 1; }
        sleep 0.05
    done
}

# Ends the process in order, and fails if it does not.
finish() {
    kill -TERM "$1"
    wait "$1" || { echo "an instance ended with status $?" >&2; exit 1; }
}

restart() {
    local old=${pid[$1]}
    mark "$1 ends"
    if [ "$how" = reuseport ]; then
        start "$1"
        finish "$old"
    else
        finish "$old"
        start "$1"
    fi
    mark "$1 is back"
}

# Starts the proxy with the ports of this run in its configuration.
start_proxy() {
    local config=$work/$how.cfg source=deploy/$how.cfg
    [ "$how" = haproxy ] || source=deploy/nginx.conf
    sed -e "s/127\.0\.0\.1:8080/127.0.0.1:$front/" -e "s/127\.0\.0\.1:8001/127.0.0.1:${port[one]}/" \
        -e "s/127\.0\.0\.1:8002/127.0.0.1:${port[two]}/" -e "s/127\.0\.0\.1:8003/127.0.0.1:${port[three]}/" "$source" >"$config"
    case $how in
        haproxy) haproxy -db -q -f "$config" & ;;
        nginx) nginx -p "$work/run" -c "$config" & ;;
    esac
    others+=($!)
    local tries=0
    until curl -fsS -o /dev/null "http://127.0.0.1:$front/page.txt" 2>/dev/null; do
        tries=$((tries + 1))
        [ "$tries" -lt 200 ] || { echo "the proxy does not serve" >&2; exit 1; }
        sleep 0.05
    done
}

# The first port is that of the load, where there is a proxy.
read -r -a ports <<<"$(free_ports 4)"
case $how in
    inherited) front=$ROLLING_PORT port[one]=$ROLLING_PORT ;;
    reuseport) front=${ports[0]} port[one]=${ports[0]} ;;
    *) front=${ports[0]} port[one]=${ports[1]} port[two]=${ports[2]} port[three]=${ports[3]} ;;
esac
for instance in "${instances[@]}"; do
    start "$instance"
done
[ "$how" = inherited ] || [ "$how" = reuseport ] || start_proxy

# The load goes on until its standard input ends.
mkfifo "$work/go"
"$bin/load" "127.0.0.1:$front" /page.txt "$work/www/page.txt" "$connections" "$requests" \
    <"$work/go" >"$out/$how.csv" 2>"$out/$how.txt" 3<&- &
load=$!
others+=("$load")
exec 9>"$work/go"
sleep 2
for ((round = 0; round < rounds; round++)); do
    for instance in "${instances[@]}"; do
        restart "$instance"
        # Proxies take a moment to see that it is back.
        sleep 2
    done
done
exec 9>&-
status=0
wait "$load" || status=$?

for instance in "${instances[@]}"; do
    finish "${pid[$instance]}"
    unset "pid[$instance]"
done
python3 deploy/plot.py "$out/$how.csv" "$out/$how.marks" "Restarts under load: $how" >"$out/$how.svg"
echo "$how: $(cat "$out/$how.txt")"
exit "$status"
