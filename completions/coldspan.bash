# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# bash completion for coldspan, coldspan-collector and coldspan-faas. What there is to complete is asked of
# the programs themselves: their --help names every command, option and kind of value.

# _coldspan_options PROGRAM [COMMAND]: its options, one a line.
_coldspan_options() {
	"$@" --help 2>/dev/null | sed -nE 's/^ +(-[a-zA-Z], )?(--[a-z][a-z-]*)( .*)?$/\2/p'
}

# _coldspan_kind OPTION PROGRAM [COMMAND]: what --help calls its value; nothing if it takes none.
_coldspan_kind() {
	local option=$1
	shift
	"$@" --help 2>/dev/null | case $option in
	--*) sed -nE "s/^ +(-[a-zA-Z], )?$option ([A-Z][^ ]*).*/\2/p" ;;
	*) sed -nE "s/^ +$option, --[a-z-]+ ([A-Z][^ ]*).*/\1/p" ;;
	esac
}

_coldspan_offer() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur"); }

_coldspan_files() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
}

# _coldspan_value KIND
_coldspan_value() {
	case $1 in
	WHEN) _coldspan_offer 'auto always never' ;;
	LEVEL) _coldspan_offer 'error warn info debug' ;;
	REF) _coldspan_offer "$(git for-each-ref --format='%(refname:short)' 2>/dev/null)" ;;
	DIR) _coldspan_files -d ;;
	*FILE* | PATH) _coldspan_files -f ;;
	esac
}

# The value of -c or --config, if it was given.
_coldspan_config() {
	local i
	for ((i = 2; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-c | --config)
			[ "${COMP_WORDS[i + 1]}" = '=' ] && i=$((i + 1))
			printf '%s\n' --config "${COMP_WORDS[i + 1]}"
			;;
		esac
	done
}

# Behind the word that says what to do: a folder for boards, or boards.
_coldspan_dashboards() {
	case " ${COMP_WORDS[*]:2:COMP_CWORD-2} " in
	*' install '*) _coldspan_files -d ;;
	*' lint '*) _coldspan_files -f ;;
	*' list '*) ;;
	*) _coldspan_offer 'install lint list' ;;
	esac
}

# _coldspan_operand COMMAND
_coldspan_operand() {
	local config
	case $1 in
	report) _coldspan_files -f ;;
	help) _coldspan_offer "$(_coldspan_commands)" ;;
	completion) _coldspan_offer 'bash zsh fish' ;;
	dashboards) _coldspan_dashboards ;;
	assert)
		mapfile -t config < <(_coldspan_config)
		_coldspan_offer "$("$program" completion functions "${config[@]}" 2>/dev/null)"
		;;
	esac
}

_coldspan_commands() {
	"$program" help 2>/dev/null | sed -nE '/^Commands:/,/^$/s/^  ([a-z]+) .*/\1/p'
}

# Where the command begins that run or doctor is given: the place of its word, else nothing.
_coldspan_offset() {
	local i word
	for ((i = 2; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		--) echo $((i + 1)) && return ;;
		--*)
			if [ "${COMP_WORDS[i + 1]}" = '=' ]; then
				i=$((i + 2))
			elif [ -n "$(_coldspan_kind "$word" "$program" "${COMP_WORDS[1]}")" ]; then
				i=$((i + 1))
			fi
			;;
		-*) ;;
		*) echo "$i" && return ;;
		esac
	done
}

# The words of another command, from its place on.
_coldspan_command() {
	if declare -F _command_offset >/dev/null; then
		_command_offset "$1"
	elif [ "$1" = "$COMP_CWORD" ]; then
		_coldspan_files -c
	else
		_coldspan_files -f
	fi
}

_coldspan_options_or_operands() {
	local i closed=no
	for ((i = 2; i < COMP_CWORD; i++)); do
		[ "${COMP_WORDS[i]}" = -- ] && closed=yes
	done
	if [ $closed = no ] && [[ $cur == -* ]]; then
		_coldspan_offer "$(_coldspan_options "${asked[@]}")"
	else
		_coldspan_operand "$verb"
	fi
}

_coldspan() {
	local program=$1 cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb='' kind offset
	local -a asked
	COMPREPLY=()
	program=${program/#\~/$HOME}
	asked=("$program")
	if [ "${program##*/}" = coldspan ]; then
		if [ "$COMP_CWORD" = 1 ]; then
			_coldspan_offer "$(_coldspan_commands) --help --version"
			return
		fi
		verb=${COMP_WORDS[1]}
		asked+=("$verb")
	elif [ "${program##*/}" = coldspan-faas ] && [ "$COMP_CWORD" = 1 ]; then
		_coldspan_offer 'serve help version --help --version'
		return
	fi
	if [ "$verb" = run ] || [ "$verb" = doctor ]; then
		offset=$(_coldspan_offset)
		if [ -n "$offset" ] && [ "$offset" -le "$COMP_CWORD" ]; then
			_coldspan_command "$offset"
			return
		fi
	fi
	# bash takes --color=al for three words.
	if [ "$cur" = '=' ]; then
		cur=''
	elif [ "$prev" = '=' ]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	[[ $prev == -?* && $prev != -- ]] && kind=$(_coldspan_kind "$prev" "${asked[@]}")
	if [ -n "$kind" ]; then
		_coldspan_value "$kind"
	else
		_coldspan_options_or_operands
	fi
}

complete -F _coldspan coldspan coldspan-collector coldspan-faas
