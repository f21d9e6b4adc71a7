# flyte-run and signals: nothing new starts, what runs is ended with all of its
# children, the status is the signal's, and the run can go on.
load helper

local_setup() {
	export LOG=$PWD/log LONG
	LONG=$(long_sleep)
	: >log
	cat >s.yaml <<-'EOT'
	tasks:
	  polite:
	    outputs: {n: int}
	    pass_env: [LOG, LONG]
	    run: |
	      trap 'echo cleaned >>$LOG; exit 1' TERM
	      echo start polite >>$LOG
	      [ ! -e $LOG.go ] || { echo 1 >$FLYTE_OUTPUTS/n; exit 0; }
	      sleep $LONG & sleep $LONG & wait
	  stubborn:
	    pass_env: [LOG, LONG]
	    run: |
	      trap '' TERM INT HUP
	      echo start stubborn >>$LOG
	      sleep $LONG; sleep $LONG
	  next:
	    inputs: {n: int}
	    outputs: {n: int}
	    pass_env: [LOG, LONG]
	    run: echo start next >>$LOG; echo $n >$FLYTE_OUTPUTS/n
	workflows:
	  w:
	    nodes:
	      a: {task: polite}
	      b: {task: next, with: {n: $a.n}}
	    outputs: {n: $b.n}
	  many:
	    nodes: {a: {task: polite}, b: {task: polite}, c: {task: polite},
	      d: {task: polite}, e: {task: polite}}
	  hard:
	    nodes: {a: {task: stubborn}}
	EOT
}

# start COMMAND...: runs it behind us till N lines ($n, else 1) are in the log.
start() {
	"$@" >out 2>err 3>&- &
	pid=$!
	within 30 logs "${n:-1}" || {
		cat err
		return 1
	}
}

logs() {
	[ "$(wc -l <log)" -ge "$1" ]
}

# The status of what was started.
ended() {
	status=0
	wait $pid || status=$?
}

@test "signal: INT, TERM and HUP end the tasks; the status is the signal's" {
	for sig in INT:130 TERM:143 HUP:129; do
		: >log
		start env --default-signal flyte-run s.yaml:w
		kill -"${sig%:*}" $pid
		ended
		equals "${sig#*:}" "$status"
		equals "start polite cleaned" "$(echo $(cat log))"
		no_sleeper "$LONG"
		equals "" "$(cat out)"
		has "s.yaml:w interrupted" "$(cat err)"
		has "go on with: flyte-run --resume" "$(cat err)"
	done
}

@test "signal: the run can go on; the attempt that was ended is made again" {
	start env --default-signal flyte-run -q --name k s.yaml:w
	kill -INT $pid
	ended
	equals 130 "$status"
	touch log.go
	run -0 flyte-run -q -o n --resume k
	equals 1 "$output"
	equals "start polite cleaned start polite start next" "$(echo $(cat log))"
}

@test "signal: a retry is not used up by it" {
	sed -i 's/  polite:/  polite:\n    retries: 0/' s.yaml
	for _ in 1 2 3; do
		: >log
		start env --default-signal flyte-run -q --name k s.yaml:w
		kill -TERM $pid
		ended
		equals 143 "$status"
	done
	touch log.go
	run -0 flyte-run -q -o n --name k s.yaml:w
	equals 1 "$output"
}

@test "signal: what waits does not start" {
	n=2 start env --default-signal flyte-run -q -j 2 s.yaml:many
	kill -INT $pid
	ended
	equals 130 "$status"
	equals 2 "$(grep -c start log)"
	no_sleeper "$LONG"
}

@test "signal: a second one kills at once" {
	start env --default-signal flyte-run -q s.yaml:hard
	began=$(date +%s%N)
	kill -INT $pid
	sleep 0.3
	kill -0 $pid
	kill -INT $pid
	ended
	equals 130 "$status"
	[ $((($(date +%s%N) - began) / 1000000)) -lt 3000 ]
	no_sleeper "$LONG"
}

@test "signal: after five seconds what does not end is killed" {
	start env --default-signal flyte-run -q s.yaml:hard
	began=$(date +%s%N)
	kill -TERM $pid
	ended
	equals 143 "$status"
	took=$((($(date +%s%N) - began) / 1000000))
	[ $took -ge 4500 ] && [ $took -lt 9000 ]
	no_sleeper "$LONG"
}

@test "signal: to the whole group, as a terminal sends it" {
	start env --default-signal setsid flyte-run -q s.yaml:w
	kill -INT -- -$pid
	ended
	equals 130 "$status"
	no_sleeper "$LONG"
}

@test "signal: a closed pipe behind us is no signal of ours" {
	touch log.go
	run -0 sh -c 'flyte-run s.yaml:w 2>&1 >/dev/null | true; exit 0'
	id=$(cut -d/ -f3 "$FLYTE_HOME/executions/last")
	run -0 flyte-run -q -o n --resume "$id"
	equals 1 "$output"
}
