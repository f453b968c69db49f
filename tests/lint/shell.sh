#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every tracked or new shell script that names its shell is read by shellcheck. usage: shell.sh ROOT
set -euo pipefail
cd "$1"
if ! command -v shellcheck >/dev/null; then
	echo 'SKIP: no shellcheck (script/setup installs it)'
	exit 77
fi
git rev-parse --git-dir >/dev/null 2>&1 || { echo 'SKIP: not a git checkout' && exit 77; }

is_shell() {
	head -c 64 "$1" | tr -d '\0' | head -n 1 | grep -qE '^#!.*\b(ba|da)?sh\b|^# shellcheck shell='
}

scripts=()
while IFS= read -r file; do
	[ -f "$file" ] && is_shell "$file" && scripts+=("$file")
done < <(git ls-files -co --exclude-standard)
shellcheck -x -S warning "${scripts[@]}"
echo "shell: ${#scripts[@]} scripts"
