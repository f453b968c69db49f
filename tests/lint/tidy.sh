#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# clang-tidy over the C files that changed, with the flags of a clang build folder.
# usage: tidy.sh BUILD_DIR [--all]
# "Changed" is: against the merge base with origin/main; on main itself the last 20 commits;
# in both cases with what is not committed. COLDSPAN_BASE names another starting point.
set -euo pipefail
build=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"

base_commit() {
	local base
	base=${COLDSPAN_BASE:-$(git merge-base HEAD origin/main 2>/dev/null || true)}
	if [ -z "$base" ] || [ "$base" = "$(git rev-parse HEAD)" ]; then
		base=$(git rev-list --first-parent --max-count=21 HEAD | tail -n 1)
	fi
	printf '%s\n' "$base"
}

changed() {
	if [ "${2:-}" = --all ] || [ "${COLDSPAN_LONG:-0}" = 1 ]; then
		git ls-files '*.c'
		return
	fi
	git diff --name-only --diff-filter=d "$(base_commit)" -- '*.c'
}

# Only files that this build compiles: their flags stand in its compile_commands.json.
compiled() {
	python3 -c '
import json, os, sys
build = sys.argv[1]
known = {os.path.relpath(os.path.join(e["directory"], e["file"]), os.getcwd())
         for e in json.load(open(os.path.join(build, "compile_commands.json")))}
print("\n".join(f for f in sys.stdin.read().split() if f in known))
' "$build"
}

tool=$(command -v clang-tidy-14 || command -v clang-tidy) || {
	echo 'clang-tidy is not installed: script/setup installs it' >&2
	exit 1
}
mapfile -t files < <(changed "$@" | compiled)
if [ ${#files[@]} = 0 ] || [ -z "${files[0]}" ]; then
	echo 'tidy: no C file changed'
	exit 0
fi
echo "tidy: ${#files[@]} files"
printf '%s\n' "${files[@]}" |
	xargs -P "${COLDSPAN_JOBS:-$(nproc)}" -n 1 "$tool" --quiet -p "$build" \
		--extra-arg=-Wno-unknown-warning-option
