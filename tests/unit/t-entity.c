#include "idl/entity.h"
#include "unit.h"

static struct arena arena = ARENA_INIT;

/* What a reference parses to, written again: NULL if it does not parse. */
static const char *
parsed(const char *text)
{
	struct entity_id id = { .kind = ENTITY_ANY };
	struct strbuf b = STRBUF_INIT;
	const char *ret;
	struct err e;

	if (entity_ref_parse(str_of(text), &arena, &id, &e) < 0) {
		CHECK_INT(e.kind, ERR_USAGE);
		return NULL;
	}
	strbuf_addf(&b, "%s|%s|%s|%s", id.project == NULL ? "-" : id.project,
	    id.domain == NULL ? "-" : id.domain, id.name, id.version);
	ret = arena_strdup(&arena, b.p);
	strbuf_release(&b);
	return ret;
}

TEST(references)
{
	CHECK_STR(parsed("n"), "-|-|n|");
	CHECK_STR(parsed("n@v"), "-|-|n|v");
	CHECK_STR(parsed("p/d/n"), "p|d|n|");
	CHECK_STR(parsed("p/d/n@v"), "p|d|n|v");
	CHECK_STR(parsed("a@b@c"), "-|-|a@b|c");
	CHECK_STR(parsed("a%40b@c"), "-|-|a@b|c");
	CHECK_STR(parsed("a%2fb"), "-|-|a/b|");
	CHECK_STR(parsed("wf.module.name@commit-dirty-1"),
	    "-|-|wf.module.name|commit-dirty-1");
	CHECK_STR(parsed("p/d/%41%20b@%25"), "p|d|A b|%");
	arena_release(&arena);
}

TEST(bad_references)
{
	static const char *const bad[] = { "", "@v", "n@", "p/n", "/d/n",
		"p//n", "p/d/", "p/d/e/n", "a%", "a%4", "a%zz", "a%00",
		"p/d/@v" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++)
		CHECK(parsed(bad[i]) == NULL);
	arena_release(&arena);
}

TEST(printed_references_read_back)
{
	static const struct entity_id ids[] = {
		{ ENTITY_TASK, "p", "d", "n", "v" },
		{ ENTITY_TASK, "p", "d", "n", "" },
		{ ENTITY_TASK, "a/b", "c@d", "x %y", "1@2/3" },
		{ ENTITY_TASK, "p", "d", "\xc3\xa9t\xc3\xa9", "\x7f\x01" },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(ids); i++) {
		struct entity_id back = { .kind = ENTITY_TASK };
		c_strbuf struct strbuf b = STRBUF_INIT;
		struct err e;

		entity_id_add(&b, &ids[i]);
		CHECK_INT(entity_ref_parse(strbuf_str(&b), &arena, &back, &e),
		    0);
		CHECK_INT(entity_id_cmp(&back, &ids[i]), 0);
	}
	arena_release(&arena);
}

TEST(kinds)
{
	enum entity_kind k;

	CHECK_INT(entity_kind_parse(STR("task"), &k), 0);
	CHECK_INT(k, ENTITY_TASK);
	CHECK_INT(entity_kind_parse(STR("launch-plan"), &k), 0);
	CHECK_INT(k, ENTITY_LAUNCH_PLAN);
	CHECK_INT(entity_kind_parse(STR("entity"), &k), -1);
	CHECK_INT(entity_kind_parse(STR(""), &k), -1);
	CHECK_STR(entity_kind_words(ENTITY_LAUNCH_PLAN), "launch plan");
}

TEST(check)
{
	struct entity_id id = { ENTITY_TASK, "p", "d", "n", "" };
	struct err e;

	CHECK_INT(entity_id_check(&id, 1, &e), 0);
	CHECK_INT(entity_id_check(&id, 0, &e), -1);
	CHECK_STR(e.msg, "n: the version is empty");
	id.version = "\xff";
	CHECK_INT(entity_id_check(&id, 0, &e), -1);
	CHECK_STR(e.msg, "n: the version is not UTF-8");
	id.version = "v";
	id.name = "";
	CHECK_INT(entity_id_check(&id, 0, &e), -1);
}

static void
count(void *arg, ProtobufCMessage *m)
{
	CHECK(m->descriptor == &flyteidl__core__identifier__descriptor);
	++*(int *)arg;
}

TEST(walk)
{
	c_pbwalk struct pbwalk w =
	    PBWALK_INIT(&flyteidl__core__identifier__descriptor);
	pb_workflow_template *t = PB_NEW(&arena,
	    flyteidl__core__workflow_template);
	pb_node *n[3];
	int i, found = 0;

	t->id = PB_NEW(&arena, flyteidl__core__identifier);
	t->n_nodes = 3;
	t->nodes = n;
	for (i = 0; i < 3; i++) {
		n[i] = PB_NEW(&arena, flyteidl__core__node);
		n[i]->metadata = PB_NEW(&arena,
		    flyteidl__core__node_metadata);
	}
	n[1]->target_case = FLYTEIDL__CORE__NODE__TARGET_TASK_NODE;
	n[1]->task_node = PB_NEW(&arena, flyteidl__core__task_node);
	n[1]->task_node->reference_case =
	    FLYTEIDL__CORE__TASK_NODE__REFERENCE_REFERENCE_ID;
	n[1]->task_node->reference_id = t->id;
	/* An array's node, so that the types refer to each other in a ring. */
	n[2]->target_case = FLYTEIDL__CORE__NODE__TARGET_ARRAY_NODE;
	n[2]->array_node = PB_NEW(&arena, flyteidl__core__array_node);
	n[2]->array_node->node = n[1];
	pbwalk_each(&w, &t->base, count, &found);
	CHECK_INT(found, 3);
	pbwalk_each(&w, &t->id->base, count, &found);
	CHECK_INT(found, 4);
}
