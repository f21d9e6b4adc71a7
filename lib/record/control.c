#include "record/control.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/num.h"
#include "base/vec.h"
#include "data/json.h"
#include "idl/flyteidl.h"
#include "idl/pbjson.h"
#include "idl/wire.h"
#include "record/field.h"
#include "sys/file.h"
#include "sys/loop.h"

#define FOLDER		"control"
/* How often a folder that nobody tells about is looked at. */
#define LOOK_NS		(INT64_C(1000) * 1000 * 1000)

static const char *const verbs[] = {
	[CONTROL_STOP] = "stop",
	[CONTROL_SIGNAL] = "signal",
};
_Static_assert(ARRAY_LEN(verbs) == CONTROL_MAX, "a word each");

/* ---- what there is ------------------------------------------------------ */

typedef VEC(uint64_t) number_vec;

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* The numbers above after, in order; no folder has none. */
static int
list(int dirfd, uint64_t after, number_vec *ret, struct err *e)
{
	int fd = dup(dirfd);
	const struct dirent *d;
	uint64_t n;
	int more;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return err_sys(e, FOLDER);
	}
	rewinddir(dir);
	while ((more = file_next_entry(dir, &d)) > 0)
		if (num_parse_u64(str_of(d->d_name), 1, UINT64_MAX - 1,
		    &n) == 0 && n > after)
			VEC_PUSH(ret, n);
	if (more < 0)
		more = err_sys(e, FOLDER);
	closedir(dir);
	if (more < 0)
		return -1;
	if (ret->n > 0)
		qsort(ret->at, ret->n, sizeof(ret->at[0]), by_number);
	return 0;
}

