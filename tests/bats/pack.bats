# Packages: written the same everywhere, read without trust.
load helper

local_setup() {
	cat > spec.yaml <<-'END'
	tasks:
	  double:
	    inputs: {n: int}
	    outputs: {r: int}
	    run: echo $((n * 2)) > "$FLYTE_OUTPUTS/r"
	workflows:
	  twice:
	    inputs: {n: {type: int, default: 1}}
	    nodes:
	      a: {task: double, with: {n: $n}}
	      b: {task: double, with: {n: $a.r}}
	    outputs: {r: $b.r}
	END
}

# good: a package at good.tgz, unpacked in members/.
good() {
	flyte-register -q --as v1 -O good.tgz spec.yaml
	mkdir members
	tar -xzf good.tgz -C members
}

# python CODE: with tarfile and io imported and the members in m.
hostile() {
	python3 - "$@" <<-END
	import io, os, struct, tarfile, gzip
	m = sorted((n, open('members/' + n, 'rb').read()) for n in os.listdir('members'))
	def add(t, name, data=b'', **k):
	    i = tarfile.TarInfo(name)
	    i.size = len(data)
	    for a, b in k.items():
	        setattr(i, a, b)
	    t.addfile(i, io.BytesIO(data))
	def package(path='bad.tgz', mode='w:gz', **k):
	    t = tarfile.open(path, mode, **k)
	    for n, d in m:
	        add(t, n, d)
	    return t
	$(cat)
	END
}

# refused WORDS: bad.tgz is not read, with one message and nothing registered.
refused() {
	run -3 --separate-stderr flyte-register -p x --as v1 ./bad.tgz
	equals "" "$output"
	has "flyte-register: ./bad.tgz: " "$stderr"
	has "$1" "$stderr"
	equals 1 "$(wc -l <<< "$stderr")"
	[ ! -e "$FLYTE_HOME/registry" ]
	run -3 flyte-register show ./bad.tgz
}

@test "write: members as pyflyte and flytectl expect them" {
	good
	equals "0_double_1.pb
1_twice_2.pb
2_twice_3.pb" "$(tar -tzf good.tgz)"
	run -0 flyte-register show ./good.tgz
	equals "task double@v1(n: int) -> r: int
workflow twice@v1(n: int) -> r: int
launch plan twice@v1 of workflow twice" "$output"
	run -0 flyte-register -p payroll ./good.tgz
	has "registered workflow    payroll/development/twice@v1" "$output"
	run -0 flyte-register -p payroll --as v1 spec.yaml
	lacks registered "$output"
}

@test "write: the same bytes for every user, umask, zone, folder and time" {
	good
	mkdir -p elsewhere/deep
	cp spec.yaml elsewhere/deep/other-name.yaml
	(
		cd elsewhere/deep
		umask 077
		touch -d 2001-01-01 other-name.yaml
		TZ=Asia/Tokyo LC_ALL=C.UTF-8 HOME=/nonexistent flyte-register -q --as v1 -O ../../two.tgz other-name.yaml
	)
	cmp good.tgz two.tgz
	# gzip's header has no time and no name, tar's no owner.
	equals "1f8b080000000000" "$(head -c 8 good.tgz | od -An -tx1 | tr -d ' \n')"
	run -0 tar -tvzf good.tgz --full-time
	has "0/0" "${lines[0]}"
	has "1970-01-01 00:00:00" "${lines[0]}"
}

@test "write: another user makes the same bytes" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	command -v setpriv > /dev/null || skip "needs setpriv"
	good
	mkdir theirs
	chmod 777 theirs
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR" . || true
	cp spec.yaml theirs/
	setpriv --reuid 1234 --regid 1234 --clear-groups sh -c "test -r $PWD/theirs/spec.yaml -a -x $(command -v flyte-register)" || skip "the folder is closed to others"
	TMPDIR=/tmp HOME=/nonexistent setpriv --reuid 1234 --regid 1234 --clear-groups \
		flyte-register -q --as v1 -O "$PWD/theirs/p.tgz" "$PWD/theirs/spec.yaml"
	cmp good.tgz theirs/p.tgz
}

