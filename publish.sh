#!/bin/sh
# Makes one file of the program, with the runtime in it, compiled ahead of time as far as .NET does (ReadyToRun), without what is not used:
#
#   ./publish.sh [DIRECTORY] [RUNTIME]     default: artifacts/publish/linux-x64 linux-x64
#
# The file needs nothing but libc (and libcrypto for tunnels). It can load no filters of users' own (plugin=), which may need anything of .NET: they
# want the ordinary build. What was built otherwise stays as it is.
set -eu
cd "$(dirname "$0")"
runtime=${2:-linux-x64}
directory=${1:-artifacts/publish/$runtime}
dotnet publish src/Proxy.Node -c Release -r "$runtime" --self-contained --artifacts-path artifacts/publish-build -o "$directory" -v quiet -p:PublishAs=SingleFile -p:DebugType=none
ls -l "$directory/tcpproxy"
