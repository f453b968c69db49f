#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fuzzes every target, several at a time: tests/fuzz/run.sh BUILD SECONDS|all:SECONDS [NAME...]
# SECONDS are for each target, all:SECONDS for all of them and what is built before: each has its share, at most
# 30 s. The build itself is given up after CS_BUILD_LIMIT seconds (1200). BUILD is configured with clang, libFuzzer, ASan and UBSan. What was found stays in
# BUILD/found/NAME/ (new inputs) and BUILD/crash/NAME-* (failures). Exit: 0 nothing failed, 77 no clang.
set -uo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)

usage() {
	echo "usage: tests/fuzz/run.sh BUILD SECONDS|all:SECONDS [NAME...]" >&2
	exit 2
}

build_targets() {
	local again=()
	[ -f "$build/build.ninja" ] && again=(--reconfigure)
	CC=clang meson setup "${again[@]}" "$build" "$root" -Dfuzz=true \
		-Db_sanitize=address,undefined -Db_lundef=false >"$build.log" 2>&1 ||
		{ cat "$build.log" >&2 && return 1; }
	rm -f "$build.log"
	timeout --foreground --kill-after=10 "$limit" ninja --quiet -C "$build" -j "$jobs" fuzz_targets && return
	[ $? != 124 ] || echo "fuzz: the targets were not built within $limit s" >&2
	return 1
}

# A line per target, always: how much was tried, and whether it failed.
fuzz_one() {
	local name=$1 log=$build/fuzz-$1.log
	mkdir -p "$build/found/$name" "$build/crash"
	if "$build/tests/fuzz/fuzz_$name" -max_total_time="$seconds" -timeout=60 -rss_limit_mb=2048 \
		-max_len=65536 -print_final_stats=1 -artifact_prefix="$build/crash/$name-" \
		"$build/found/$name" "$root/tests/fuzz/corpus/$name" >"$log" 2>&1; then
		echo "fuzz $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") runs," \
			"$(sed -n 's/.*cov: \([0-9]*\).*/\1/p' "$log" | tail -n 1) edges, nothing found"
	else
		echo "fuzz $name: FAILED, see $log"
		grep -aE 'ERROR|does not hold|Test unit written|runtime error' "$log" | head -n 10
		return 1
	fi
}

fuzz_all() {
	local name rc=0 running=0
	for name in "$@"; do
		if [ "$running" -ge "$jobs" ]; then
			wait -n || rc=1
			running=$((running - 1))
		fi
		fuzz_one "$name" &
		running=$((running + 1))
	done
	while [ "$running" -gt 0 ]; do
		wait -n || rc=1
		running=$((running - 1))
	done
	return $rc
}

# How long each of $1 targets takes, of what is left of the time for all; a second to begin and to end.
share() {
	local rounds=$((($1 + jobs - 1) / jobs)) each
	each=$(((${seconds#all:} - SECONDS) / rounds - 1))
	[ $each -le 30 ] || each=30
	[ $each -ge 5 ] || each=5
	echo $each
}

[ $# -ge 2 ] || usage
build=$1 seconds=$2
shift 2
jobs=${CS_JOBS:-$(nproc)} limit=${CS_BUILD_LIMIT:-1200}
if ! command -v clang >/dev/null; then
	echo 'SKIP: fuzzing needs clang'
	exit 77
fi
build_targets || exit 1
build=$(cd "$build" && pwd)
if [ $# -eq 0 ]; then
	for exe in "$build"/tests/fuzz/fuzz_*; do
		[ -f "$exe" ] && [ -x "$exe" ] && set -- "$@" "${exe##*/fuzz_}"
	done
fi
[ $# -gt 0 ] || { echo 'fuzz: no target was built' >&2 && exit 1; }
case $seconds in
all:*) seconds=$(share $#) ;;
esac
fuzz_all "$@"
