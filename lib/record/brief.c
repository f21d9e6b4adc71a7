#include "record/brief.h"

#include "data/json.h"
#include "record/field.h"
#include "record/history.h"

struct reading {
	struct brief	*brief;
	struct arena	*arena;
	struct tree	 tree;
};

static void
read_workflow(struct reading *r, int64_t time)
{
	r->brief->phase = field_wf(&r->tree);
	if (!history_is_final(r->brief->phase))
		return;
	r->brief->ended = time;
	r->brief->error = field_error(&r->tree, r->arena);
}

static int
read_end(const struct journal_line *line, void *arg, struct err *e)
{
	struct reading *r = arg;
	struct brief *b = r->brief;

	if (json_parse_tree(line->json, &r->tree, e) < 0 ||
	    r->tree.at[0].kind != TREE_MAP)
		return err_set(e, ERR_CORRUPT, "journal of %s: record %llu "
		    "makes no sense", b->id.name,
		    (unsigned long long)line->seq);
	b->updated = line->time_us;
	if (line->seq == 0) {
		b->created = line->time_us;
		b->target = field_cstr(&r->tree, "target", r->arena);
		b->target_kind = field_cstr(&r->tree, "kind", r->arena);
		b->file = field_cstr(&r->tree, "file", r->arena);
		b->mode = field_cstr(&r->tree, "mode", r->arena);
		b->of = field_cstr(&r->tree, "of", r->arena);
	} else if (str_is(field_text(&r->tree, "r"), "workflow")) {
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
