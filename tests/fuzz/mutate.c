#include "mutate.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "base/strbuf.h"
#include "idl/wire.h"
#include "sys/file.h"

/* ---- messages ------------------------------------------------------------ */

#ifdef FUZZING

#define MAX_FIELDS	256
#define MAX_NESTING	24

struct mutation {
	unsigned	 seed;
};

static unsigned
draw(struct mutation *m, unsigned below)
{
	m->seed = m->seed * 1103515245u + 12345u;
	return below == 0 ? 0 : (m->seed >> 16) % below;
}

/* The fields of a message, or -1 if it is none. */
static int
fields_of(struct str bytes, struct wire_field *f)
{
	struct wire_reader r = wire_reader(bytes);
	struct err e;
	int n = 0, got = 0;

	while (n < MAX_FIELDS && (got = wire_next(&r, &f[n], &e)) > 0)
		n++;
	return got < 0 ? -1 : n;
}

static void
change_bytes(struct str s, struct strbuf *out)
{
	size_t max = s.n + 64;
	uint8_t *copy = xcalloc(max, 1);

	if (s.n > 0)
		memcpy(copy, s.p, s.n);
	strbuf_add(out, (const char *)copy, LLVMFuzzerMutate(copy, s.n, max));
	free(copy);
}

static void change(struct mutation *, struct str, int depth, struct strbuf *);

static void
change_field(struct mutation *m, const struct wire_field *f, int depth,
    struct strbuf *out)
{
	c_strbuf struct strbuf inner = STRBUF_INIT;

	if (f->type != WIRE_BYTES) {
		change_bytes(f->whole, out);
		return;
	}
	if (depth < MAX_NESTING && f->bytes.n > 0 && draw(m, 4) > 0)
		change(m, f->bytes, depth + 1, &inner);
	else
		change_bytes(f->bytes, &inner);
	wire_add_bytes(out, f->id, strbuf_str(&inner));
}

static void
change(struct mutation *m, struct str bytes, int depth, struct strbuf *out)
{
	struct wire_field *f = xcalloc(MAX_FIELDS, sizeof(*f));
	int i, at, how, n = fields_of(bytes, f);

	if (n <= 0) {
		change_bytes(bytes, out);
		free(f);
		return;
	}
	at = (int)draw(m, (unsigned)n);
	how = (int)draw(m, 10);
	for (i = 0; i < n; i++) {
		if (i == at && how == 0)
			continue;
		if (i == at && how == 1)
			strbuf_addstr(out, f[draw(m, (unsigned)n)].whole);
		if (i == at && how > 2)
			change_field(m, &f[i], depth, out);
		else
			strbuf_addstr(out, f[i].whole);
		if (i == at && how == 2)
			strbuf_addstr(out, f[i].whole);
	}
	free(f);
}

size_t
mutate_wire(uint8_t *data, size_t n, size_t max, unsigned seed, size_t head)
{
	struct mutation m = { seed };
	c_strbuf struct strbuf out = STRBUF_INIT;

	if (n <= head || draw(&m, 10) == 0)
		return LLVMFuzzerMutate(data, n, max);
	change(&m, (struct str){ (const char *)data + head, n - head }, 0,
	    &out);
	if (out.n > max - head)
		return LLVMFuzzerMutate(data, n, max);
	if (out.n > 0)
		memcpy(data + head, out.p, out.n);
	return head + out.n;
}

#endif

/* ---- folders ------------------------------------------------------------- */

static char folder[64];

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void
remove_folder(void)
{
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *
fuzz_dir(void)
{
	if (folder[0] != '\0')
		return folder;
	snprintf(folder, sizeof(folder), "%s/flyte-fuzz.XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(folder) == NULL) {
		perror(folder);
		exit(1);
	}
	atexit(remove_folder);
	return folder;
}

void
fuzz_write(const char *path, const void *bytes, size_t n)
{
	c_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	    0600);

	if (fd < 0 || file_write_all(fd, bytes, n) < 0) {
		perror(path);
		exit(1);
	}
}
