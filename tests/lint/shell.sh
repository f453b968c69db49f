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
	local first
	IFS= read -r -n 64 first <"$1" || [ -n "$first" ] || return 1
	[[ $first =~ ^#!.*[/\ ](ba|da)?sh($|\ ) || $first == '# shellcheck shell='* ]]
}

scripts=()
while IFS= read -r file; do
	[ -f "$file" ] && is_shell "$file" && scripts+=("$file")
done < <(git ls-files -co --exclude-standard)
shellcheck -x -S warning "${scripts[@]}"
echo "shell: ${#scripts[@]} scripts"
