load helper

# Each task notes how many run while it does.
local_setup() {
	cat >t.yaml <<-'EOF'
	tasks:
	  t:
	    inputs: {i: int}
	    run: |
	      mkdir "$HOME/at.$i.$$"; sleep 0.15
	      ls -d "$HOME"/at.* | wc -l >>"$HOME/most"; rmdir "$HOME/at.$i.$$"
	  bad: {run: exit 1}
	  wide:
	    resources: {requests: {cpu: 2}}
	    run: sleep 0.1
	workflows:
	  w: {inputs: {n: "list(int)"}, nodes: {m: {map: t, with: {i: $n}}}}
	  broken: {nodes: {a: {task: bad}, b: {task: bad}, c: {task: bad}}}
	  large: {nodes: {a: {task: wide}, b: {task: wide}}}
	EOF
	N='[1,2,3,4,5,6]'
	export N
}

most() { sort -n "$HOME/most" | tail -n 1; }

# auth_fifo N / auth_pipe N: a jobserver with N tokens, in $MAKEFLAGS.
auth_fifo() {
	mkfifo fifo
	exec 8<>fifo
	printf "%${1}s" '' | tr ' ' + >&8
	export MAKEFLAGS=" -j --jobserver-auth=fifo:$PWD/fifo"
}
auth_pipe() {
	mkfifo fifo
	exec 8<>fifo
	printf "%${1}s" '' | tr ' ' '*' >&8
	exec 6<fifo 7>fifo
	export MAKEFLAGS=" -j --jobserver-auth=6,7"
}
left() { dd bs=64 count=1 iflag=nonblock <&8 2>/dev/null; }

@test "jobserver: tokens of a fifo bound what runs, and all come back" {
	auth_fifo 2
	run -0 flyte-run -q -j8 ./t.yaml:w n="$N"
	equals 3 "$(most)"
	equals ++ "$(left)"
}

@test "jobserver: tokens of a pipe, the same bytes back" {
	auth_pipe 1
	run -0 flyte-run -q -j8 ./t.yaml:w n="$N"
	equals 2 "$(most)"
	equals '*' "$(left)"
}

@test "jobserver: without a token one task runs at a time" {
	auth_pipe 0
	run -0 timeout 20 flyte-run -q -j8 ./t.yaml:w n="$N"
	equals 1 "$(most)"
}

@test "jobserver: -j bounds too" {
	auth_fifo 5
	run -0 flyte-run -q -j2 ./t.yaml:w n="$N"
	equals 2 "$(most)"
	equals +++++ "$(left)"
}

@test "jobserver: a token that comes later is used" {
	auth_fifo 0
	{ sleep 0.3; printf + >&8; } &
	run -0 flyte-run -q -j8 ./t.yaml:w n="$N"
	all_ended
	equals 2 "$(most)"
	equals + "$(left)"
}

@test "jobserver: failures and signals give them back" {
	auth_fifo 3
	run -1 flyte-run -q -j4 ./t.yaml:broken
	equals +++ "$(left)"
	printf +++ >&8
	sed -i 's/sleep 0.15/sleep 30/' t.yaml
	flyte-run -q -j4 ./t.yaml:w n="$N" 3>&- &
	pid=$!
	four_run() { [ "$(ls -d "$HOME"/at.* | wc -l)" = 4 ]; }
	within 30 four_run
	kill -TERM $pid
	wait $pid || true
	equals +++ "$(left)"
}

@test "jobserver: a task of two places takes two, alone what there is" {
	auth_fifo 1
	run -0 timeout 20 flyte-run -q -j4 ./t.yaml:large
	equals + "$(left)"
}

@test "jobserver: two at once share it and end" {
	auth_fifo 1
	timeout 30 flyte-run -q -j4 ./t.yaml:w n="$N" &
	run -0 timeout 30 flyte-run -q -j4 ./t.yaml:large
	wait $!
	equals + "$(left)"
}

@test "jobserver: under make, with + and without" {
	printf 'all:\n\t+@flyte-run -q -j8 ./t.yaml:w n="$$N"\n' >Makefile
	run -0 make -j3
	[ "$(most)" -gt 1 ]
	[ "$(most)" -le 3 ]
	rm "$HOME/most"
	printf 'all:\n\t@flyte-run -q ./t.yaml:w n="$$N"\n' >Makefile
	run -0 make -j3
	[ "$(most)" -le 3 ]
	# make 4.4 hands a fifo on to everyone, earlier ones only where asked to.
	if make --version | grep -q 'GNU Make 4\.[0-3]'; then
		equals 1 "$(most)"
		has 'begin the line of the recipe with +' "$output"
	fi
}

@test "jobserver: what can not be used is said" {
	export MAKEFLAGS="--jobserver-auth=fifo:/no/such/fifo"
	run -0 --separate-stderr flyte-run -q --type task ./t.yaml:t i=1
	has "make's jobserver /no/such/fifo" "$stderr"
	export MAKEFLAGS="--jobserver-auth=93,94"
	run -0 --separate-stderr flyte-run -q --type task ./t.yaml:t i=1
	has 'begin the line of the recipe with +' "$stderr"
	export MAKEFLAGS="kw --trace"
	run -0 --separate-stderr flyte-run -q --type task ./t.yaml:t i=1
	equals "" "$stderr"
}
