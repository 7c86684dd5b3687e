#!/usr/bin/env bash
# Installs what the end-to-end tests need where it can, builds, and runs every test.
# The last line is "N passed, N failed" (", N skipped" where some were); the exit code says the same.
#   ./test.sh          what continuous integration runs
#   ./test.sh --long   the full sizes and durations too: 1 GiB, 500 connections, 30 s stalls
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# The real peers of the end-to-end tests: command, then the Debian package that has it.
readonly peers=(curl:curl nginx:nginx haproxy:haproxy openssl:openssl etcd:etcd-server nft:nftables ip:iproute2 dnsmasq:dnsmasq-base dig:dnsutils
    git:git ssh:openssh-client sshd:openssh-server nc:netcat-openbsd)
readonly policy=/usr/sbin/policy-rc.d
readonly saved_policy=$policy.before-tcpproxy-test

# The summary below is read in English; /usr/sbin holds nginx and is not on everybody's path.
export DOTNET_CLI_UI_LANGUAGE=en DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1
export PATH="$PATH:/usr/sbin:/sbin"

usage() {
    sed -n '2,5s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
}

finish() { # passed failed skipped
    local line="$1 passed, $2 failed"
    if (($3 > 0)); then line+=", $3 skipped"; fi
    echo "$line"
    if (($2 > 0)); then exit 1; fi
    exit 0
}

missing_packages() {
    local peer
    for peer in "${peers[@]}"; do
        command -v "${peer%%:*}" >/dev/null || echo "${peer##*:}"
    done
    [[ -e /usr/lib/nginx/modules/ngx_stream_module.so ]] || echo libnginx-mod-stream
    [[ -e /usr/share/zoneinfo/Europe/Paris ]] || echo tzdata # the time rules' zones
}

# Debian starts a service as soon as its package is installed, unless this file forbids it.
forbid_service_starts() {
    if [[ -e $policy || -L $policy ]]; then mv "$policy" "$saved_policy"; fi
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
}

allow_service_starts() {
    rm -f "$policy"
    if [[ -e $saved_policy || -L $saved_policy ]]; then mv "$saved_policy" "$policy"; fi
}

apt() {
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 -o Acquire::Retries=1 -o Acquire::http::Timeout=20 \
        -o APT::Install-Recommends=false -o Dpkg::Use-Pty=0 "$@" >/dev/null
}

install_peers() {
    # A run that was killed in the middle of an installation left the machine's own file aside.
    if [[ -e $saved_policy && $EUID -eq 0 ]]; then allow_service_starts; fi

    local -a missing
    mapfile -t missing < <(missing_packages)
    if ((${#missing[@]} == 0)); then return; fi
    if [[ $EUID -ne 0 ]] || ! command -v apt-get >/dev/null; then
        echo "cannot install ${missing[*]} here (needs root and apt-get): the tests that need them are skipped"
        return
    fi

    echo "installing ${missing[*]} ..."
    trap allow_service_starts EXIT
    forbid_service_starts
    if apt update && apt install -y "${missing[@]}"; then
        # Nor shall it start with the machine's next boot.
        local service
        for service in nginx haproxy etcd openssh-server; do
            if [[ " ${missing[*]} " == *" $service"* ]] && command -v systemctl >/dev/null; then
                systemctl --quiet disable "${service/openssh-server/ssh}" >/dev/null 2>&1 || true
            fi
        done
    else
        echo "could not install ${missing[*]}: the tests that need them are skipped"
    fi
    allow_service_starts
    trap - EXIT
}

long=0
for argument in "$@"; do
    case $argument in
        --long) long=1 ;;
        --help | -h) usage; exit 0 ;;
        *) echo "test.sh: unknown argument $argument" >&2; usage >&2; exit 2 ;;
    esac
done

install_peers

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "building ..."
# One compiler for all projects, whatever the machine is set to: minutes less. It ends with the build.
if ! dotnet build TcpProxy.sln -c Release -v quiet -p:UseSharedCompilation=true >"$work/build" 2>&1; then
    cat "$work/build"
    echo "the build failed"
    finish 0 1 0
fi

passed=0
failed=0
# The build holds style and analyzers already; all of it once more takes minutes.
if ((long)); then format=(format); else format=(format whitespace); fi
echo "checking the format ..."
if dotnet "${format[@]}" TcpProxy.sln --verify-no-changes --no-restore >"$work/format" 2>&1; then
    passed=$((passed + 1))
else
    cat "$work/format"
    echo "failed: dotnet format --verify-no-changes"
    failed=$((failed + 1))
fi

# The program as the end-to-end tests start it, hundreds of times: compiled ahead, it takes a third of the processor less of each start.
machine=$(uname -m)
case $machine in x86_64) runtime=linux-x64 ;; aarch64) runtime=linux-arm64 ;; *) runtime= ;; esac
if [[ -n $runtime ]] && dotnet publish src/Proxy.Node -c Release -r "$runtime" --no-self-contained -p:PublishReadyToRun=true -p:UseSharedCompilation=true \
    --artifacts-path artifacts/publish-tested -o artifacts/tested -v quiet >"$work/publish" 2>&1; then
    export PROXY_NODE_EXECUTABLE=$PWD/artifacts/tested/tcpproxy
else
    echo "not compiled ahead: the tests take longer"
fi
dotnet build-server shutdown --vbcscompiler >/dev/null 2>&1 || true

# A test that hangs must not take the summary with it.
if ((long)); then limit=90m; else limit=20m; fi

run_module() { # its program; what it said goes to a file of its name, and is shown when it is over
    local name
    name=$(basename "$1")
    if ! PROXY_LONG=$long timeout --kill-after=10s "$limit" "$1" --no-progress --no-ansi >"$work/tests-$name" 2>&1; then
        # One that crashed, was stopped or has no tests says nothing of how many failed.
        grep -q '^ *failed: *[1-9]' "$work/tests-$name" || echo "$name" >>"$work/broken"
    fi
    cat "$work/tests-$name"
}

# The end-to-end tests mostly wait, the others mostly compute: beside each other.
end_to_end=artifacts/bin/Proxy.EndToEnd.Tests/release/Proxy.EndToEnd.Tests
run_module "$end_to_end" &
for directory in artifacts/bin/*.Tests; do
    # What a project refers to lies beside it too.
    module=$directory/release/$(basename "$directory")
    if [[ $module != "$end_to_end" ]]; then run_module "$module"; fi
done
wait

number_of() { # label: the figures behind it in the summaries, added up
    sed -n "/^Test run summary/,\$s/^ *$1: *\([0-9][0-9]*\).*/\1/p" "$work"/tests-* | awk '{ sum += $1 } END { print sum + 0 }'
}

broken=0
if [[ -e $work/broken ]]; then
    broken=$(wc -l <"$work/broken")
    echo "ended without a result: $(tr '\n' ' ' <"$work/broken")"
fi

finish $((passed + $(number_of succeeded))) $((failed + broken + $(number_of failed))) "$(number_of skipped)"
