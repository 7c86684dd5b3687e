#!/bin/sh
# Makes what compose.yaml needs and nobody else may have, in docker/secrets: the key of the tunnels, the password of the seed, and a certificate for
# it. What is there already is kept.
set -eu
cd "$(dirname "$0")"
mkdir -p secrets
cd secrets
[ -f key.env ] || printf 'TCPPROXY_KEY=%s\n' "$(openssl rand -base64 32)" >key.env
[ -f seed.password ] || openssl rand -base64 24 >seed.password
if [ ! -f seed.pem ]; then
    openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=seed -addext subjectAltName=DNS:seed,DNS:localhost,IP:127.0.0.1 \
        -keyout key.pem -out seed-ca.pem 2>/dev/null
    cat seed-ca.pem key.pem >seed.pem
    rm key.pem
fi
# The programs run as a user of the image.
chmod 644 ./*
ls -l
