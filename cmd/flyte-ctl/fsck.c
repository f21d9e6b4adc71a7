/* Do journals, closures, blobs and the catalog agree? */

#include "ctl.h"

#include <unistd.h>

#include "base/utf8.h"
#include "run/brief.h"
#include "run/control.h"
#include "store/blob.h"
#include "store/catalog.h"

struct fsck {
	struct ctl	*ctl;
	struct store	*store;
	const char	*name;		/* of what is checked */
	size_t		 faults, executions, entries;
	const struct history *history;
};

static void
fault(void *arg, const char *text)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct fsck *f = arg;

	strbuf_addf(&b, "%s: ", f->name);
	utf8_add_shown(&b, str_of(text));
	strbuf_addch(&b, '\n');
	put_out(&b);
	f->faults++;
}

static void faultf(struct fsck *, const char *, ...) printf_like(2, 3);
static void
faultf(struct fsck *f, const char *fmt, ...)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&b, fmt, ap);
	va_end(ap);
	fault(f, b.p);
}

/* ---- blobs -------------------------------------------------------------- */

/*
 * A finished execution may have lost blobs to the garbage collector; it still
 * knows their digests.  What is there must be whole.
 */
static int
check_blob(struct fsck *f, struct str path, const char *what, struct blob *b,
    int must_be, struct err *e)
{
	c_strbuf struct strbuf uri = STRBUF_INIT;
	enum blob_state state;

	if (blob_check(f->store, b, 1, &state, e) < 0)
		return -1;
	if (state == BLOB_OK || (state == BLOB_GONE && !must_be))
		return 0;
	blob_add_uri(b, &uri);
	faultf(f, STR_FMT "%s%s: %s is %s", STR_ARG(path),
	    path.n > 0 ? ": " : "", what, uri.p, state == BLOB_GONE ?
	    "not there" : "damaged");
	return 0;
}

/* The blobs that literals name; bytes as they are on disk, or what is wrong
 * with them. */
static int
check_literals(struct fsck *f, struct str path, const char *what,
    int read, struct str bytes, struct err *e)
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
		faultf(f, STR_FMT "%s%s: %s", STR_ARG(path),
		    path.n > 0 ? ": " : "", what, e->msg);
		blob_list_release(&blobs);
		return 0;
	}
	for (i = 0; rc == 0 && i < blobs.n; i++)
		rc = check_blob(f, path, what, &blobs.at[i],
		    !history_is_final(f->history->phase), e);
	blob_list_release(&blobs);
	return rc;
}

static int
check_own(struct fsck *f, const char *what, struct str json, struct err *e)
{
	c_arena struct arena a = ARENA_INIT;
	struct str bytes;
	int read = history_literals(f->history, NULL, json, &a, &bytes, e);

	return check_literals(f, STR(""), what, read, bytes, e);
}

static int
check_node_values(struct fsck *f, const struct history_node *n,
    struct err *e)
{
	c_arena struct arena a = ARENA_INIT;
	struct str bytes;
	int read;

	/* Those of elements are parts of the map's. */
	if (n->inputs.p != NULL) {
		read = history_inputs(f->history, NULL, n, &a, &bytes, e);
		if (check_literals(f, n->path, "inputs", read, bytes, e) < 0)
			return -1;
	}
	if (n->outputs.p == NULL)
		return 0;
	read = history_outputs(f->history, NULL, n, &a, &bytes, e);
	return check_literals(f, n->path, "outputs", read, bytes, e);
}

