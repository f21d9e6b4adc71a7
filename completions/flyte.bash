# bash completion of flyte and flyte-*.  The programs say themselves what they
# take (--completion-helper); nothing is listed here a second time.

# Executions, and with a slash the nodes of one.
_flyte_ids() {
	local id=${1%%/*}
	case $1 in
	*/*) _flyte_nodes "$id" | sed "s|^|$id/|" ;;
	*)
		echo last
		flyte-show --color never --limit 50 2>/dev/null |
			awk 'NR > 1 { print $1 }'
		;;
	esac
}

_flyte_nodes() {
	flyte-show --jsonl "$1" 2>/dev/null | tr '{' '\n' |
		sed -n 's/^"node": "\([^"\\]*\)".*/\1/p'
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
		}' | sort -u
}

# Projects, of what is registered.
_flyte_projects() {
	flyte-register list --all 2>/dev/null | awk '{ sub(/\/.*/, "", $NF); print $NF }' | sort -u
}

# What a file holds.
_flyte_in_file() {
	flyte-register show "$1" 2>/dev/null | sed 's/^launch plan/plan/; s/^[^ ]* \([^ (@]*\).*/\1/' | sort -u
}

# Inputs of the file or name that stands before, with an equals sign: of what
# FILE:NAME or a name is, or of the sole workflow, else task, of a file.
_flyte_inputs() {
	local place=() target='' i word
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		-p | --project | -d | --domain) place+=("$word" "${COMP_WORDS[++i]}") ;;
		-*) ;;
		*.yaml | *.yml | *.json | *.tgz | *.sh | *.py | ./*)
			target=$word
			[ "${COMP_WORDS[i + 1]-}" = : ] && target+=:${COMP_WORDS[i + 2]}
			break
			;;
		*) [ -n "$target" ] || target=$word ;;
		esac
	done
	[ -n "$target" ] || return
	flyte-register show "${place[@]}" "$target" 2>/dev/null | awk '
		/^[a-z].*\) ->|^[a-z].*\)$/ {
			line = $0
			sub(/\)( ->.*)?$/, "", line)
			sub(/^[^(]*\(/, "", line)
			kind = $1
			if (kind == "workflow" || best == "")
				best = line
			next
		}
		/^  inputs/ { on = 1; next }
		/^  [a-z]/ { on = 0 }
		on { print $1 "=" }
		END {
			while (match(best, /[A-Za-z_][A-Za-z0-9_]*: /)) {
				print substr(best, RSTART, RLENGTH - 2) "="
				best = substr(best, RSTART + RLENGTH)
			}
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
	local i
	case $1 in
	ID | ID/NODE) _flyte_words "$(_flyte_ids "${COMP_WORDS[COMP_CWORD]}")" ;;
	NODE)
		# of the execution that is recovered
		for ((i = 1; i < COMP_CWORD; i++)); do
			[ "${COMP_WORDS[i]}" = --recover ] &&
				_flyte_words "$(_flyte_nodes "${COMP_WORDS[i + 1]}")"
		done
		;;
	DIR) _flyte_files -d ;;
	FILE | NAME*PATH*) _flyte_files -f ;;
	PROJECT) _flyte_words "$(_flyte_projects)" ;;
	KIND) _flyte_words 'task workflow launch_plan' ;;
	WHEN) _flyte_words 'auto always never' ;;
	FORMAT) _flyte_words 'text json' ;;
	MODE) _flyte_words 'on off read write refresh' ;;
	WHAT) _flyte_words 'none auto all' ;;
	text) _flyte_words text ;;
	esac
}

_flyte() {
	local program=${COMP_WORDS[0]##*/} first=1 helper argument verbs verb='' inputs i
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
	# --option=value, which bash takes for three words.
	if [ "$cur" = = ] && [[ $prev == --* ]]; then
		cur='' COMP_WORDS[COMP_CWORD]=''
	elif [ "$prev" = = ] && [[ ${COMP_WORDS[COMP_CWORD - 2]} == --* ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
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
		[[ $'\n'$verbs$'\n' == *$'\n'${COMP_WORDS[i]}$'\n'* ]] &&
			verb=${COMP_WORDS[i]} verbs=
	done
	_flyte_words "$verbs"
	case $program in
	flyte-show) _flyte_argument ID ;;
	flyte-ctl) [ -n "$verbs" ] || _flyte_argument ID ;;
	flyte-cache)
		case $verb in
		explain) _flyte_argument ID ;;
		show | rm | pin) _flyte_words "$(flyte-cache ls 2>/dev/null | awk '{ print $1 }')" ;;
		*) _flyte_files -f ;;
		esac
		;;
	flyte-register)
		case $verb in
		list | versions | diff | activate | deactivate) _flyte_words "$(_flyte_references)" ;;
		show)
			_flyte_words "$(_flyte_references)"
			_flyte_files -f
			;;
		*) _flyte_files -f ;;
		esac
		;;
	flyte-run | flyte-exec)
		# FILE:NAME, which bash takes for three words.
		if [ "$cur" = : ] || [ "$prev" = : ]; then
			i=$((COMP_CWORD - 1))
			[ "$cur" = : ] || i=$((COMP_CWORD - 2))
			[ "$cur" = : ] && COMP_WORDS[COMP_CWORD]=
			_flyte_words "$(_flyte_in_file "${COMP_WORDS[i]}")"
			return
		fi
		inputs=$(_flyte_inputs)
		if [ -n "$inputs" ]; then
			_flyte_words "$inputs"
			[ ${#COMPREPLY[@]} -eq 0 ] || compopt -o nospace 2>/dev/null
		else
			_flyte_words "$(_flyte_references)"
		fi
		_flyte_files -f
		;;
	*) _flyte_files -f ;;
	esac
}

complete -F _flyte flyte flyte-register flyte-run flyte-exec flyte-cache \
	flyte-show flyte-ctl
