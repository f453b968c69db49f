# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What every script starts with: where the project is, where the cache is, how to speak.
# Sourced, never run. Sets nothing but CS_* names and leaves the shell's options alone.

CS_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CS_CACHE=${COLDSPAN_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/coldspan}
CS_JOBS=${COLDSPAN_JOBS:-$(nproc 2>/dev/null || echo 2)}
export CS_ROOT CS_CACHE CS_JOBS

say() { printf '%s\n' "$*"; }
warn() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() {
	warn "$*"
	exit 1
}
# misused ARGUMENT
misused() {
	warn "unknown argument: $1; see script/${0##*/} --help"
	exit 2
}
have() { command -v "$1" >/dev/null 2>&1; }

# version_at_least HAVE WANT: compares dotted numbers.
version_at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }
