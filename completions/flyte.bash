# bash completion of flyte and flyte-*.  The programs say themselves what they
# take (--completion-helper); nothing is listed here a second time.

# Executions, and with a slash the nodes of one.
_flyte_ids() {
	local id=${1%%/*}
	case $1 in
	*/*)
		flyte-show --jsonl "$id" 2>/dev/null | tr '{' '\n' |
			sed -n 's/^"node": "\([^"\\]*\)".*/\1/p' | sed "s|^|$id/|"
		;;
	*)
		echo last
		flyte-show --color never --limit 50 2>/dev/null |
			awk 'NR > 1 { print $1 }'
		;;
	esac
}

# Registered names, of the project and domain on the line so far.
_flyte_references() {
	local i place=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-p | --project | -d | --domain)
			place+=("${COMP_WORDS[i]}" "${COMP_WORDS[i + 1]}")
			;;
		esac
	done
	flyte-register list "${place[@]}" 2>/dev/null | awk -v short=${#place[@]} '
		{
			sub(/@.*/, "", $NF)
			n = split($NF, part, "/")
			print short ? part[n] : $NF
		}'
}

_flyte_words() {
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "${COMP_WORDS[COMP_CWORD]}")
}

_flyte_files() {
	local more
	compopt -o filenames 2>/dev/null
	mapfile -t more < <(compgen "$1" -- "${COMP_WORDS[COMP_CWORD]}")
	COMPREPLY+=("${more[@]}")
}

# What stands for the argument called $1 in the help.
_flyte_argument() {
	case $1 in
	ID | ID/NODE) _flyte_words "$(_flyte_ids "${COMP_WORDS[COMP_CWORD]}")" ;;
	DIR) _flyte_files -d ;;
	FILE | NAME*PATH*) _flyte_files -f ;;
	KIND) _flyte_words 'task workflow launch_plan' ;;
	WHEN) _flyte_words 'auto always never' ;;
	FORMAT) _flyte_words 'text json' ;;
	MODE) _flyte_words 'on off read write refresh' ;;
	WHAT) _flyte_words 'none auto all' ;;
	esac
}

_flyte() {
	local program=${COMP_WORDS[0]##*/} first=1 helper argument verbs i
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	COMPREPLY=()
	if [ "$program" = flyte ]; then
		if [ "$COMP_CWORD" -eq 1 ] && [[ $cur != -* ]]; then
			_flyte_words "$(compgen -c flyte- | sed 's/^flyte-//')"
			return
		fi
		if [ "$COMP_CWORD" -gt 1 ]; then
			program=flyte-${COMP_WORDS[1]}
			first=2
		fi
	fi
	helper=$("$program" --completion-helper 2>/dev/null) || return
	argument=$(awk -F '\t' -v o="$prev" '$1 == "option" && $2 == o { print $3 }' <<<"$helper")
	if [ -n "$argument" ]; then
		_flyte_argument "$argument"
		return
	fi
	if [[ $cur == -* ]]; then
		_flyte_words "$(awk -F '\t' '$1 == "option" { print $2 }' <<<"$helper")"
		return
	fi
	verbs=$(awk -F '\t' '$1 == "verb" { print $2 }' <<<"$helper")
	for ((i = first; i < COMP_CWORD && ${#verbs} > 0; i++)); do
		[[ $'\n'$verbs$'\n' == *$'\n'${COMP_WORDS[i]}$'\n'* ]] && verbs=
	done
	_flyte_words "$verbs"
	case $program in
	flyte-show) _flyte_argument ID ;;
	flyte-ctl) [ -n "$verbs" ] || _flyte_argument ID ;;
	flyte-run | flyte-exec)
		_flyte_words "$(_flyte_references)"
		_flyte_files -f
		;;
	*) _flyte_files -f ;;
	esac
}

complete -F _flyte flyte flyte-register flyte-run flyte-exec flyte-cache \
	flyte-show flyte-ctl flyte-sched flyte-serve
