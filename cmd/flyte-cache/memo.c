/*
 * flyte-cache run: any command, once for the same inputs.  What counts as an
 * input is what was declared: the words, files and variables; what is kept is
 * what it printed on stdout and the files it was said to make.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache.h"
#include "idl/cachekey.h"
#include "idl/literal.h"
#include "idl/wire.h"
#include "sys/file.h"
#include "sys/spawn.h"

/* As env(1) and its like: our own trouble, and a command that cannot be run
 * or is not there. */
enum { RUN_TROUBLE = 125, RUN_NOT_RUNNABLE = 126, RUN_NOT_FOUND = 127 };

struct memo {
	struct args	*a;
	struct arena	*arena;
	struct store	*s;
	pb_literal_map	*inputs;
	struct cache_key key;
	int		 cache;		/* 0: the store is of no use */
};

/* ---- the key ------------------------------------------------------------ */

static pb_literal *
text(struct memo *m, const char *s)
{
	return literal_string(m->arena, str_of(s));
}

static void
put_words(struct memo *m)
{
	pb_literal **at = arena_new_n(m->arena, m->a->n, pb_literal *);
	size_t i;

	for (i = 0; i < m->a->n; i++)
		at[i] = text(m, m->a->words[i]);
	literal_map_put(m->inputs, m->arena, "command",
	    literal_list(m->arena, at, m->a->n));
}

/* A file is told from another by its name and its bytes. */
static int
put_files(struct memo *m, struct err *e)
{
	pb_literal *file;
	struct blob b;
	size_t i;

	for (i = 0; i < m->a->depends.n; i++) {
		c_strbuf struct strbuf hash = STRBUF_INIT;
		const char *path = m->a->depends.at[i];

		if (blob_digest(m->s, AT_FDCWD, path, &b, e) < 0)
			return err_wrap(e, "%s", opt_name(OPT_DEPENDS));
		blob_add_hash(&b, &hash);
		file = literal_blob(m->arena, str_of(path), "",
		    b.kind == BLOB_TREE);
		file->hash = arena_strdup(m->arena, hash.p);
		literal_map_put(m->inputs, m->arena, arena_printf(m->arena,
		    "file %s", path), file);
	}
	return 0;
}

static void
put_rest(struct memo *m)
{
	const char *name, *value;
	size_t i;

	for (i = 0; i < m->a->env.n; i++) {
		name = m->a->env.at[i];
		value = getenv(name);
		literal_map_put(m->inputs, m->arena, arena_printf(m->arena,
		    "env %s", name), value == NULL ?
		    literal_none(m->arena) : text(m, value));
	}
	for (i = 0; i < m->a->makes.n; i++)
		literal_map_put(m->inputs, m->arena, arena_printf(m->arena,
		    "makes %s", m->a->makes.at[i]), literal_none(m->arena));
}

static int
make_key(struct memo *m, struct err *e)
{
	const char *slash = strrchr(m->a->words[0], '/');
	const char *name = slash == NULL ? m->a->words[0] : slash + 1;
	c_strbuf struct strbuf tag = STRBUF_INIT;
	struct cache_dataset d = {
		.project = "local", .domain = "run", .version = "1",
		.cache_version = "1",
	};

	m->inputs = literal_map_new(m->arena);
	put_words(m);
	if (put_files(m, e) < 0)
		return -1;
	put_rest(m);
	if (cachekey_tag(m->inputs, NULL, 0, &tag, e) < 0)
		return -1;
	d.name = arena_printf(m->arena, "flyte_task-%s", name);
	m->key.dataset = catalog_dataset(m->s, &d);
	m->key.tag = arena_str(m->arena, strbuf_str(&tag));
	return 0;
}

/* ---- a hit -------------------------------------------------------------- */

static int
named_blob(struct memo *m, const pb_literal_map *map, const char *name,
    struct blob *ret, struct err *e)
{
	const pb_blob *b = literal_as_blob(literal_map_get(map, name));

	if (b == NULL || blob_of_path(m->s, str_of(b->uri), ret) < 0)
		return err_set(e, ERR_CORRUPT, "the entry lacks '%s'", name);
	return 0;
}

