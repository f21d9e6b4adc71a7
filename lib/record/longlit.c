#include "record/longlit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "data/json.h"
#include "idl/flyteidl.h"
#include "idl/litout.h"
#include "idl/pbjson.h"
#include "idl/wire.h"
#include "sys/digest.h"
#include "sys/file.h"

/* What stands for a long one. */
#define REFERENCE	"{\"@\":"

static void
add_path(struct strbuf *b, const char *dir, const char *hex)
{
	strbuf_addf(b, "%s/" LONGLIT_FOLDER "/%s", dir, hex);
}

/* What is there already may have been written without a sync. */
static int
sync_file(const char *path, struct err *e)
{
	c_close int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return err_sys(e, "%s", path);
	return 0;
}

/* Keeps one; sync: it is on the disk before this returns. */
static int
put_one(const char *dir, struct str literal, int sync,
    char ret[LONGLIT_HEX], struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT, hex = STRBUF_INIT;
	unsigned char digest[DIGEST_SIZE];
	unsigned flags = FILE_RDONLY | (sync ? FILE_SYNC : 0u);
	struct stat st;

	sha256(literal.p, literal.n, digest);
	hex_add(&hex, digest, sizeof(digest));
	memcpy(ret, hex.p, LONGLIT_HEX);
	add_path(&path, dir, "");
	if (mkdir(path.p, 0777) < 0 && errno != EEXIST)
		return err_sys(e, "%s", path.p);
	strbuf_adds(&path, ret);
	if (stat(path.p, &st) == 0 && (size_t)st.st_size == literal.n)
		return sync ? sync_file(path.p, e) : 0;
	return file_replace(AT_FDCWD, path.p, literal.p, literal.n, flags, e);
}

static int
check_one(const struct walk_entry *at, struct err *e)
{
	c_close int fd = openat(at->dirfd, at->name, O_RDONLY | O_CLOEXEC);
	unsigned char want[DIGEST_SIZE];
	struct digest have;

	if (fd < 0)
		return err_sys(e, "%s", at->name);
	if (sha256_fd(fd, at->name, &have, NULL, e) < 0)
		return -1;
	if (hex_parse(str_of(at->name), want, sizeof(want)) < 0 ||
	    memcmp(want, have.b, sizeof(want)) != 0)
		return err_set(e, ERR_CORRUPT, "%s: damaged", at->name);
	return 0;
}

static int
share_one(void *arg, const struct walk_entry *at, struct err *e)
{
	c_strbuf struct strbuf to = STRBUF_INIT;

	if (!S_ISREG(at->st->st_mode) || strlen(at->name) != LONGLIT_HEX - 1)
		return 0;
	/* Both are one file from then on: damage would spread. */
	if (check_one(at, e) < 0)
		return -1;
	add_path(&to, arg, at->name);
	if (linkat(at->dirfd, at->name, AT_FDCWD, to.p, 0) == 0 ||
	    errno == EEXIST)
		return 0;
	return file_copy(at->dirfd, at->name, AT_FDCWD, to.p, e);
}

int
longlit_share(const char *from_dir, const char *to_dir, struct err *e)
{
	c_strbuf struct strbuf from = STRBUF_INIT, to = STRBUF_INIT;
	c_free char *dir = xstrndup(to_dir, strlen(to_dir));

	add_path(&from, from_dir, "");
	add_path(&to, to_dir, "");
	if (access(from.p, F_OK) < 0)
		return 0;
	if (mkdir(to.p, 0777) < 0 && errno != EEXIST)
		return err_sys(e, "%s", to.p);
	return file_walk(AT_FDCWD, from.p, share_one, dir, e);
}

int
longlit_add(struct strbuf *b, const char *dir, struct str message, int sync,
    struct err *e)
{
	char hex[LONGLIT_HEX];

	if (put_one(dir, message, sync, hex, e) < 0)
		return -1;
	strbuf_addf(b, REFERENCE "\"%s\"}", hex);
	return 0;
}

static int
add_value(struct strbuf *b, const char *dir, struct str value, int sync,
    struct err *e)
{
	struct litout o = { .depth = 0 };
	int r;

	if (value.n <= LONGLIT_BYTES) {
		o.text = *b;
		r = litout_literal(&o, value, e);
		*b = o.text;
		return r;
	}
	return longlit_add(b, dir, value, sync, e);
}

