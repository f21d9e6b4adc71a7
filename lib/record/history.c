#include "record/history_p.h"


static void
begin(struct history *h, const char *home, const struct execution_id *id)
{
	c_strbuf struct strbuf dir = STRBUF_INIT;

	memset(h, 0, sizeof(*h));
	h->build = xcalloc(1, sizeof(*h->build));
	h->recent = xcalloc(1, sizeof(*h->recent));
	strbuf_init(&h->recent->places);
	tree_init(&h->recent->tree);
	tree_init(&h->build->tree);
	execution_add_dir(&dir, home, id);
	h->dir = arena_strdup(&h->arena, dir.p);
	h->id = (struct execution_id){ arena_strdup(&h->arena, id->project),
	    arena_strdup(&h->arena, id->domain),
	    arena_strdup(&h->arena, id->name) };
}

/* Moves what grew into arrays of their final size. */
static void
finish(struct history *h)
{
	struct history_build *b = h->build;

	h->n_nodes = b->nodes.n;
	h->nodes = b->nodes.at;
	h->n_signals = b->signals.n;
	h->signals = arena_new_n(&h->arena, h->n_signals,
	    struct history_signal);
	if (h->n_signals > 0)
		memcpy(h->signals, b->signals.at,
		    h->n_signals * sizeof(*h->signals));
	h->n_brought = b->brought.n;
	h->brought = arena_new_n(&h->arena, h->n_brought, struct str);
	if (h->n_brought > 0)
		memcpy(h->brought, b->brought.at,
		    h->n_brought * sizeof(*h->brought));
	VEC_RELEASE(&b->brought);
	VEC_RELEASE(&b->signals);
	h->n_ranges = b->ranges.n;
	h->ranges = arena_new_n(&h->arena, h->n_ranges, struct history_range);
	if (h->n_ranges > 0)
		memcpy(h->ranges, b->ranges.at,
		    h->n_ranges * sizeof(*h->ranges));
	VEC_RELEASE(&b->ranges);
	history_sort(h);
	tree_release(&b->tree);
	free(b);
	h->build = NULL;
}

int
history_load(const char *home, const struct execution_id *id,
    struct history *ret, struct err *e)
{
	int rc;

	begin(ret, home, id);
	rc = journal_read(ret->dir, history_read_record, ret, e);
	finish(ret);
	if (rc == 0 && ret->target == NULL)
		rc = err_set(e, ERR_CORRUPT, "%s/journal: empty", ret->dir);
	return rc;
}

int
history_open(const char *home, const struct execution_id *id,
    struct history *ret, struct journal **ret_journal, struct err *e)
{
	int rc;

	begin(ret, home, id);
	rc = journal_open(ret->dir, history_read_record, ret, ret_journal, e);
	finish(ret);
	if (rc == 0 && ret->target == NULL) {
		journal_close(TAKE(*ret_journal, NULL));
		rc = err_set(e, ERR_CORRUPT, "%s/journal: empty", ret->dir);
	}
	return rc;
}

void
history_release(struct history *h)
{
	map_release(&h->by_path);
	map_release(&h->by_map);
	history_cache_free(h->recent);
	free(h->nodes);
	arena_release(&h->arena);
	memset(h, 0, sizeof(*h));
}

void
history_failures(const struct history_node *n, uint32_t *ret_user,
    uint32_t *ret_system)
{
	size_t i;

	*ret_user = *ret_system = 0;
	for (i = 0; i < n->n_attempts; i++) {
		const struct history_attempt *a = &n->attempts[i];

		if (a->failed && a->error.kind != SCHED_SYSTEM)
			++*ret_user;
		else if (a->failed || (a->ended == 0 &&
		    i + 1 < n->n_attempts))
			++*ret_system;
	}
}

int
history_is_final(enum sched_wf phase)
{
	return phase == SCHED_WF_SUCCEEDED || phase == SCHED_WF_FAILED ||
	    phase == SCHED_WF_ABORTED;
}
