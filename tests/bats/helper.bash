# Common ground of every bats file: a home of its own, nothing of the caller's.
# FLYTE_BIN is the folder with the programs under test, FLYTE_TEST_BUILD the
# build folder (conform, unit).

bats_require_minimum_version 1.5.0

setup() {
	: "${FLYTE_BIN:?set it to the folder of the programs}"
	export TOP="${BATS_TEST_DIRNAME%/tests/*}"
	export PATH="$FLYTE_BIN:/usr/local/bin:/usr/bin:/bin"
	export HOME="$BATS_TEST_TMPDIR/home" TMPDIR="$BATS_TEST_TMPDIR/tmp"
	export FLYTE_HOME="$BATS_TEST_TMPDIR/flyte"
	export LC_ALL=C TZ=UTC
	unset XDG_STATE_HOME XDG_CONFIG_HOME FLYTE_PROJECT FLYTE_DOMAIN \
		FLYTECTL_CONFIG MAKEFLAGS MFLAGS MAKELEVEL http_proxy https_proxy NO_COLOR \
		SOURCE_DATE_EPOCH
	export GIT_CONFIG_GLOBAL="$HOME/.gitconfig" GIT_CONFIG_NOSYSTEM=1
	mkdir -p "$HOME" "$TMPDIR" "$BATS_TEST_TMPDIR/work"
	cd "$BATS_TEST_TMPDIR/work" || return 1
	if declare -F local_setup >/dev/null; then
		local_setup
	fi
}

# same GOLDEN: stdin is the golden's content.
same() {
	diff -u "$1" - || return 1
}

# has TEXT WHERE: WHERE contains TEXT.
has() {
	case "$2" in
	*"$1"*) ;;
	*)
		printf 'expected to contain: %s\ngiven: %s\n' "$1" "$2"
		return 1
		;;
	esac
}

lacks() {
	case "$2" in
	*"$1"*)
		printf 'expected not to contain: %s\ngiven: %s\n' "$1" "$2"
		return 1
		;;
	*) ;;
	esac
}

# equals EXPECTED GIVEN
equals() {
	[ "$1" = "$2" ] && return
	case $1$2 in
	*"
"*) diff -U 1 --label expected --label given <(echo "$1") <(echo "$2") ;;
	*) printf 'expected: %s\ngiven:    %s\n' "$1" "$2" ;;
	esac
	return 1
}

# traced STRACE-OPTION... COMMAND...: the sanitizer cannot look for leaks in
# what is traced, and would fail it.
traced() {
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 timeout 60 strace -qq "$@"
}

# Where a container or the kernel forbids it.
needs_strace() {
	traced -o /dev/null true || skip "strace is not allowed here"
}

# A repository with one commit of the files here.
commit_all() {
	git init -q . 2>/dev/null
	git config user.name t
	git config user.email t@example.org
	git add -A
	git commit -qm "${1:-one}"
}

# namespace: what gives a command mounts of its own.  Where the root is no mount
# (a plain chroot) their propagation cannot be set.
find_namespace() {
	namespace=(unshare -m)
	[ "$(id -u)" = 0 ] || namespace=(unshare -rm)
	"${namespace[@]}" true 2>/dev/null || namespace+=(--propagation unchanged)
	"${namespace[@]}" true 2>/dev/null || skip 'no right to a mount namespace'
}

# Runs a command that may not write where the modes forbid it, root or not.
unprivileged() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --bounding-set=-dac_override,-dac_read_search "$@"
	else
		"$@"
	fi
}

# Waits for what the test started; "wait" alone would wait for the watch over
# the test's time, too.
all_ended() {
	local pid
	for pid in $(jobs -p); do
		[ "$pid" = "${BATS_killer_pid:-}" ] || wait "$pid" || true
	done
}

# within SECONDS COMMAND...: waits until it succeeds, so long at the most.  Give
# a machine with other work its time: what is met costs nothing.
within() {
	local end=$((SECONDS + $1))
	shift
	until "$@" 2>/dev/null; do
		[ $SECONDS -lt $end ] || {
			echo "in vain: $*"
			return 1
		}
		sleep 0.02
	done
}

# A span that no other test on this machine sleeps, to find its sleepers by.
long_sleep() {
	echo "864$(printf %02d $((RANDOM % 100))).$BASHPID$RANDOM"
}

# Nobody sleeps SPAN any more; who was killed takes a moment to be gone.
no_sleeper() {
	within 10 lacks_process "sleep $1" || {
		pgrep -af "sleep $1"
		return 1
	}
}

lacks_process() {
	! pgrep -f "$1" >/dev/null
}

# What every test leaves must make sense: journals, closures, blobs and
# catalog agree, and nothing runs under a finished execution.  A test that
# damages the state on purpose sets damaged=1.
damaged=
teardown() {
	if declare -F local_teardown >/dev/null; then
		local_teardown
	fi
	if [ -z "$damaged" ] && [ -d "${FLYTE_HOME:-/nonexistent}/executions" ]; then
		flyte-ctl fsck || return 1
	fi
}
