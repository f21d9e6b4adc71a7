/* One execution: its journal, and what that names. */

#include "fsck.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/json.h"
#include "record/brief.h"
#include "record/closure.h"
#include "record/control.h"
#include "record/longlit.h"
#include "sys/file.h"

/* ---- values ------------------------------------------------------------- */

/*
 * A finished execution may have lost blobs to the garbage collector; it still
 * knows their digests.  What is there must be whole.
 */
static int
check_blob(struct fsck *f, const struct history *h, struct str path,
    const char *what, struct blob *b, struct err *e)
{
	c_strbuf struct strbuf uri = STRBUF_INIT;
	enum blob_state state;

	if (fsck_blob(f, b, &state, e) < 0)
		return -1;
	if (state == BLOB_OK ||
	    (state == BLOB_GONE && history_is_final(h->phase)))
		return 0;
	blob_add_uri(b, &uri);
	fsck_faultf(f, STR_FMT "%s%s: %s is %s", STR_ARG(path),
	    path.n > 0 ? ": " : "", what, uri.p, state == BLOB_GONE ?
	    "not there" : "damaged");
	return 0;
}

/* The blobs that literals name; bytes as they are on disk, or what is wrong
 * with them. */
static int
check_literals(struct fsck *f, const struct history *h, struct str path,
    const char *what, int read, struct str bytes, struct err *e)
{
	c_arena struct arena a = ARENA_INIT;
	struct blob_list blobs = { NULL, 0, 0 };
	struct str absolute;
	size_t i;
	int rc = 0;

	if (read == 0 && bytes.p == NULL)
		return 0;
	if (read < 0 || blob_uris_from_disk(f->store, bytes, &a, &absolute,
	    &blobs, e) < 0) {
		blob_list_release(&blobs);
		if (err_is_shortage(e))
			return -1;
		fsck_faultf(f, STR_FMT "%s%s: %s", STR_ARG(path),
		    path.n > 0 ? ": " : "", what, e->msg);
		return 0;
	}
	for (i = 0; rc == 0 && i < blobs.n; i++)
		rc = check_blob(f, h, path, what, &blobs.at[i], e);
	blob_list_release(&blobs);
	return rc;
}

static int
check_own(struct fsck *f, const struct history *h, const char *what,
    struct str json, struct err *e)
{
	c_arena struct arena a = ARENA_INIT;
	struct str bytes;
	int read = history_literals(h, NULL, json, &a, &bytes, e);

	return check_literals(f, h, STR(""), what, read, bytes, e);
}

static int
check_node_values(struct fsck *f, const struct history *h,
    const struct history_node *n, struct err *e)
{
	c_arena struct arena a = ARENA_INIT;
	struct str bytes;
	int read;

	/* Those of elements are parts of the map's. */
	if (n->inputs.p != NULL) {
		read = history_inputs(h, NULL, n, &a, &bytes, e);
		if (check_literals(f, h, n->path, "inputs", read, bytes, e) < 0)
			return -1;
	}
	if (n->outputs.p == NULL)
		return 0;
	read = history_outputs(h, NULL, n, &a, &bytes, e);
	return check_literals(f, h, n->path, "outputs", read, bytes, e);
}

/* What a dynamic task wrote, and what signals said. */
static void
check_messages(struct fsck *f, const struct history *h)
{
	struct str bytes;
	struct err e;
	size_t i;

	for (i = 0; i < h->n_nodes; i++) {
		c_arena struct arena a = ARENA_INIT;

		if (history_spec(h, h->nodes[i].spec, &a, &bytes, &e) < 0 &&
		    !fsck_scarce(f, &e))
			fsck_faultf(f, STR_FMT ": its graph: %s",
			    STR_ARG(h->nodes[i].path), e.msg);
	}
	for (i = 0; i < h->n_signals; i++) {
		c_arena struct arena a = ARENA_INIT;

		if (history_literal(h, h->signals[i].value, &a, &bytes,
		    &e) < 0 && !fsck_scarce(f, &e))
			fsck_faultf(f, "signal %s: %s", h->signals[i].id,
			    e.msg);
	}
}

