#compdef flyte flyte-register flyte-run flyte-exec flyte-cache flyte-show flyte-ctl flyte-sched flyte-serve
# zsh completion of flyte and flyte-*.  The programs say themselves what they
# take (--completion-helper); nothing is listed here a second time.

# Executions, and with a slash the nodes of one.
_flyte_ids() {
	local -a ids
	local id=${PREFIX%%/*}
	if [[ $PREFIX == */* ]]; then
		ids=(${(f)"$(flyte-show --jsonl $id 2>/dev/null | tr '{' '\n' |
			sed -n 's/^"node": "\([^"\\]*\)".*/\1/p')"})
		compadd -p $id/ -- $ids
	else
		ids=(last ${(f)"$(flyte-show --color never --limit 50 2>/dev/null |
			awk 'NR > 1 { print $1 }')"})
		compadd -- $ids
	fi
}

# Registered names, of the project and domain on the line so far.
_flyte_references() {
	local -a place names
	local i
	for ((i = 2; i < CURRENT; i++)); do
		case $words[i] in
		(-p|--project|-d|--domain) place+=($words[i] $words[i+1]) ;;
		esac
	done
	names=(${(f)"$(flyte-register list $place 2>/dev/null |
		awk -v short=$#place '{
			sub(/@.*/, "", $NF)
			n = split($NF, part, "/")
			print short ? part[n] : $NF
		}')"})
	compadd -- $names
}

# What stands for the argument called $1 in the help.
_flyte_argument() {
	case $1 in
	(ID|ID/NODE) _flyte_ids ;;
	(DIR) _files -/ ;;
	(FILE|NAME*PATH*) _files ;;
	(KIND) compadd task workflow launch_plan ;;
	(WHEN) compadd auto always never ;;
	(FORMAT) compadd text json ;;
	(MODE) compadd on off read write refresh ;;
	(WHAT) compadd none auto all ;;
	esac
}

_flyte() {
	local program=${words[1]:t} line helper argument
	local -a options verbs field
	local first=2
	if [[ $program == flyte ]]; then
		if ((CURRENT == 2)) && [[ $PREFIX != -* ]]; then
			compadd -- ${${(k)commands[(I)flyte-*]}#flyte-}
			return
		elif ((CURRENT > 2)); then
			program=flyte-$words[2]
			first=3
		fi
	fi
	helper=$($program --completion-helper 2>/dev/null) || return
	for line in ${(f)helper}; do
		field=("${(@ps:\t:)line}")
		case $field[1] in
		(verb) verbs+=("$field[2]:$field[3]") ;;
		(option)
			options+=("$field[2]:$field[4]")
			[[ $field[2] == $words[CURRENT-1] ]] && argument=$field[3]
			;;
		esac
	done
	if [[ -n $argument ]]; then
		_flyte_argument $argument
		return
	fi
	if [[ $PREFIX == -* ]]; then
		_describe option options
		return
	fi
	for line in ${words[first,CURRENT-1]}; do
		[[ -n ${(M)verbs:#$line:*} ]] && verbs=()
	done
	(($#verbs)) && _describe command verbs
	case $program in
	(flyte-show) _flyte_ids ;;
	(flyte-ctl) (($#verbs)) || _flyte_ids ;;
	(flyte-run|flyte-exec) _flyte_references; _files ;;
	(*) _files ;;
	esac
}

_flyte "$@"