/* Files first: a reader of stdout may want them. */
static int
replay(struct memo *m, const struct cache_lookup *l, struct err *e)
{
	const pb_literal_map *map;
	ProtobufCMessage *msg;
	struct blob b;
	size_t i;

	if (wire_unpack(&flyteidl__core__literal_map__descriptor, l->outputs,
	    m->arena, &msg, e) < 0)
		return -1;
	map = (const pb_literal_map *)(const void *)msg;
	for (i = 0; i < m->a->makes.n; i++) {
		const char *path = m->a->makes.at[i];

		if (named_blob(m, map, arena_printf(m->arena, "file %s", path),
		    &b, e) < 0 || blob_get(m->s, &b, BLOB_COPY, AT_FDCWD, path,
		    1, e) < 0)
			return -1;
	}
	if (named_blob(m, map, "stdout", &b, e) < 0)
		return -1;
	return blob_write(m->s, &b, STDOUT_FILENO, e);
}

/* 1: replayed; 0: to be run. */
static int
look_up(struct memo *m, struct err *e)
{
	struct cache_lookup l = { .key = m->key };

	if (catalog_lookup(m->s, &l, 1, m->arena, e) < 0) {
		warn(m->a->c, "%s", e->msg);
		m->cache = 0;
		return 0;
	}
	if (l.state == CACHE_DAMAGED)
		warn(m->a->c, "%s", l.why);
	if (l.state != CACHE_HIT)
		return 0;
	if (m->a->verbose)
		warn(m->a->c, "%s: cached", m->a->words[0]);
	return replay(m, &l, e) < 0 ? -1 : 1;
}

/* ---- a miss ------------------------------------------------------------- */

/*
 * What the command prints goes to our stdout and, for later, to a blob.  That
 * there is no room for the latter is no reason to end it.
 */
static int
copy_through(struct memo *m, int from, int keep, struct err *e)
{
	char buf[65536];
	ssize_t got;

	while ((got = file_read_some(from, buf, sizeof(buf))) != 0) {
		if (got < 0)
			return err_sys(e, "reading what it prints");
		if (file_write_all(STDOUT_FILENO, buf, (size_t)got) < 0)
			return err_sys(e, "stdout");
		if (m->cache && file_write_all(keep, buf, (size_t)got) < 0) {
			warn(m->a->c, "the result is not kept: what it prints: "
			    "%s", strerror(errno));
			m->cache = 0;
		}
	}
	return 0;
}

/* Starts it; RUN_NOT_FOUND and so on in *ret_status. */
static int
start(struct memo *m, int out, struct proc *p, int *ret_status,
    struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	char **argv = arena_new_n(m->arena, m->a->n + 1, char *);
	struct spawn sp = {
		.argv = argv, .envp = context_environ(), .in = -1,
		.out = out, .err = STDERR_FILENO, .flags = SPAWN_FOREGROUND,
	};
	size_t i;

	for (i = 0; i < m->a->n; i++)
		argv[i] = arena_strdup(m->arena, m->a->words[i]);
	*ret_status = RUN_NOT_FOUND;
	if (proc_find(argv[0], getenv("PATH"), &path, e) < 0)
		return -1;
	sp.path = path.p;
	if (proc_start(&sp, p, e) == 0)
		return 0;
	*ret_status = e->kind == ERR_MISSING ? RUN_NOT_FOUND :
	    RUN_NOT_RUNNABLE;
	return -1;
}

static int
run(struct memo *m, int keep, int *ret_status, struct err *e)
{
	c_close int from = -1;
	struct proc p = PROC_INIT;
	struct err second, *ended = e;
	struct proc_end end;
	int fds[2], rc;

	*ret_status = RUN_TROUBLE;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	from = fds[0];
	rc = start(m, fds[1], &p, ret_status, e);
	close(fds[1]);
	if (rc < 0)
		return -1;
	*ret_status = RUN_TROUBLE;
	rc = copy_through(m, from, keep, e);
	closep(&from);		/* if we gave up it learns by SIGPIPE */
	if (rc < 0)
		ended = &second;	/* the first trouble is the one to tell */
	if (proc_reap(&p, &end, ended) < 0 || rc < 0)
		return -1;
	*ret_status = end.code;
	return 0;
}