static int
check_values(struct fsck *f, const struct history *h, struct err *e)
{
	size_t i;

	if (check_own(f, h, "inputs", h->inputs, e) < 0 ||
	    check_own(f, h, "outputs", h->outputs, e) < 0)
		return -1;
	check_messages(f, h);
	for (i = 0; i < h->n_nodes; i++)
		if (check_node_values(f, h, &h->nodes[i], e) < 0)
			return -1;
	for (i = 0; i < h->n_ranges; i++) {
		c_arena struct arena a = ARENA_INIT;
		struct str bytes = { NULL, 0 };
		int read = history_range_outputs(h, &h->ranges[i], &a,
		    &bytes, e);

		if (check_literals(f, h, h->ranges[i].map,
		    "outputs of elements", read, bytes, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- nodes -------------------------------------------------------------- */

/* What runs inside what has ended. */
static void
check_tree(struct fsck *f, const struct look *l)
{
	size_t i;

	for (i = 0; i < l->items.n; i++) {
		const struct look_item *it = &l->items.at[i], *parent;

		if (it->parent == LOOK_NONE || it->node == NULL ||
		    look_is_final(it->node->phase) ||
		    it->node->phase == SCHED_QUEUED ||
		    it->node->phase == SCHED_UNDEFINED)
			continue;
		parent = &l->items.at[it->parent];
		if (parent->node != NULL &&
		    look_is_final(parent->node->phase))
			fsck_faultf(f, STR_FMT ": still %s though " STR_FMT
			    " is %s", STR_ARG(it->path),
			    sched_phase_name(it->node->phase),
			    STR_ARG(parent->path),
			    sched_phase_name(parent->node->phase));
	}
}

/* Executions launched by nodes. */
static void
check_children(struct fsck *f, const struct look *l)
{
	c_strbuf struct strbuf parent = STRBUF_INIT;
	const struct history *h = &l->history;
	size_t i;

	strbuf_addf(&parent, "%s/%s/%s", h->id.project, h->id.domain,
	    h->id.name);
	for (i = 0; i < h->n_nodes; i++) {
		const struct execution_id *id = &h->nodes[i].child;
		c_arena struct arena a = ARENA_INIT;
		struct brief b;
		struct err e;
		int rc;

		if (id->name == NULL)
			continue;
		rc = brief_load(l->home, id, &a, &b, &e);
		if (rc < 0 && fsck_scarce(f, &e))
			return;
		if (rc < 0)
			fsck_faultf(f, STR_FMT ": its execution %s: %s",
			    STR_ARG(h->nodes[i].path), id->name, e.msg);
		else if (b.mode != NULL && strcmp(b.mode, record_mode_name(
		    RECORD_CHILD_WORKFLOW)) == 0 && b.of != NULL &&
		    strcmp(b.of, parent.p) != 0 &&
		    strcmp(b.of, h->id.name) != 0)
			fsck_faultf(f, STR_FMT ": its execution %s is one of "
			    "%s", STR_ARG(h->nodes[i].path), id->name, b.of);
		else if (!history_is_final(b.phase) &&
		    (history_is_final(h->phase) ||
		    look_is_final(h->nodes[i].phase)))
			fsck_faultf(f, STR_FMT ": its execution %s has not "
			    "ended though the node has",
			    STR_ARG(h->nodes[i].path), id->name);
	}
}

static int
know_command(void *arg, const struct control_command *c, struct err *e)
{
	(void)arg;
	(void)c;
	(void)e;
	return 0;
}

/* ---- files -------------------------------------------------------------- */

/* Closures that it may launch. */
static void
check_launches(struct fsck *f, struct str json)
{
	c_strbuf struct strbuf bytes = STRBUF_INIT, address = STRBUF_INIT;
	c_tree struct tree t;
	struct err e;
	uint32_t i, n;

	tree_init(&t);
	if (json.p == NULL)
		return;
	if (json_parse_tree(json, &t, &e) < 0) {
		fsck_faultf(f, "launch plans: %s", e.msg);
		return;
	}
	for (i = t.at[0].first; i != TREE_NONE; i = t.at[i].next) {
		n = tree_get(&t, i, "closure");
		strbuf_reset(&address);
		strbuf_reset(&bytes);
		if (n != TREE_NONE)
			strbuf_addstr(&address, t.at[n].text);
		if (closure_get(f->ctl->home, address.p, &bytes, &e) < 0 &&
		    !fsck_scarce(f, &e))
			fsck_faultf(f, "launch plans: %s", e.msg);
	}
}

/* What an attempt printed was acknowledged with its end. */
static void
check_log(struct fsck *f, const struct history *h,
    const struct history_node *n, const struct job_log *log,
    const char *suffix)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	struct stat st;

	if (log->to <= log->from)
		return;
	strbuf_addf(&path, "%s/logs/%u.%s", h->dir, log->slot, suffix);
	if (stat(path.p, &st) == 0 && st.st_size >= log->to)
		return;
	fsck_faultf(f, STR_FMT ": what it printed is cut off: logs/%u.%s",
	    STR_ARG(n->path), log->slot, suffix);
}

static void
check_logs(struct fsck *f, const struct history *h)
{
	size_t i, k;

	for (i = 0; i < h->n_nodes; i++)
		for (k = 0; k < h->nodes[i].n_attempts; k++) {
			const struct history_node *n = &h->nodes[i];

			check_log(f, h, n, &n->attempts[k].out, "out");
			check_log(f, h, n, &n->attempts[k].err, "err");
		}
}

/* Long literals: a name is the digest of what it holds. */
static int
check_long(void *arg, const struct walk_entry *at, struct err *e)
{
	c_strbuf struct strbuf hex = STRBUF_INIT;
	struct fsck *f = arg;
	c_close int fd = -1;
	struct digest d;

	if (S_ISDIR(at->st->st_mode) || at->name[0] == '.')
		return 0;
	fd = openat(at->dirfd, at->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 ? err_sys(e, "%s", at->path) < 0 :
	    sha256_fd(fd, at->path, &d, NULL, e) < 0) {
		if (err_is_shortage(e))
			return -1;
	} else {
		hex_add(&hex, d.b, sizeof(d.b));
		if (strcmp(hex.p, at->name) == 0)
			return 0;
	}
	fsck_faultf(f, "literals/%s: damaged", at->name);
	return 0;
}

/* Text behind the last line that ends. */
static int
is_torn(const char *dir)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	c_close int fd = -1;
	struct stat st;
	char last;

	strbuf_addf(&path, "%s/journal", dir);
	fd = open(path.p, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0 &&
	    pread(fd, &last, 1, st.st_size - 1) == 1 && last != '\n';
}

static int
check_files(struct fsck *f, const struct look *l, const char *dir,
    struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	const struct history *h = &l->history;
	struct err bad;
	size_t i;

	if (l->closure == NULL && !fsck_scarce(f, &l->trouble))
		fsck_fault(f, l->trouble.msg);
	check_launches(f, h->launches);
	for (i = 0; i < h->n_brought; i++)
		check_launches(f, h->brought[i]);
	check_logs(f, h);
	if (control_read(dir, 0, know_command, NULL, &bad) < 0 &&
	    !fsck_scarce(f, &bad))
		fsck_fault(f, bad.msg);
	f->torn += !l->alive && is_torn(dir);
	strbuf_addf(&path, "%s/" LONGLIT_FOLDER, dir);
	if (file_walk(AT_FDCWD, path.p, check_long, f, e) < 0 &&
	    e->kind != ERR_MISSING)
		return -1;
	return 0;
}

int
fsck_execution(struct fsck *f, const struct execution_id *id, struct err *e)
{
	c_strbuf struct strbuf dir = STRBUF_INIT;
	c_look struct look l = { .home = NULL };
	struct err bad;

	f->name = id->name;
	f->executions++;
	execution_add_dir(&dir, f->ctl->home, id);
	if (check_transitions(dir.p, id, fsck_fault, f, &bad) < 0 ||
	    look_open(f->ctl->home, id, &l, &bad) < 0) {
		if (fsck_scarce(f, &bad))
			return 0;
		if (bad.kind == ERR_MISSING)
			fsck_faultf(f, "its folder is not where its name "
			    "belongs: %s", dir.p);
		else
			fsck_fault(f, bad.msg);
		return 0;
	}
	check_tree(f, &l);
	check_children(f, &l);
	if (check_files(f, &l, dir.p, e) < 0)
		return -1;
	return check_values(f, &l.history, e);
}
