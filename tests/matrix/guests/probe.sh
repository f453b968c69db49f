# SPDX-License-Identifier: Apache-2.0
# The matrix guest in bash: reports on itself, runs pipes, subshells and external programs.
{
	for ((fd = 0; fd < 40; fd++)); do
		[[ -e /proc/$$/fd/$fd ]] && echo "fd=$fd"
	done
	env | sort | sed 's/^/env=/'
	# By builtins: while bash waits for a child its own mask and handlers change.
	while IFS= read -r field; do
		[[ $field =~ ^Sig(Blk|Ign|Cgt) ]] && echo "$field"
	done </proc/$$/status
	# A process that was given privileges is root's in /proc, also after bash has dropped them.
	[[ -O /proc/$$/status ]] && echo "secure=0" || echo "secure=1"
	echo "pipe=$(printf 'c\na\nb\n' | sort | tr -d '\n')"
	(exit 4)
	echo "subshell=$?"
	/bin/sh -c 'kill -9 $$' 2>/dev/null
	echo "killed=$?"
	ls /nonexistent 2>&1 | tail -c 26
	{ : </nonexistent/filter-from-here-on; } 2>/dev/null # late_filter.c
	while IFS= read -r field; do
		[[ $field == Seccomp:* ]] && echo "seccomp=${field##*	}"
	done </proc/$$/status
} >"$MATRIX_REPORT"
IFS= read -r line
echo "$line"
echo "to stderr" >&2
exit 7
