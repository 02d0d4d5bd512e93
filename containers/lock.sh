#!/bin/sh
# Renews containers/locks: every package that an image installs, with the hashes of its files, for amd64 and arm64 alike.
# Run by `make lock`, which says where the tools are. A lock stays as it is where pyproject.toml still allows what is in
# it: UPGRADE=--upgrade takes what is newest.
set -eu
cd "$(dirname "$0")/.."

compile() { # compile LOCK SOURCE [OPTIONS...]
    lock=containers/locks/$1.txt
    shift
    "${UV:-uv}" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --custom-compile-command "make lock" ${UPGRADE:-} --output-file "$lock" "$@"
}

compile coordinator pyproject.toml --extra kubernetes
compile worker pyproject.toml --extra kubernetes --extra worker
compile turn pyproject.toml --extra turn

requires=$(mktemp)
trap 'rm -f "$requires"' EXIT
"${PYTHON:-python3}" -c 'import tomllib
print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' > "$requires"
compile build "$requires" --no-annotate