int
longlit_add_map(struct strbuf *b, const char *dir, struct str map, int sync,
    struct err *e)
{
	struct wire_reader r = wire_reader(map);
	struct str key, value;
	int got, first = 1;

	if (dir == NULL || map.n <= LONGLIT_BYTES)
		return litout_add_typed(b, map, e);
	strbuf_adds(b, "{\"literals\":{");
	while ((got = wire_next_entry(&r, &key, &value, e)) > 0) {
		if (!first)
			strbuf_addch(b, ',');
		first = 0;
		json_add_string(b, key);
		strbuf_addch(b, ':');
		if (add_value(b, dir, value, sync, e) < 0)
			return -1;
	}
	strbuf_adds(b, "}}");
	return got;
}

/* ---- reading ------------------------------------------------------------- */

/* Only our own names lead to a file. */
static int
read_file(const char *dir, struct str hex, struct strbuf *ret, struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	c_free char *name = xstrndup(hex.p, hex.n);
	unsigned char want[DIGEST_SIZE], have[DIGEST_SIZE];

	if (dir == NULL || hex.n != LONGLIT_HEX - 1 ||
	    hex_parse(hex, want, sizeof(want)) < 0)
		return err_set(e, ERR_CORRUPT, "\"%s\" names no literal",
		    name);
	add_path(&path, dir, name);
	if (file_read(AT_FDCWD, path.p, MAX_MESSAGE_BYTES, ret, e) < 0) {
		err_blame_state(e);
		return -1;
	}
	sha256(ret->p, ret->n, have);
	if (memcmp(want, have, sizeof(want)) != 0)
		return err_set(e, ERR_CORRUPT, "%s: damaged", path.p);
	return 0;
}

int
longlit_read(const char *dir, struct str json, struct strbuf *ret,
    struct err *e)
{
	const size_t before = strlen(REFERENCE "\"");
	const size_t n = before + LONGLIT_HEX - 1 + strlen("\"}");

	if (json.n != n || !str_starts(json, REFERENCE "\""))
		return 0;
	return read_file(dir, (struct str){ json.p + before,
	    LONGLIT_HEX - 1 }, ret, e) < 0 ? -1 : 1;
}

static int
read_value(const char *dir, const struct tree *t, uint32_t node,
    struct strbuf *ret, struct err *e)
{
	uint32_t at = t->at[node].kind == TREE_MAP ? tree_get(t, node, "@") :
	    TREE_NONE;
	c_arena struct arena a = ARENA_INIT;
	ProtobufCMessage *m;

	if (at != TREE_NONE)
		return read_file(dir, t->at[at].text, ret, e);
	if (pbjson_from_tree(&flyteidl__core__literal__descriptor, t, node, 0,
	    &a, &m, e) < 0)
		return -1;
	wire_pack(m, ret);
	return 0;
}

static int
read_entries(const char *dir, const struct tree *t, struct strbuf *ret,
    struct err *e)
{
	uint32_t map = tree_get(t, 0, "literals");

	if (map == TREE_NONE)
		return 0;
	/* As written: in the order of the names. */
	TREE_EACH_PAIR(t, map, k, v) {
		c_strbuf struct strbuf one = STRBUF_INIT;

		if (read_value(dir, t, v, &one, e) < 0)
			return -1;
		wire_add_entry(ret, 1, t->at[k].text, strbuf_str(&one));
	}
	return 0;
}

int
longlit_read_map(const char *dir, struct str json, struct strbuf *ret,
    struct err *e)
{
	c_arena struct arena a = ARENA_INIT;
	c_tree struct tree t;
	ProtobufCMessage *m;
	int r;

	tree_init(&t);
	if (memmem(json.p, json.n, REFERENCE, strlen(REFERENCE)) != NULL) {
		r = json_parse_tree(json, &t, e);
		if (r == 0)
			r = read_entries(dir, &t, ret, e);
	} else {
		r = pbjson_parse(&flyteidl__core__literal_map__descriptor,
		    json, 0, &a, &m, e);
		if (r == 0)
			wire_pack(m, ret);
	}
	if (r < 0) {
		err_blame_state(e);
		return err_wrap(e, "journal");
	}
	return 0;
}