static void
put_blob(struct memo *m, pb_literal_map *map, const char *name,
    const struct blob *b)
{
	c_strbuf struct strbuf path = STRBUF_INIT, hash = STRBUF_INIT;
	pb_literal *l;

	blob_add_path(m->s, b, &path);
	blob_add_hash(b, &hash);
	l = literal_blob(m->arena, strbuf_str(&path), "",
	    b->kind == BLOB_TREE);
	l->hash = arena_strdup(m->arena, hash.p);
	literal_map_put(map, m->arena, name, l);
}

static struct str
packed(struct memo *m, const pb_literal_map *map)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	wire_pack(&map->base, &b);
	return arena_str(m->arena, strbuf_str(&b));
}

/* An input that is not what it was may have changed under the command. */
static int
unchanged(struct memo *m, struct err *e)
{
	struct cache_key before = m->key;

	if (make_key(m, e) < 0)
		return -1;
	if (!str_eq(before.tag, m->key.tag))
		return err_set(e, ERR_FAILED, "an input changed meanwhile");
	return 0;
}

static int
keep_result(struct memo *m, int out, struct err *e)
{
	pb_literal_map *map = literal_map_new(m->arena);
	struct cache_put p = { .source = STR("flyte-cache run") };
	struct blob b;
	size_t i;

	if (unchanged(m, e) < 0)
		return -1;
	if (lseek(out, 0, SEEK_SET) < 0 ||
	    blob_put_fd(m->s, out, "stdout", &b, e) < 0)
		return -1;
	put_blob(m, map, "stdout", &b);
	for (i = 0; i < m->a->makes.n; i++) {
		const char *path = m->a->makes.at[i];

		if (blob_put(m->s, AT_FDCWD, path, 0, &b, e) < 0)
			return -1;
		put_blob(m, map, arena_printf(m->arena, "file %s", path), &b);
	}
	p.key = m->key;
	p.inputs = packed(m, m->inputs);
	p.outputs = packed(m, map);
	if (catalog_put(m->s, &p, e) < 0)
		return -1;
	return catalog_commit(m->s, e);
}

/* A declared file that was not made is a failure of a command that said it
 * went well. */
static int
check_made(struct memo *m, struct err *e)
{
	size_t i;

	for (i = 0; i < m->a->makes.n; i++)
		if (access(m->a->makes.at[i], F_OK) < 0 &&
		    err_named(e, ERR_FAILED, "%s", m->a->makes.at[i]) < 0)
			return e->kind == ERR_SYS ? -1 : err_set(e, ERR_FAILED,
			    "%s: %s was not made", m->a->words[0],
			    m->a->makes.at[i]);
	return 0;
}

static int
run_and_keep(struct memo *m, int *ret_status, struct err *e)
{
	c_close int out = -1;

	/* No name: it is gone with us, however we end. */
	out = open(context_tmpdir(m->a->c), O_RDWR | O_TMPFILE | O_CLOEXEC,
	    0600);
	if (out < 0) {
		warn(m->a->c, "the result will not be kept: %s: no unnamed "
		    "temporary file there: %s", context_tmpdir(m->a->c),
		    strerror(errno));
		m->cache = 0;
	}
	if (run(m, out, ret_status, e) < 0)
		return -1;
	if (*ret_status != 0)
		return 0;
	if (check_made(m, e) < 0) {
		*ret_status = e->kind == ERR_SYS ? RUN_TROUBLE : EXIT_FAILED;
		return -1;
	}
	if (m->cache && keep_result(m, out, e) < 0)
		warn(m->a->c, "the result is not kept: %s", e->msg);
	return 0;
}

int
cmd_run(struct args *a)
{
	struct memo m = { .a = a, .arena = &a->c->arena, .cache = 1 };
	int status = RUN_TROUBLE, rc;
	struct err e;

	if (a->n == 0) {
		if (err_set(&e, ERR_USAGE, "run which command?") < 0)
			complain(a->c, &e);
		return RUN_TROUBLE;
	}
	if (context_store(a->c, &m.s, &e) < 0 || make_key(&m, &e) < 0) {
		complain(a->c, &e);
		return RUN_TROUBLE;
	}
	rc = look_up(&m, &e);
	if (rc > 0)
		return EXIT_DONE;
	if (rc == 0)
		rc = run_and_keep(&m, &status, &e);
	if (rc < 0)
		complain(a->c, &e);
	return status;
}
