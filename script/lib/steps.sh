# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Running the steps of a script: one heading, one time limit, one duration and one result each.
# Needs common.sh. A step is a function of the script that sources this; the script runs itself
# again as `timeout LIMIT SCRIPT --step FUNCTION`, so that a limit ends all that a step started.
# Its exit status says passed (0), skipped (77, see skip) or failed. A step that runs meson tests
# counts every test by itself, through run_meson.

CS_SKIP=77
if [ -z "${CS_WORK:-}" ]; then
	CS_WORK=$(mktemp -d "${TMPDIR:-/tmp}/coldspan-test.XXXXXX")
	trap 'rm -rf "$CS_WORK"' EXIT
	export CS_WORK
fi
CS_RESULTS=$CS_WORK/results

tally() { python3 "$CS_ROOT/script/lib/tally.py" "$@"; }
note() { tally add "$CS_RESULTS" "$@"; }

# skip REASON…: ends the step as skipped.
skip() {
	say "SKIP: $*" | tee "$CS_WORK/reason"
	exit $CS_SKIP
}

# stop SIGNAL: ends the step that runs, with all that it started, and then the script by that signal.
# timeout(1) makes a process group of its own, which no ^C reaches, and hands on what it is sent.
stop() {
	local job
	trap - INT TERM HUP
	for job in $(jobs -p); do
		kill "$job" 2>/dev/null && wait "$job"
	done
	kill -s "$1" $$
}

# step LIMIT NAME FUNCTION [argument…]: runs one step, at most LIMIT seconds, and notes its result.
step() {
	local limit=$1 name=$2 began=$SECONDS rc=0
	shift 2
	say "=== $name"
	rm -f "$CS_WORK/reason" "$CS_WORK/counted"
	trap 'stop INT' INT
	trap 'stop TERM' TERM
	trap 'stop HUP' HUP
	# In the background, for a trap waits for no job there; and that starts deaf to ^C.
	env --default-signal=INT,QUIT timeout --kill-after=10 "$limit" "$0" --step "$@" </dev/null &
	wait $! || rc=$?
	trap - INT TERM HUP
	case $rc in
	0) [ -e "$CS_WORK/counted" ] || note passed "$name" ;;
	"$CS_SKIP") note skipped "$name" "$(cat "$CS_WORK/reason" 2>/dev/null)" ;;
	124 | 137) note failed "$name" "took longer than $limit s" ;;
	*) [ -e "$CS_WORK/counted" ] || note failed "$name" "exit status $rc" ;;
	esac
	say "=== $name: $(result_word $rc) after $((SECONDS - began)) s"
	return $rc
}

result_word() {
	case $1 in
	0) say passed ;;
	"$CS_SKIP") say skipped ;;
	*) say "failed ($1)" ;;
	esac
}

# run_meson NAME DIR [meson test option…]: runs tests and notes each of them. A few that fail run once
# more, alone (tally.py says which).
run_meson() {
	local name=$1 dir=$2 base log again=() rc=0
	shift 2
	base=$(printf '%s' "$name" | tr -c 'a-z0-9' '-')
	log=$dir/meson-logs/$base
	rm -f "$log.json" "$log-again.json"
	meson test -C "$dir" --print-errorlogs --num-processes "$CS_JOBS" --logbase "$base" "$@" || rc=$?
	[ $rc = 0 ] || mapfile -t again < <(tally again "$log.json")
	if [ ${#again[@]} -gt 0 ]; then
		rc=0
		say "=== $name: once more, alone: ${again[*]}"
		meson test -C "$dir" --no-rebuild --print-errorlogs --num-processes 1 --logbase "$base-again" \
			"$@" "${again[@]}" || rc=$?
	fi
	tally meson "$CS_RESULTS" "$name" "$log.json" "$log-again.json"
	touch "$CS_WORK/counted"
	return $rc
}

# has_suite DIR SUITE
# No `grep -q`: it leaves before meson has written all, and pipefail takes that for a failure.
has_suite() { [ -n "$(meson test -C "$1" --list --suite "$2" 2>/dev/null | grep ' / ')" ]; }