@test "write: SOURCE_DATE_EPOCH is the time of every member" {
	SOURCE_DATE_EPOCH=86400 flyte-register -q --as v1 -O e.tgz spec.yaml
	run -0 tar -tvzf e.tgz
	has "1970-01-02" "${lines[0]}"
	SOURCE_DATE_EPOCH=soon run -2 flyte-register --as v1 -O e2.tgz spec.yaml
	has "SOURCE_DATE_EPOCH=soon: expected seconds" "$output"
	[ ! -e e2.tgz ]
}

@test "write: a faulty spec writes no package, and keeps the one there" {
	echo before > p.tgz
	sed -i 's/\$a.r}}/$a.q}}/' spec.yaml
	run -3 flyte-register --as v1 -O p.tgz spec.yaml
	has "nothing was packed" "$output"
	equals before "$(cat p.tgz)"
}

@test "write: version from git goes into the package" {
	commit_all
	run -0 flyte-register -O p.tgz spec.yaml
	equals "p.tgz: 3 entities" "$output"
	run -0 flyte-register show ./p.tgz
	has "double@$(git rev-parse HEAD)" "$output"
}

@test "write: a package packed again is the same" {
	good
	run -0 flyte-register -q -O again.tgz ./good.tgz
	cmp good.tgz again.tgz
	flyte-register -q -O fast.tgz "$TOP/tests/corpus/flytekit/pkg/options.tgz"
	run -0 flyte-register show ./fast.tgz
}

@test "write: a map over a launch plan comes back from its package" {
	cat > map.yaml <<-'END'
	tasks:
	  double: {inputs: {n: int}, outputs: {r: int}, stdout: r, run: "echo $((n * 2))"}
	workflows:
	  one:
	    inputs: {n: int}
	    nodes: {a: {task: double, with: {n: $n}}}
	    outputs: {r: $a.r}
	  many:
	    inputs: {ns: list(int)}
	    nodes: {m: {map: {launchplan: one}, with: {n: $ns}}}
	    outputs: {rs: $m.r}
	END
	flyte-register -q --as v1 -O p.tgz map.yaml
	run -0 flyte-register ./p.tgz
	has "registered workflow    default/development/many@v1" "$output"
	run -0 flyte-register --as v1 map.yaml
	lacks registered "$output"
	# Flyte's own compiler does not take it.
	run -3 flyte-register check --portable ./p.tgz
	has MismatchingTypes "$output"
}

@test "code: only files that tasks name go along" {
	mkdir -p lib
	echo 'print(1)' > lib/mod.py
	echo unrelated > lib/other.py
	cat > files.yaml <<-'END'
	tasks:
	  t: {outputs: {o: int}, run: "echo 1", files: [lib/mod.py]}
	END
	run -0 flyte-register --as v1 -O p.tgz files.yaml
	equals "p.tgz: 2 entities and a code archive" "$output" ||
		equals "p.tgz: 1 entities and a code archive" "$output"
	run -0 tar -tzf p.tgz
	[[ "$output" =~ fast[0-9a-f]{32}.tar.gz ]]
	tar -xzf p.tgz "${BASH_REMATCH[0]}"
	equals lib/mod.py "$(tar -tzf "${BASH_REMATCH[0]}")"
	# pyflyte's name: over each file its bytes and its path without slashes.
	equals "fast$(printf 'print(1)\nlibmod.py' | md5sum | cut -d' ' -f1).tar.gz" "${BASH_REMATCH[0]}"
	cp p.tgz first.tgz
	touch -d 2002-02-02 lib/mod.py
	flyte-register -q --as v1 -O p.tgz files.yaml
	cmp first.tgz p.tgz
	# --copy none leaves them out.
	run -0 flyte-register --copy none --as v1 -O p.tgz files.yaml
	lacks "code archive" "$output"
}

