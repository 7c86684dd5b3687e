#!/usr/bin/env bash
# Builds, then shows a file going web server <- one of two proxy servers <- sealed KCP tunnel <- proxy client, which finds the servers by a seed, all
# of it on 127.0.0.1.
# Prints what it did, the throughput, the SHA-256 at both ends and the admin address.
#   ./demo.sh          shows it once and stops
#   ./demo.sh --keep   leaves it running until Ctrl-C
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

if ! command -v dotnet >/dev/null; then
    echo "demo.sh: the .NET 10 SDK is needed (https://dotnet.microsoft.com/download)" >&2
    exit 1
fi

build_log=$(mktemp)
trap 'rm -f "$build_log"' EXIT
echo "building (the first time takes about a minute) ..."
if ! { dotnet build src/Proxy.Node/Proxy.Node.csproj -c Release -v quiet && dotnet build src/Proxy.Seed/Proxy.Seed.csproj -c Release -v quiet; } >"$build_log" 2>&1; then
    cat "$build_log" >&2
    echo "demo.sh: the build failed, see above" >&2
    exit 1
fi
rm -f "$build_log"

exec artifacts/bin/Proxy.Node/release/tcpproxy demo --seed artifacts/bin/Proxy.Seed/release/tcpproxy-seed "$@"