static int
check_values(struct fsck *f, const struct history *h, struct err *e)
{
	size_t i;

	f->history = h;
	if (check_own(f, "inputs", h->inputs, e) < 0 ||
	    check_own(f, "outputs", h->outputs, e) < 0)
		return -1;
	for (i = 0; i < h->n_nodes; i++)
		if (check_node_values(f, &h->nodes[i], e) < 0)
			return -1;
	for (i = 0; i < h->n_ranges; i++) {
		c_arena struct arena a = ARENA_INIT;
		struct str bytes = { NULL, 0 };
		int read = history_range_outputs(h, &h->ranges[i], &a,
		    &bytes, e);

		if (check_literals(f, h->ranges[i].map, "outputs of elements",
		    read, bytes, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- an execution ------------------------------------------------------- */

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
			faultf(f, STR_FMT ": still %s though " STR_FMT
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
	const struct history *h = &l->history;
	size_t i;

	for (i = 0; i < h->n_nodes; i++) {
		const struct execution_id *id = &h->nodes[i].child;
		c_arena struct arena a = ARENA_INIT;
		struct brief b;
		struct err e;

		if (id->name == NULL)
			continue;
		if (brief_load(l->home, id, &a, &b, &e) < 0)
			faultf(f, STR_FMT ": its execution %s: %s",
			    STR_ARG(h->nodes[i].path), id->name, e.msg);
		else if (!history_is_final(b.phase) &&
		    (history_is_final(h->phase) ||
		    look_is_final(h->nodes[i].phase)))
			faultf(f, STR_FMT ": its execution %s has not ended "
			    "though the node has",
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

static int
check_execution(struct fsck *f, const struct execution_id *id, struct err *e)
{
	c_strbuf struct strbuf dir = STRBUF_INIT;
	c_look struct look l = { .home = NULL };
	struct err bad;
	int rc;

	f->name = id->name;
	f->executions++;
	execution_add_dir(&dir, f->ctl->home, id);
	if (check_transitions(dir.p, fault, f, &bad) < 0 ||
	    look_open(f->ctl->home, id, &l, &bad) < 0) {
		if (bad.kind != ERR_CORRUPT) {
			*e = bad;
			return -1;
		}
		fault(f, bad.msg);
		return 0;
	}
	if (l.closure == NULL)
		fault(f, l.trouble.msg);
	check_tree(f, &l);
	check_children(f, &l);
	if (control_read(dir.p, 0, know_command, NULL, &bad) < 0)
		fault(f, bad.msg);
	rc = check_values(f, &l.history, e);
	f->history = NULL;
	return rc;
}

/* ---- the catalog -------------------------------------------------------- */

static int
check_entry(void *arg, const struct cache_entry *entry, struct err *e)
{
	struct fsck *f = arg;
	size_t i;
	struct str key = { entry->key, strnlen(entry->key, 12) };

	f->name = "catalog";
	f->entries++;
	for (i = 0; i < entry->n_blobs; i++)
		if (check_blob(f, key, "outputs", &entry->blobs[i], 1,
		    e) < 0)
			return -1;
	return 0;
}

static int
check_catalog(struct fsck *f, struct err *e)
{
	const struct cache_filter all = { .project = NULL };

	if (catalog_list(f->store, &all, check_entry, f, e) == 0)
		return 0;
	if (e->kind != ERR_CORRUPT)
		return -1;
	f->name = "catalog";
	fault(f, e->msg);
	return 0;
}

/* ---- all ---------------------------------------------------------------- */

static int
check_all(struct fsck *f, struct err *e)
{
	struct ctl *c = f->ctl;
	struct execution_row *rows;
	size_t n, i;

	if (c->id.name != NULL)
		return check_execution(f, &c->id, e);
	if (execution_list(c->home, c->ctx.project_option,
	    c->ctx.domain_option, &c->ctx.arena, &rows, &n, e) < 0)
		return -1;
	for (i = 0; i < n; i++)
		if (check_execution(f, &rows[i].id, e) < 0)
			return -1;
	return check_catalog(f, e);
}

int
ctl_fsck(struct ctl *c)
{
	struct fsck f = { .ctl = c };
	struct err e;

	if (context_store(&c->ctx, &f.store, &e) < 0 || check_all(&f, &e) < 0)
		return fail(&c->ctx, &e);
	if (!c->quiet)
		warn(&c->ctx, "%zu execution%s, %zu cache entr%s checked: "
		    "%zu fault%s", f.executions, f.executions == 1 ? "" : "s",
		    f.entries, f.entries == 1 ? "y" : "ies", f.faults,
		    f.faults == 1 ? "" : "s");
	return f.faults > 0 ? EXIT_CORRUPT : EXIT_DONE;
}
