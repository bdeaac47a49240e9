#!/bin/sh
# Make a virtual environment: make-venv.sh PYTHON DIRECTORY
# Debian's python3 may come without venv; it is installed where that is possible, and asked for where it is not.
set -eu
python=$1 directory=$2

say() { echo "make-venv: $*" >&2; }

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    say "$python is not Python 3.11 or later; name one that is: make PYTHON=python3.12"
    exit 1
}
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    say "$python has no venv"
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing the Debian package python3-venv"
        apt-get update -qq
        apt-get install -y -qq python3-venv >/dev/null
    else
        say "install it first; on Debian: sudo apt-get install python3-venv"
        exit 1
    fi
fi
"$python" -m venv "$directory"