/* The folder's descriptor; -2: there is none. */
static int
open_folder(const char *dir, struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	int fd;

	strbuf_addf(&path, "%s/" FOLDER, dir);
	fd = open(path.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return -2;
	return fd < 0 ? err_sys(e, "%s", path.p) : fd;
}

/* ---- reading one -------------------------------------------------------- */

static int
parse(const struct tree *t, struct arena *a, struct control_command *ret,
    struct err *e)
{
	c_strbuf struct strbuf wire = STRBUF_INIT;
	const char *todo = field_cstr(t, "do", a);
	ProtobufCMessage *m;
	uint32_t value;

	if (todo != NULL && strcmp(todo, verbs[CONTROL_STOP]) == 0) {
		ret->todo = CONTROL_STOP;
		ret->reason = field_cstr(t, "reason", a);
		return 0;
	}
	if (todo == NULL || strcmp(todo, verbs[CONTROL_SIGNAL]) != 0)
		return err_set(e, ERR_CORRUPT, "expected \"do\" to be stop or "
		    "signal, given %s", todo == NULL ? "nothing" : todo);
	ret->todo = CONTROL_SIGNAL;
	ret->id = field_cstr(t, "id", a);
	value = tree_get(t, 0, "value");
	if (ret->id == NULL || value == TREE_NONE)
		return err_set(e, ERR_CORRUPT, "a signal needs id and value");
	if (pbjson_from_tree(&flyteidl__core__literal__descriptor, t, value,
	    0, a, &m, e) < 0)
		return -1;
	wire_pack(m, &wire);
	ret->value = arena_str(a, strbuf_str(&wire));
	return 0;
}

static int
read_one(int dirfd, uint64_t number, struct arena *a,
    struct control_command *ret, struct err *e)
{
	c_strbuf struct strbuf text = STRBUF_INIT;
	c_tree struct tree t;
	char name[32];

	*ret = (struct control_command){ .number = number };
	snprintf(name, sizeof(name), "%llu", (unsigned long long)number);
	tree_init(&t);
	if (file_read(dirfd, name, MAX_SPEC_BYTES, &text, e) < 0 ||
	    json_parse_tree(strbuf_str(&text), &t, e) < 0)
		goto bad;
	if (t.at[0].kind != TREE_MAP) {
		if (err_set(e, ERR_CORRUPT, "expected an object") < 0)
			goto bad;
	}
	if (parse(&t, a, ret, e) == 0)
		return 0;
bad:
	if (e->kind != ERR_SYS)
		e->kind = ERR_CORRUPT;
	return err_wrap(e, FOLDER "/%s", name);
}

int
control_read(const char *dir, uint64_t after, control_fn *fn, void *arg,
    struct err *e)
{
	number_vec numbers = VEC_INIT;
	c_close int fd = open_folder(dir, e);
	size_t i;
	int rc;

	if (fd < 0)
		return fd == -2 ? 0 : -1;
	rc = list(fd, after, &numbers, e);
	for (i = 0; rc == 0 && i < numbers.n; i++) {
		c_arena struct arena a = ARENA_INIT;
		struct control_command c;

		rc = read_one(fd, numbers.at[i], &a, &c, e);
		if (rc == 0)
			rc = fn(arg, &c, e);
	}
	VEC_RELEASE(&numbers);
	return rc;
}

/* ---- posting ------------------------------------------------------------ */

static int
add_json(struct strbuf *b, const struct control_command *c, struct err *e)
{
	c_arena struct arena a = ARENA_INIT;
	c_strbuf struct strbuf value = STRBUF_INIT;
	struct json_writer w = json_writer(b, 0);
	ProtobufCMessage *m;

	json_object(&w);
	json_key(&w, "do");
	json_cstr(&w, verbs[c->todo]);
	if (c->todo == CONTROL_STOP && c->reason != NULL) {
		json_key(&w, "reason");
		json_cstr(&w, c->reason);
	}
	if (c->todo == CONTROL_SIGNAL) {
		if (wire_unpack(&flyteidl__core__literal__descriptor,
		    c->value, &a, &m, e) < 0)
			return -1;
		pbjson_print(m, 0, &value);
		json_key(&w, "id");
		json_cstr(&w, c->id);
		json_key(&w, "value");
		json_raw(&w, strbuf_str(&value));
	}
	json_end(&w);
	strbuf_addch(b, '\n');
	return 0;
}

int
control_post(const char *dir, struct control_command *c, struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT, text = STRBUF_INIT;
	number_vec numbers = VEC_INIT;
	c_close int fd = -1;
	uint64_t number = 1;
	char name[32];
	int rc;

	if (add_json(&text, c, e) < 0)
		return -1;
	if (text.n > MAX_SPEC_BYTES)
		return err_set(e, ERR_USAGE, "the value has %zu bytes as "
		    "JSON; at most %zu can be given", text.n,
		    MAX_SPEC_BYTES);
	strbuf_addf(&path, "%s/" FOLDER, dir);
	fd = file_open_dir(AT_FDCWD, path.p, 1, e);
	if (fd < 0)
		goto refused;
	rc = list(fd, 0, &numbers, e);
	if (numbers.n > 0)
		number = VEC_LAST(&numbers) + 1;
	VEC_RELEASE(&numbers);
	if (rc < 0)
		return -1;
	/* Taken meanwhile by another poster: the next one. */
	do {
		c->number = number;
		snprintf(name, sizeof(name), "%llu",
		    (unsigned long long)number++);
		rc = file_create(fd, name, text.p, text.n,
		    FILE_SYNC | FILE_RDONLY, e);
	} while (rc < 0 && e->kind == ERR_CONFLICT);
	if (rc >= 0)
		return 0;
refused:
	if (e->sys == EACCES || e->sys == EROFS || e->sys == EPERM)
		e->kind = ERR_REFUSED;
	return -1;
}

/* ---- watching ----------------------------------------------------------- */

struct control {
	struct loop		*loop;
	char			*dir;
	uint64_t		 after;
	control_take_fn		*take;
	control_trouble_fn	*trouble;
	void			*arg;
	struct loop_watch	 watch;
	struct loop_timer	 timer;
	int			 remote;
};

static int
take_one(void *arg, const struct control_command *cmd, struct err *e)
{
	struct control *c = arg;

	(void)e;
	c->after = cmd->number;
	c->take(c->arg, cmd);
	return 0;
}

/* The number that could not be read, so that it is passed over. */
static void
pass_over(struct control *c)
{
	number_vec numbers = VEC_INIT;
	struct err ignored;
	c_close int fd = open_folder(c->dir, &ignored);

	if (fd >= 0 && list(fd, c->after, &numbers, &ignored) == 0 &&
	    numbers.n > 0)
		c->after = numbers.at[0];
	VEC_RELEASE(&numbers);
}

static void
look(struct control *c)
{
	struct err e;

	while (control_read(c->dir, c->after, take_one, c, &e) < 0) {
		if (c->trouble != NULL)
			c->trouble(c->arg, &e);
		if (e.kind != ERR_CORRUPT)
			return;
		pass_over(c);
	}
}

/* The folder itself may come only later: until then its parent is told of. */
static void
watch_folder(struct control *c)
{
	c_strbuf struct strbuf path = STRBUF_INIT;

	if (c->watch.fd < 0)
		return;
	strbuf_addf(&path, "%s/" FOLDER, c->dir);
	if (inotify_add_watch(c->watch.fd, path.p,
	    IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR) < 0 &&
	    inotify_add_watch(c->watch.fd, c->dir,
	    IN_CREATE | IN_MOVED_TO | IN_ONLYDIR) < 0)
		c->remote = 1;
}

static void
on_change(struct loop_watch *w, short revents)
{
	struct control *c = w->arg;
	char buf[4096];

	(void)revents;
	while (read(w->fd, buf, sizeof(buf)) > 0)
		continue;
	watch_folder(c);
	look(c);
}

static void
on_time(struct loop_timer *t)
{
	struct control *c = t->arg;

	if (c->remote)
		loop_timer_set(c->loop, t, loop_now() + LOOK_NS);
	look(c);
}

int
control_open(struct loop *loop, const char *dir, uint64_t after,
    control_take_fn *take, control_trouble_fn *trouble, void *arg,
    struct control **ret, struct err *e)
{
	c_close int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct control *c;

	if (fd < 0)
		return err_sys(e, "%s", dir);
	c = xcalloc(1, sizeof(*c));
	c->loop = loop;
	c->dir = xstrdup(dir);
	c->after = after;
	c->take = take;
	c->trouble = trouble;
	c->arg = arg;
	c->remote = file_is_remote(fd);
	c->timer = (struct loop_timer){ .fn = on_time, .arg = c };
	c->watch = (struct loop_watch){
		.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK),
		.events = POLLIN, .fn = on_change, .arg = c,
	};
	if (c->watch.fd >= 0)
		loop_add(loop, &c->watch);
	else
		c->remote = 1;
	watch_folder(c);
	loop_timer_set(loop, &c->timer, loop_now());
	*ret = c;
	return 0;
}

void
control_close(struct control *c)
{
	if (c == NULL)
		return;
	loop_timer_stop(c->loop, &c->timer);
	if (c->watch.fd >= 0) {
		loop_remove(c->loop, &c->watch);
		close(c->watch.fd);
	}
	free(c->dir);
	free(c);
}