@test "code: a file that is named and not there is said" {
	cat > files.yaml <<-'END'
	tasks:
	  t: {outputs: {o: int}, run: "echo 1", files: [nope.py]}
	END
	run -3 flyte-register --as v1 -O p.tgz files.yaml
	has nope.py "$output"
}

@test "code: declared files are kept by the registry, and run from there" {
	mkdir -p lib/deep
	echo 'echo $((n * 3))' > lib/deep/triple.sh
	cat > files.yaml <<-'END'
	tasks:
	  t: {inputs: {n: int}, outputs: {o: int}, stdout: o, run: '. "$FLYTE_CODE/lib/deep/triple.sh"', files: [lib/deep/triple.sh]}
	  u: {inputs: {n: int}, outputs: {o: int}, stdout: o, run: '. "$FLYTE_CODE/lib/deep/triple.sh"', files: [lib]}
	workflows:
	  w:
	    inputs: {n: int}
	    nodes: {a: {task: t, with: {n: $n}}, b: {task: u, with: {n: $a.o}}}
	    outputs: {o: $b.o}
	END
	flyte-register -q --as v1 -O p.tgz files.yaml
	flyte-register -q --as v1 files.yaml
	run -0 flyte-register --as v1 files.yaml
	lacks registered "$output"
	# The same by way of the package.
	run -0 flyte-register ./p.tgz
	lacks registered "$output"
	# They are not needed where they were any more.
	rm -r lib
	run -0 flyte-exec --plain -o o t n=7
	equals 21 "$output"
	run -0 --separate-stderr flyte-run --plain -o o w n=7
	equals 63 "$output"
	# Nor is the folder that the registry lies in.
	mv "$FLYTE_HOME" elsewhere
	FLYTE_HOME=$PWD/elsewhere run -0 flyte-exec --plain -o o t n=5
	equals 15 "$output"
	d=$(echo elsewhere/registry/.code/*.d/lib/deep)
	equals 555 "$(stat -c %a ${d%% *})"
}

@test "code: a package without its code archive is refused where it is needed" {
	echo 'print(1)' > mod.py
	cat > files.yaml <<-'END'
	tasks:
	  t: {outputs: {o: int}, run: "echo 1", files: [mod.py]}
	END
	flyte-register -q --copy none --as v1 -O p.tgz files.yaml
	run -3 flyte-register ./p.tgz
	has "has no code archive" "$output"
	run -0 flyte-register show ./p.tgz
}

@test "code: --copy all takes the folder but what is ignored" {
	mkdir -p src/deep src/build .cache __pycache__ docs src/keep
	touch src/a.py src/deep/b.py src/deep/b.log src/build/x .cache/y __pycache__/z.pyc docs/d.md src/keep/k.log Dockerfile secret.txt
	ln -s a.py src/link.py
	printf '*.log\n/src/build/\n' > .gitignore
	printf '!k.log\n' > src/keep/.gitignore
	printf 'Dockerfile\n**/*.md\n' > .dockerignore
	printf 'secret*\n' > .flyteignore
	git init -q .
	run -0 flyte-register --copy all --as v1 -O p.tgz spec.yaml
	tar -xzf p.tgz --wildcards 'fast*'
	equals ".dockerignore
.flyteignore
.gitignore
spec.yaml
src/a.py
src/deep/b.py
src/keep/.gitignore
src/keep/k.log
src/link.py" "$(tar -tzf fast*.tar.gz)"
	rm fast*
	# The package itself is not taken the second time.
	cp p.tgz first.tgz
	mkdir out
	mv first.tgz out/
	echo out >> .gitignore
	run -0 flyte-register --copy all --as v1 -O p.tgz spec.yaml
	tar -xzf p.tgz --wildcards 'fast*'
	lacks p.tgz "$(tar -tzf fast*.tar.gz)"
}

@test "read: members in any order, folders, and a plain tar" {
	good
	hostile <<-'END'
	t = tarfile.open('bad.tgz', 'w:gz')
	add(t, './', type=tarfile.DIRTYPE, mode=0o755)
	for n, d in reversed(m):
	    add(t, './' + n, d)
	t.close()
	END
	run -0 flyte-register show ./bad.tgz
	has "task double@v1" "${lines[0]}"
	hostile <<-'END'
	package('plain.tar', 'w').close()
	END
	run -0 flyte-register show ./plain.tar
	equals 3 "${#lines[@]}"
	run -0 flyte-register show ./members/
	equals 3 "${#lines[@]}"
	tar --format=ustar -czf gnu.tgz -C members .
	run -0 flyte-register show ./gnu.tgz
}

@test "read: equal duplicates once, other content refused" {
	good
	hostile <<-'END'
	t = package()
	add(t, '7_double_1.pb', m[0][1])
	t.close()
	END
	run -0 flyte-register show ./bad.tgz
	equals 3 "${#lines[@]}"
	sed 's/n \* 2/n * 3/' spec.yaml > other.yaml
	flyte-register -q --as v1 -O other.tgz other.yaml
	mkdir o
	tar -xzf other.tgz -C o
	hostile <<-'END'
	t = package()
	add(t, '7_double_1.pb', open('o/0_double_1.pb', 'rb').read())
	t.close()
	END
	refused "7_double_1.pb: the task double has other content than in 0_double_1.pb"
}

@test "bad: truncated anywhere" {
	good
	size=$(stat -c %s good.tgz)
	for n in 1 5 20 100 $((size / 2)) $((size - 9)) $((size - 1)); do
		head -c $n good.tgz > bad.tgz
		run -3 flyte-register show ./bad.tgz
		has "flyte-register: ./bad.tgz: " "$output"
	done
	head -c $((size - 1)) good.tgz > bad.tgz
	refused "cut off"
	hostile <<-'END'
	package('bad.tar', 'w').close()
	d = open('bad.tar', 'rb').read().rstrip(b'\0')
	d += b'\0' * (-len(d) % 512)
	open('bad.tgz', 'wb').write(gzip.compress(d))
	END
	refused "truncated: the end of the archive is missing"
}

@test "bad: a flipped byte is caught by gzip's checksum" {
	good
	hostile <<-'END'
	package('t.tar', 'w').close()
	raw = bytearray(gzip.compress(open('t.tar', 'rb').read(), 0))
	i = raw.index(b'flyte.run')
	raw[i] ^= 1
	open('bad.tgz', 'wb').write(raw)
	END
	refused "damaged: incorrect data check"
}

@test "bad: not an archive, empty, a folder, text behind the end" {
	good
	: > bad.tgz
	refused "empty: not a tar archive"
	echo hello > bad.tgz
	refused "not a tar archive"
	head -c 100000 /dev/urandom > bad.tgz
	refused "not a tar archive"
	head -c 100000 /dev/urandom | gzip > bad.tgz
	refused "not a tar archive"
	(cat good.tgz; echo behind) > bad.tgz
	refused "damaged"
	(cat good.tgz; head -c 5000 /dev/zero) > ok.tgz
	run -0 flyte-register show ./ok.tgz
}

@test "bad: names that lead outside" {
	good
	for n in ../evil_1.pb a/../../evil_1.pb /tmp/evil_1.pb ..; do
		hostile <<-END
		t = package()
		add(t, '$n', m[0][1])
		t.close()
		END
		run -3 flyte-register show ./bad.tgz
		has "outside" "$output"
	done
	hostile <<-'END'
	t = package()
	add(t, 'a\nb_1.pb', m[0][1])
	t.close()
	END
	refused "control bytes in its name"
	# With GNU tar, which keeps the slash with -P.
	cp members/0_double_1.pb /tmp/evil_$$_1.pb
	tar -P -czf bad.tgz /tmp/evil_$$_1.pb
	rm /tmp/evil_$$_1.pb
	refused "an absolute name leads outside"
}

@test "bad: links, devices and pipes" {
	good
	for kind in "type=tarfile.SYMTYPE, linkname='/etc/passwd'" \
		"type=tarfile.SYMTYPE, linkname='0_double_1.pb'" \
		"type=tarfile.LNKTYPE, linkname='0_double_1.pb'" \
		"type=tarfile.LNKTYPE, linkname='../../etc/passwd'" \
		"type=tarfile.CHRTYPE, devmajor=1, devminor=3" \
		"type=tarfile.BLKTYPE" "type=tarfile.FIFOTYPE"; do
		hostile <<-END
		t = package()
		add(t, '9_x_1.pb', $kind)
		t.close()
		END
		run -3 flyte-register show ./bad.tgz
		[[ "$output" =~ link|device|outside ]]
	done
}

@test "bad: bombs end before they are unpacked" {
	good
	hostile <<-'END'
	t = package(compresslevel=9)
	i = tarfile.TarInfo('9_x_1.pb')
	i.size = 200 << 20
	class Zeros:
	    def read(self, n): return b'\0' * n
	t.addfile(i, Zeros())
	t.close()
	END
	[ "$(stat -c %s bad.tgz)" -lt 300000 ]
	refused "a compression bomb"
	# A header that claims more than there is.
	hostile <<-'END'
	b = io.BytesIO()
	i = tarfile.TarInfo('9_x_1.pb')
	i.size = 1 << 40
	open('bad.tgz', 'wb').write(gzip.compress(i.tobuf(tarfile.GNU_FORMAT) + b'x' * 512))
	END
	run -3 flyte-register show ./bad.tgz
	has "9_x_1.pb" "$output"
}

@test "bad: protobuf that does not decode" {
	good
	hostile <<-'END'
	t = package()
	add(t, '9_x_1.pb', m[0][1][:-3])
	t.close()
	END
	refused "9_x_1.pb: "
	hostile <<-'END'
	t = package()
	add(t, '9_x_2.pb', bytes([0x0a, 0x02]) * 5000)
	t.close()
	END
	refused "9_x_2.pb: "
	# Nested 5,000 deep: LiteralType.collection_type in itself.
	hostile <<-'END'
	d = b'\x08\x01'
	for k in range(5000):
	    n = len(d)
	    v = b''
	    while n > 127:
	        v += bytes([n & 127 | 128])
	        n >>= 7
	    d = b'\x1a' + v + bytes([n]) + d
	def f(n, d):
	    v, k = b'', len(d)
	    while k > 127:
	        v += bytes([k & 127 | 128])
	        k >>= 7
	    return bytes([n << 3 | 2]) + v + bytes([k]) + d
	t = package()
	add(t, '9_x_1.pb', f(1, f(1, b'\x22\x01x') + f(4, f(1, f(1, f(1, b'a') + f(2, f(1, d)))))))
	t.close()
	END
	refused "9_x_1.pb: "
}

@test "bad: members that are none, and a package without an entity" {
	good
	hostile <<-'END'
	t = package()
	add(t, 'README.txt', b'hello')
	t.close()
	END
	refused "README.txt: not a member of a package"
	hostile <<-'END'
	t = package()
	add(t, '9_x_4.pb', m[0][1])
	t.close()
	END
	refused "9_x_4.pb: not a member of a package"
	hostile <<-'END'
	tarfile.open('bad.tgz', 'w:gz').close()
	END
	refused "not a package: it holds no entity"
	hostile <<-'END'
	t = package()
	add(t, '9_x_1.pb', b'')
	t.close()
	END
	refused "9_x_1.pb: the task in it has no name"
	# A workflow under a task's name.
	hostile <<-'END'
	t = package()
	add(t, '9_x_1.pb', m[1][1])
	t.close()
	END
	run -3 flyte-register show ./bad.tgz
}

@test "bad: two code archives, and one as a link" {
	good
	hostile <<-'END'
	t = package()
	add(t, 'fast1.tar.gz', b'1')
	add(t, 'fast2.tar.gz', b'2')
	t.close()
	END
	refused "a second code archive"
	hostile <<-'END'
	t = package()
	add(t, 'fast1.tar.gz', type=tarfile.SYMTYPE, linkname='/etc/passwd')
	t.close()
	END
	run -3 flyte-register show ./bad.tgz
}

@test "extract: code archives unpack inside their folder only" {
	pack=$FLYTE_BIN/../libexec/flyte/pack
	mkdir members
	# extracts WORDS: unpacking c.tar.gz fails so and leaves nothing outside.
	extracts() {
		rm -rf in/d
		mkdir -p in/d
		run -0 "$pack" extract c.tar.gz in/d
		has "$1" "$(tr -d '\0' <<< "$output")"
		equals d "$(ls in)"
	}
	hostile <<-'END'
	t = tarfile.open('c.tar.gz', 'w:gz')
	add(t, 'bin/run', b'#!/bin/sh\n', mode=0o6777, uid=0)
	add(t, 'a/b/c.txt', b'text', mode=0o666)
	add(t, 'a/link', type=tarfile.SYMTYPE, linkname='../bin/run')
	add(t, 'a/same', type=tarfile.LNKTYPE, linkname='a/b/c.txt')
	t.close()
	END
	mkdir ok
	run -0 "$pack" extract c.tar.gz ok
	equals 555 "$(stat -c %a ok/bin/run)"
	equals 444 "$(stat -c %a ok/a/b/c.txt)"
	equals text "$(cat ok/a/same)"
	equals ../bin/run "$(readlink ok/a/link)"
	# Into a folder that is a link out.
	hostile <<-'END'
	t = tarfile.open('c.tar.gz', 'w:gz')
	add(t, 'd', type=tarfile.SYMTYPE, linkname='..')
	add(t, 'd/evil', b'x')
	t.close()
	END
	extracts "a link that leads outside"
	hostile <<-'END'
	t = tarfile.open('c.tar.gz', 'w:gz')
	add(t, 'a/b/', type=tarfile.DIRTYPE, mode=0o755)
	add(t, 'l', type=tarfile.SYMTYPE, linkname='a')
	add(t, 'l/evil', b'x')
	t.close()
	END
	extracts "leads through a member that is no folder"
	# Links through links: each harmless by its letters.
	hostile <<-'END'
	t = tarfile.open('c.tar.gz', 'w:gz')
	add(t, 'a/x', type=tarfile.SYMTYPE, linkname='.')
	add(t, 'l', type=tarfile.SYMTYPE, linkname='a/x/x/../../..')
	t.close()
	END
	extracts "a link that leads outside"
	hostile <<-'END'
	t = tarfile.open('c.tar.gz', 'w:gz')
	add(t, 'one', b'1')
	add(t, 'one', b'2')
	t.close()
	END
	extracts "comes twice"
	hostile <<-'END'
	t = tarfile.open('c.tar.gz', 'w:gz')
	add(t, 'h', type=tarfile.LNKTYPE, linkname='nothing')
	t.close()
	END
	extracts "a link to what is no earlier member"
}

@test "code: a package runs out of its file, and again, with its code" {
	printf '{ s += $1 } END { print s }\n' >add.awk
	cat >add.yaml <<-'EOF'
	tasks:
	  add:
	    inputs: {f: file}
	    outputs: {t: int}
	    files: [add.awk]
	    cache: auto
	    stdout: t
	    run: awk -f $FLYTE_CODE/add.awk $f
	workflows:
	  w: {inputs: {f: file}, nodes: {a: {task: add, with: {f: $f}}}, outputs: {t: $a.t}}
	EOF
	seq 4 >in
	flyte-register -q --as v1 -O add.tgz add.yaml
	rm add.yaml add.awk
	# a dry run keeps nothing
	run -0 flyte-run -n add.tgz:w f=in
	has "run     a" "$output"
	[ ! -e "$FLYTE_HOME/registry/.code" ]
	run -0 flyte-run -q --name one add.tgz:w f=in -o t
	equals 10 "$output"
	run -0 flyte-exec -q add.tgz:add f=in -o t
	equals 10 "$output"
	rm add.tgz
	run -0 flyte-exec -q --replay one/a -o t
	equals 10 "$output"
	run -0 flyte-run -q --relaunch one --cache=off -o t
	equals 10 "$output"
	run -0 flyte-ctl fsck
}
