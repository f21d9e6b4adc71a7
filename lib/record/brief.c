#include "record/brief.h"

#include "data/json.h"
#include "record/history.h"

struct reading {
	struct brief	*brief;
	struct arena	*arena;
	struct tree	 tree;
};

static const char *
text_of(struct reading *r, uint32_t map, const char *key)
{
	uint32_t n = tree_get(&r->tree, map, key);
	struct str s;

	if (n == TREE_NONE || r->tree.at[n].kind != TREE_SCALAR)
		return NULL;
	s = r->tree.at[n].text;
	return arena_strndup(r->arena, s.p, s.n);
}

static void
read_error(struct reading *r)
{
	uint32_t n = tree_get(&r->tree, 0, "e");

	if (n == TREE_NONE || r->tree.at[n].kind != TREE_MAP)
		return;
	r->brief->error.code = str_of(text_of(r, n, "code"));
	r->brief->error.message = str_of(text_of(r, n, "message"));
}

static void
read_workflow(struct reading *r, int64_t time)
{
	const char *s = text_of(r, 0, "s");
	unsigned i;

	for (i = 0; s != NULL && i < SCHED_WF_MAX; i++)
		if (strcmp(s, sched_wf_name((enum sched_wf)i)) == 0)
			r->brief->phase = (enum sched_wf)i;
	if (!history_is_final(r->brief->phase))
		return;
	r->brief->ended = time;
	read_error(r);
}

static int
read_end(const struct journal_line *line, void *arg, struct err *e)
{
	struct reading *r = arg;
	struct brief *b = r->brief;
	uint32_t kind;

	if (json_parse_tree(line->json, &r->tree, e) < 0 ||
	    r->tree.at[0].kind != TREE_MAP)
		return err_set(e, ERR_CORRUPT, "journal of %s: record %llu "
		    "makes no sense", b->id.name,
		    (unsigned long long)line->seq);
	b->updated = line->time_us;
	kind = tree_get(&r->tree, 0, "r");
	if (line->seq == 0) {
		b->created = line->time_us;
		b->target = text_of(r, 0, "target");
		b->target_kind = text_of(r, 0, "kind");
		b->file = text_of(r, 0, "file");
		b->mode = text_of(r, 0, "mode");
		b->of = text_of(r, 0, "of");
	} else if (kind != TREE_NONE && tree_is(&r->tree, kind, "workflow")) {
		read_workflow(r, line->time_us);
	}
	return 0;
}

int
brief_load(const char *home, const struct execution_id *id, struct arena *a,
    struct brief *ret, struct err *e)
{
	c_strbuf struct strbuf dir = STRBUF_INIT;
	struct reading r = { .brief = ret, .arena = a };
	struct err ignored;
	int rc;

	*ret = (struct brief){ .id = *id };
	tree_init(&r.tree);
	execution_add_dir(&dir, home, id);
	/* Asked first: what ends between the two is read as ended. */
	ret->alive = journal_alive(dir.p, &ignored) > 0;
	rc = journal_read_ends(dir.p, read_end, &r, e);
	tree_release(&r.tree);
	if (rc == 0 && ret->target == NULL)
		return err_set(e, ERR_CORRUPT, "%s/journal: empty", dir.p);
	return rc;
}
