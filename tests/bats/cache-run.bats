# flyte-cache run: any command, once for the same inputs.
load helper

runs() {
	wc -l < ran | tr -d ' '
}

local_setup() {
	: > ran
	printf '3\n1\n' > in
}

@test "run: the second time stdout and files come from the store" {
	for _ in 1 2; do
		run -0 --separate-stderr flyte-cache run --depends in --makes out -- \
			sh -c 'echo x >> ran; echo said >&2; echo printed; sort in > out'
		equals printed "$output"
		equals "1
3" "$(cat out)"
		rm out
	done
	equals "" "$stderr"
	equals 1 "$(runs)"
	run -0 --separate-stderr flyte-cache run -v --depends in --makes out -- \
		sh -c 'echo x >> ran; echo said >&2; echo printed; sort in > out'
	equals "flyte-cache: sh: cached" "$stderr"
	[ -w out ]
}

@test "run: another word, file or variable is another key; an undeclared one is not" {
	once() {
		flyte-cache run --depends in --env V sh -c 'echo x >> ran' -- "$@"
	}
	once
	once
	equals 1 "$(runs)"
	once word
	equals 2 "$(runs)"
	echo 4 >> in
	once
	equals 3 "$(runs)"
	V=1 once
	V=1 once
	equals 4 "$(runs)"
	W=1 once
	equals 4 "$(runs)"
	V='' once
	equals 5 "$(runs)"
}

@test "run: is transparent in its status, and keeps no failure" {
	for _ in 1 2; do
		run -7 flyte-cache run sh -c 'echo x >> ran; exit 7'
	done
	equals 2 "$(runs)"
	run -137 flyte-cache run -- sh -c 'kill -9 $$'
	run -127 flyte-cache run no-such-program
	run -126 flyte-cache run "$PWD/in"
	run -125 --separate-stderr flyte-cache run --depends gone true
	equals "flyte-cache: --depends: gone: No such file or directory" "$stderr"
	run -125 flyte-cache run
	run -1 --separate-stderr flyte-cache run --makes out true
	equals "flyte-cache: true: out was not made" "$stderr"
	equals "" "$(flyte-cache ls)"
}

@test "run: an input that changes meanwhile is not kept" {
	run -0 --separate-stderr flyte-cache run --depends in sh -c 'echo x >> in'
	has "an input changed meanwhile" "$stderr"
	equals "" "$(flyte-cache ls)"
}

@test "run: a directory made is kept whole; large and binary output too" {
	for _ in 1 2; do
		flyte-cache run --makes d -- sh -c \
			'echo x >> ran; mkdir -p d/e; echo f > d/f; head -c 300000 /dev/zero' > out
		equals 300000 "$(wc -c < out | tr -d ' ')"
		equals f "$(cat d/f)"
		[ -d d/e ]
		chmod -R u+w d
		rm -rf d
	done
	equals 1 "$(runs)"
}

@test "run: a lost blob only makes it run again" {
	flyte-cache run sh -c 'echo x >> ran; echo out'
	rm -rf "$FLYTE_HOME/blobs/sha256"
	run -0 --separate-stderr flyte-cache run sh -c 'echo x >> ran; echo out'
	equals out "$output"
	has "is gone" "$stderr"
	equals 2 "$(runs)"
	run -0 flyte-cache run sh -c 'echo x >> ran; echo out'
	equals 2 "$(runs)"
}
