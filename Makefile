# flyte-tools.  Variants live side by side: make V=release (default),
# V=asan (address and undefined-behaviour sanitizers), V=fuzz (clang, both of
# them and libFuzzer), V=cov (clang, counts lines for tests/fuzz/run).
#
#	make demo	install what is missing, build, run the main job
#	make check	install what the tests need, run every test
#	make check-long	5,000 kills, every call failed in every way (some hours)
#	make install PREFIX=/usr/local [DESTDIR=...]

V = release
B = build/$(V)
G = build/gen
PREFIX = /usr/local
BINDIR = $(PREFIX)/bin
LIBEXECDIR = $(PREFIX)/libexec/flyte
MANDIR = $(PREFIX)/share/man
DATADIR = $(PREFIX)/share
VERSION := $(shell cat VERSION)

.DELETE_ON_ERROR:
.SUFFIXES:
all:

# ---- what there is --------------------------------------------------------
LAYERS = base sys data idl spec compile plan engine store pack net registry task record run
LIB_C := $(foreach l,$(LAYERS),$(wildcard lib/$(l)/*.c))
LIB_H := $(foreach l,$(LAYERS),$(wildcard lib/$(l)/*.h))
COMMON_C := $(wildcard cmd/common/*.c)
TOOLS := $(patsubst cmd/%/main.c,%,$(wildcard cmd/flyte*/main.c))
HELPERS := $(patsubst libexec/%/main.c,%,$(wildcard libexec/*/main.c))
UNIT := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/t-*.c))
FUZZ := $(patsubst tests/fuzz/%.c,%,$(filter-out tests/fuzz/driver.c tests/fuzz/mutate.c,$(wildcard tests/fuzz/*.c)))
PROTOS := $(shell cd lib/idl/proto && find . -name '*.proto' | sed 's|^\./||' | LC_ALL=C sort)
GOOGLE = google/protobuf/any.proto google/protobuf/duration.proto google/protobuf/struct.proto \
	google/protobuf/timestamp.proto google/protobuf/wrappers.proto
GEN_C := $(patsubst %.proto,$(G)/%.pb-c.c,$(PROTOS) $(GOOGLE))

# ---- dependencies, one pkg-config name each (libjq 1.6 has no .pc); looked up
# when used, so that "make check" can install them first ----------------------
PKGS = libarchive libgit2 libprotobuf-c nettle sqlite3 yaml-0.1 zlib
# These are linked in where they can be: shared, they add more than half a
# millisecond to every start.  libjq is loaded at first use (lib/data/jqx.c).
LINKED_IN = protobuf-c nettle sqlite3 yaml z
linked = $(shell f=`gcc -print-file-name=lib$(1).a`; test -f "$$f" && \
	echo "$$f" || echo "-l$(1)")
PKG_CFLAGS = $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
# --as-needed keeps of these only what a program refers to.
LDLIBS = $(foreach l,$(LINKED_IN),$(call linked,$(l))) \
	$(shell pkg-config --libs libarchive libgit2 zlib 2>/dev/null) -lm

WARN = -Wall -Wextra -Wshadow -Wvla -Walloca -Wundef -Wwrite-strings \
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wpointer-arith -Wcast-qual -Wnull-dereference -Wformat=2 \
	-Wswitch-enum -Wdate-time -Wconversion -Wsign-conversion \
	-Werror=implicit-function-declaration \
	-Werror=incompatible-pointer-types -Werror=int-conversion \
	-Werror=return-type -Werror=format-security
WARN_GCC = -Wlogical-op -Wduplicated-cond -Wduplicated-branches \
	-Wjump-misses-init -Wimplicit-fallthrough=5
ifdef DEV
WARN += -Werror
endif

HARDEN = -fstack-protector-strong -fstack-clash-protection \
	-fcf-protection -fPIE
ifeq ($(V),release)
CC = gcc
CFLAGS = -O2 -g $(HARDEN) -D_FORTIFY_SOURCE=3 -ftrivial-auto-var-init=zero
WARN += $(WARN_GCC)
LDFLAGS = -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack
else ifeq ($(V),asan)
CC = gcc
CFLAGS = -O1 -g -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=all
WARN += $(WARN_GCC)
LDFLAGS = -fsanitize=address,undefined
else ifeq ($(V),fuzz)
CC = clang
CFLAGS = -O1 -g -fno-omit-frame-pointer -DFUZZING \
	-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
LDFLAGS = -fsanitize=address,undefined
else ifeq ($(V),cov)
CC = clang
CFLAGS = -O1 -g -fprofile-instr-generate -fcoverage-mapping
LDFLAGS = -fprofile-instr-generate
else
$(error V=$(V): release, asan, fuzz or cov)
endif
STD = -std=gnu11 -D_GNU_SOURCE -fno-common -fvisibility=hidden
CPPFLAGS = -Ilib -Icmd -I$(G) -I$(B) -MMD -MP
COMPILE = $(CC) $(STD) $(CPPFLAGS) $(CFLAGS) $(PKG_CFLAGS)
LINK = $(CC) $(CFLAGS) $(LDFLAGS) -Wl,--as-needed

# Q= shows the whole commands.
Q = @
say = @echo "  $(1)	$(2)"

# ---- building -------------------------------------------------------------
TOOL_BIN = $(TOOLS:%=$(B)/bin/%)
HELPER_BIN = $(HELPERS:%=$(B)/libexec/flyte/%)
all: $(TOOL_BIN) $(HELPER_BIN)

LIB_O = $(LIB_C:%.c=$(B)/%.o)
COMMON_O = $(COMMON_C:%.c=$(B)/%.o)
GEN_O = $(GEN_C:$(G)/%.c=$(B)/gen/%.o)

$(B)/libflyte.a: $(LIB_O) $(GEN_O)
	$(Q)rm -f $@ && ar qcs $@ $^
$(B)/libcmd.a: $(COMMON_O)
	@mkdir -p $(@D)
	$(Q)rm -f $@ && ar qcs $@ $^

$(G)/stamp: $(PROTOS:%=lib/idl/proto/%)
	@mkdir -p $(G)
	$(call say,PROTO,$@)
	$(Q)protoc-c -Ilib/idl/proto -I/usr/include --c_out=$(G) $(PROTOS) $(GOOGLE)
	@touch $@
$(GEN_C): $(G)/stamp ;
$(B)/gen/%.o: $(G)/%.c $(G)/stamp
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(COMPILE) -w -c -o $@ $<

$(B)/%.o: %.c $(G)/stamp
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(COMPILE) $(WARN) -DVERSION='"$(VERSION)"' -c -o $@ $<

define tool
$(B)/bin/$(1): $$(patsubst %.c,$$(B)/%.o,$$(wildcard cmd/$(1)/*.c)) $$(B)/libcmd.a $$(B)/libflyte.a
	@mkdir -p $$(@D)
	$$(call say,LINK,$$@)
	$$(Q)$$(LINK) -o $$@ $$^ $$(LDLIBS)
endef
$(foreach t,$(TOOLS),$(eval $(call tool,$(t))))

define helper
$(B)/libexec/flyte/$(1): $$(patsubst %.c,$$(B)/%.o,$$(wildcard libexec/$(1)/*.c)) $$(B)/libcmd.a $$(B)/libflyte.a
	@mkdir -p $$(@D)
	$$(call say,LINK,$$@)
	$$(Q)$$(LINK) -o $$@ $$^ $$(LDLIBS)
endef
$(foreach t,$(HELPERS),$(eval $(call helper,$(t))))

# ---- the conformance judge ------------------------------------------------
CONFORM_C := $(wildcard tests/conform/*.c)
conform: $(if $(CONFORM_C),$(B)/conform)
$(B)/conform: $(CONFORM_C:%.c=$(B)/%.o) $(B)/libflyte.a
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $^ $(LDLIBS)

# ---- tests ----------------------------------------------------------------
UNIT_BIN = $(UNIT:%=$(B)/unit/%)
unit: $(UNIT_BIN)
$(B)/unit/%: $(B)/tests/unit/%.o $(B)/libcmd.a $(B)/libflyte.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $^ $(LDLIBS)

# With V=fuzz a libFuzzer program, else a driver that runs files.
FUZZ_BIN = $(FUZZ:%=$(B)/fuzz/%)
fuzz-bins: $(FUZZ_BIN)
ifeq ($(V),fuzz)
$(B)/fuzz/%: $(B)/tests/fuzz/%.o $(B)/tests/fuzz/mutate.o $(B)/libcmd.a $(B)/libflyte.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(LINK) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)
else
$(B)/fuzz/%: $(B)/tests/fuzz/%.o $(B)/tests/fuzz/mutate.o $(B)/tests/fuzz/driver.o $(B)/libcmd.a $(B)/libflyte.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $^ $(LDLIBS)
endif

# A program with planted faults: do the sanitizers of the variant find them?
canary: $(B)/canary
$(B)/canary: tests/canary/canary.c
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(STD) $(CFLAGS) $(LDFLAGS) -o $@ $<
# What makes calls fail: preloaded into the programs, or mounted under them.
# Plain in every variant; without libfuse3 the tests say what they skip.
FAULTS = $(B)/faults/shim.so $(if $(shell pkg-config --exists fuse3 && \
	echo yes),$(B)/faults/failfs)
fault-bins: $(FAULTS)
$(B)/faults/shim.so: tests/faults/shim.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)gcc -std=gnu11 -O2 -g -Wall -Wextra -fPIC -shared -o $@ $<
$(B)/faults/failfs: tests/faults/failfs.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)gcc -std=gnu11 -O2 -g -Wall -Wextra $$(pkg-config --cflags fuse3) \
		-o $@ $< $$(pkg-config --libs fuse3)

check: setup
	+tests/run $(V)
# What takes longer.  A point is a program killed somewhere; a run that failed
# can be repeated with the SEED it printed.  Every diagnostic is changed once.
CRASH_POINTS = 5000
# Of check-long: 20 minutes of random graphs, others than those of check.
PROPERTY_SECONDS = 1200
PROPERTY_SEED = 1000000
check-long: all fault-bins
	tests/crash/run $(B) $(CRASH_POINTS)
	tests/mutate/run $(B) all
	tests/faults/run $(B) all
	FLYTE_BIN="$(abspath $(B)/bin)" PROPERTY_OUT=$(B) tests/property/explain --seconds $(PROPERTY_SECONDS) --seed $(PROPERTY_SEED)
asan:
	+$(MAKE) V=asan check
setup:
	@tests/setup
demo:
	@tests/setup build
	+@$(MAKE) --no-print-directory all
	@examples/demo $(abspath $(B)/bin)

# ---- looking after the tree ----------------------------------------------
# FUZZ_TIME: seconds for each target; FUZZ_ONLY: these targets alone.
FUZZ_TIME = 600
FUZZ_ONLY =
fuzz:
	+$(MAKE) --no-print-directory V=fuzz fuzz-bins
	+$(MAKE) --no-print-directory V=cov fuzz-bins
	tests/fuzz/run build/fuzz $(FUZZ_TIME) $(FUZZ_ONLY)
# BENCH_RUNS: medians of so many; BENCH_ROWS: rows whose name has one of these
# words in it; BENCH_LONG=1: also what takes many minutes.
bench: all
	+$(MAKE) --no-print-directory bench-bins
	BENCH_RUNS=$(BENCH_RUNS) bench/run $(abspath $(B)) --json $(B)/bench.json \
		$(if $(BENCH_LONG),--long) $(BENCH_ROWS)
BENCH := $(patsubst bench/%.c,%,$(wildcard bench/*.c))
bench-bins: $(BENCH:%=$(B)/bench/%)
$(B)/bench/%: $(B)/bench/%.o $(B)/libflyte.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $^ $(LDLIBS)
stats:
	@awk -f tests/stats.awk $(LIB_C) $(LIB_H) $(wildcard cmd/*/*.[ch] libexec/*/*.[ch])
	@printf 'tests      %d lines of C, bats and shell\n' \
		$$(cat tests/*/*.[ch] tests/bats/*.bats tests/bats/*.bash tests/run | wc -l)
# Every tool sees every file of ours once, and again when it or a header it
# includes changed: what is clean has a stamp (or, for scan-build, an object)
# under build/lint.  "make -j2 lint" uses both cores.
L = build/lint
OUR_C = $(LIB_C) $(wildcard cmd/*/*.c libexec/*/*.c)
# Seeds and goldens are data, some of them wrong on purpose.
OUR_SH = $(filter-out tests/bats/spec/% tests/fuzz/seeds/%,$(shell grep -rlE \
	'^\#!.*[/ ](ba)?sh( |$$)' .ci bench examples libexec tests 2>/dev/null))
lint: check-layers check-headers lint-shell lint-cppcheck lint-analyzer lint-scan
lint-shell:
	shellcheck -x -S warning $(OUR_SH)
lint-cppcheck: $(OUR_C:%.c=$(L)/cppcheck/%.ok)
lint-analyzer: $(OUR_C:%.c=$(L)/analyzer/%.ok)
$(L)/cppcheck/%.ok: %.c $(L)/analyzer/%.ok
	@mkdir -p $(@D)
	$(call say,CPPCHECK,$<)
	$(Q)cppcheck --quiet --error-exitcode=1 --inline-suppr \
		--enable=warning,portability --suppress=missingIncludeSystem \
		--std=c11 -D_GNU_SOURCE -Ilib -Icmd $<
	@touch $@
$(L)/analyzer/%.ok: %.c $(G)/stamp
	@mkdir -p $(@D)
	$(call say,ANALYZER,$<)
	$(Q)gcc $(STD) $(CPPFLAGS) -O2 $(PKG_CFLAGS) $(WARN) -DVERSION='"$(VERSION)"' \
		-fanalyzer -Werror -MF $(@:.ok=.d) -MT $@ -c -o /dev/null $<
	@touch $@
# scan-build names its own compiler in $$CC and analyses what that compiles;
# an object with a finding must not look clean to the next run.
lint-scan: $(G)/stamp
	scan-build -o $(L)/reports --status-bugs --exclude $(G) \
		-disable-checker deadcode.DeadStores \
		sh -c 'exec $(MAKE) --no-print-directory V=release B=$(L)/scan \
			CC="$$CC" CFLAGS=-O0 our-objects' || \
		{ rm -rf $(L)/scan; exit 1; }
our-objects: $(OUR_C:%.c=$(B)/%.o)

check-layers:
	@awk -f tests/layers.awk lib/LAYERS $(LIB_C) $(LIB_H) $(wildcard cmd/*/*.[ch] libexec/*/*.[ch])
check-headers: $(G)/stamp
	@for h in $(LIB_H) $(wildcard cmd/common/*.h); do \
		echo "#include \"$${h#lib/}\"" | sed 's|"cmd/|"|' | \
		$(CC) $(STD) -Ilib -Icmd -I$(G) $(PKG_CFLAGS) $(WARN) -Werror -x c -fsyntax-only - || exit 1; \
	done

# ---- installing -----------------------------------------------------------
install: all
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MANDIR)/man7 \
		$(DESTDIR)$(DATADIR)/bash-completion/completions $(DESTDIR)$(DATADIR)/zsh/site-functions
	install $(TOOL_BIN) $(DESTDIR)$(BINDIR)/
	for h in $(HELPER_BIN); do install $$h $(DESTDIR)$(LIBEXECDIR)/ || exit 1; done
	for m in man/*.[157]; do install -m 644 $$m $(DESTDIR)$(MANDIR)/man$${m##*.}/ || exit 1; done
	for t in $(TOOLS); do install -m 644 completions/flyte.bash $(DESTDIR)$(DATADIR)/bash-completion/completions/$$t || exit 1; done
	install -m 644 completions/flyte.zsh $(DESTDIR)$(DATADIR)/zsh/site-functions/_flyte
uninstall:
	rm -f $(TOOLS:%=$(DESTDIR)$(BINDIR)/%) $(HELPERS:%=$(DESTDIR)$(LIBEXECDIR)/%)
	for m in man/*.[157]; do rm -f $(DESTDIR)$(MANDIR)/man$${m##*.}/$${m#man/}; done
	rm -f $(TOOLS:%=$(DESTDIR)$(DATADIR)/bash-completion/completions/%) $(DESTDIR)$(DATADIR)/zsh/site-functions/_flyte
	-rmdir $(DESTDIR)$(LIBEXECDIR)
dist:
	git archive --prefix=flyte-tools-$(VERSION)/ -o flyte-tools-$(VERSION).tar.gz HEAD
clean:
	rm -rf build

-include $(shell find $(B) $(if $(filter lint%,$(MAKECMDGOALS)),$(L)/analyzer) -name '*.d' 2>/dev/null)

.PHONY: all asan bench bench-bins canary check-long fuzz lint lint-analyzer lint-cppcheck lint-scan lint-shell our-objects stats check check-headers check-layers clean conform demo dist fault-bins fuzz-bins install setup unit uninstall
.SECONDARY:
