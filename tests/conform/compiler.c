/*
 * Rows {name, unit: {template, tasks, subWorkflows, launchPlans, all?}, ok,
 * codes, error, closure, digest}; see tests/corpus/compiler/README.md.  The
 * argument "=record" has ours printed in this form instead.
 */

#include "base/err.h"
#include "base/vec.h"
#include "compile/compile.h"
#include "conform.h"
#include "idl/pbhash.h"
#include "idl/pbjson.h"
#include "idl/wire.h"

struct messages {
	ProtobufCMessage	**at;
	size_t			  n;
};

/* The messages of a list in the row. */
static int
read_list(const struct conform_row *row, uint32_t map, const char *key,
    const ProtobufCMessageDescriptor *d, struct messages *ret, struct err *e)
{
	uint32_t list = tree_get(row->tree, map, key), at;

	ret->n = 0;
	if (list == TREE_NONE || row->tree->at[list].kind != TREE_SEQ)
		return 0;
	ret->at = arena_new_n(row->arena, row->tree->at[list].n,
	    ProtobufCMessage *);
	for (at = row->tree->at[list].first; ret->n < row->tree->at[list].n;
	    at = row->tree->at[at].next)
		if (pbjson_from_tree(d, row->tree, at, 0, row->arena,
		    &ret->at[ret->n++], e) < 0)
			return -1;
	return 0;
}

static int
read_unit(const struct conform_row *row, struct compile_unit *u,
    struct err *e)
{
	uint32_t unit = tree_get(row->tree, 0, "unit");
	struct messages tasks, subs, plans;
	struct compile_launch_plan *lp;
	pb_admin_launch_plan *p;
	ProtobufCMessage *primary;
	size_t i;

	if (conform_message(row, unit, "template",
	    &flyteidl__core__workflow_template__descriptor, &primary, e) < 0 ||
	    read_list(row, unit, "tasks",
	    &flyteidl__core__task_template__descriptor, &tasks, e) < 0 ||
	    read_list(row, unit, "subWorkflows",
	    &flyteidl__core__workflow_template__descriptor, &subs, e) < 0 ||
	    read_list(row, unit, "launchPlans",
	    &flyteidl__admin__launch_plan__descriptor, &plans, e) < 0)
		return -1;
	lp = arena_new_n(row->arena, plans.n, struct compile_launch_plan);
	for (i = 0; i < plans.n; i++) {
		p = (pb_admin_launch_plan *)plans.at[i];
		lp[i].id = p->id;
		if (p->closure == NULL)
			continue;
		lp[i].expected_inputs = p->closure->expected_inputs;
		lp[i].expected_outputs = p->closure->expected_outputs;
	}
	*u = (struct compile_unit){ (pb_workflow_template *)primary,
	    (pb_workflow_template **)subs.at, subs.n,
	    (pb_task_template **)tasks.at, tasks.n, lp, plans.n, 0 };
	return 0;
}

/* Of the tasks the ones required, in that order; the first of an id. */
static void
pick_tasks(const struct conform_row *row, struct compile_unit *u,
    const struct compile_requirements *r)
{
	pb_task_template **picked = arena_new_n(row->arena, r->n_tasks,
	    pb_task_template *);
	size_t i, j, n = 0;

	for (i = 0; i < r->n_tasks; i++)
		for (j = 0; j < u->n_tasks; j++)
			if (wire_equal(&u->tasks[j]->id->base,
			    &r->tasks[i]->base)) {
				picked[n++] = u->tasks[j];
				break;
			}
	u->tasks = picked;
	u->n_tasks = n;
}

/* As the control plane at registration. */
static int
compile(const struct conform_row *row, struct compile_unit *u,
    pb_compiled_workflow_closure **ret, struct compile_errors *es)
{
	uint32_t unit = tree_get(row->tree, 0, "unit");
	struct compile_requirements r;
	size_t i;

	for (i = 0; i < u->n_tasks; i++)
		if (compile_task(u->tasks[i], es) < 0)
			return -1;
	if (compile_requirements(u, row->arena, &r, es) < 0)
		return -1;
	if (!conform_true(row, unit, "all"))
		pick_tasks(row, u, &r);
	return compile_workflow(u, row->arena, ret, es);
}

static void
expected_codes(const struct conform_row *row, struct strbuf *out)
{
	uint32_t list = tree_get(row->tree, 0, "codes"), at, i = 0;

	if (list == TREE_NONE || row->tree->at[list].kind != TREE_SEQ)
		return;
	for (at = row->tree->at[list].first; i < row->tree->at[list].n;
	    at = row->tree->at[at].next, i++) {
		strbuf_addstr(out, row->tree->at[at].text);
		strbuf_addch(out, ' ');
	}
}

static enum conform_verdict
judge_errors(const struct conform_row *row, const struct compile_errors *es,
    struct strbuf *why)
{
	c_strbuf struct strbuf expected = STRBUF_INIT, given = STRBUF_INIT;
	size_t i;

	expected_codes(row, &expected);
	for (i = 0; i < es->n; i++)
		strbuf_addf(&given, "%s ", compile_code_text(es->at[i].code));
	if (str_eq(strbuf_str(&expected), strbuf_str(&given)))
		return CONFORM_SAME;
	strbuf_addf(why, "expected: %s\ngiven: %s\n", expected.p, given.p);
	compile_errors_print(es, why);
	return CONFORM_DIFFERENT;
}

static enum conform_verdict
judge_closure(const struct conform_row *row,
    const pb_compiled_workflow_closure *cl, struct strbuf *why)
{
	c_strbuf struct strbuf digest = STRBUF_INIT;
	unsigned char hash[PBHASH_SIZE];
	ProtobufCMessage *expected;
	struct err e;

	if (!conform_true(row, 0, "ok")) {
		strbuf_adds(why, "expected: ");
		expected_codes(row, why);
		strbuf_adds(why, "\ngiven: no error");
		return CONFORM_DIFFERENT;
	}
	if (conform_message(row, 0, "closure",
	    &flyteidl__core__compiled_workflow_closure__descriptor, &expected,
	    &e) < 0) {
		strbuf_adds(why, e.msg);
		return CONFORM_DIFFERENT;
	}
	pbhash(&cl->base, hash);
	pbjson_add_base64(&digest, (struct str){ (char *)hash,
	    sizeof(hash) });
	if (str_eq(strbuf_str(&digest), conform_text(row, 0, "digest")) &&
	    wire_equal(expected, &cl->base))
		return CONFORM_SAME;
	strbuf_addf(why, "digest %s, expected " STR_FMT "\nexpected: ",
	    digest.p, STR_ARG(conform_text(row, 0, "digest")));
	pbjson_print(expected, 0, why);
	strbuf_adds(why, "\ngiven:    ");
	pbjson_print(&cl->base, 0, why);
	return CONFORM_DIFFERENT;
}

/* "=record": what ours says of it, in the form of a row. */
static enum conform_verdict
record(const struct conform_row *row, const pb_compiled_workflow_closure *cl,
    const struct compile_errors *es, struct strbuf *why)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	unsigned char hash[PBHASH_SIZE];
	struct json_writer w = json_writer(why, 0);

	json_object(&w);
	json_key(&w, "name");
	json_str(&w, conform_text(row, 0, "name"));
	json_key(&w, "ok");
	json_bool(&w, cl != NULL);
	json_key(&w, "codes");
	json_array(&w);
	for (size_t i = 0; i < es->n; i++)
		json_cstr(&w, compile_code_text(es->at[i].code));
	json_end(&w);
	if (cl == NULL) {
		compile_errors_print(es, &b);
		json_key(&w, "error");
		json_str(&w, strbuf_str(&b));
	} else {
		pbjson_print(&cl->base, 0, &b);
		json_key(&w, "closure");
		json_raw(&w, strbuf_str(&b));
		pbhash(&cl->base, hash);
		strbuf_reset(&b);
		pbjson_add_base64(&b, (struct str){ (char *)hash,
		    sizeof(hash) });
		json_key(&w, "digest");
		json_str(&w, strbuf_str(&b));
	}
	json_end(&w);
	return CONFORM_RECORDED;
}

enum conform_verdict
conform_compiler(const struct conform_row *row, struct strbuf *why)
{
	c_compile_errors struct compile_errors es = COMPILE_ERRORS_INIT;
	pb_compiled_workflow_closure *cl;
	struct compile_unit u;
	struct err e;
	int ok;

	if (read_unit(row, &u, &e) < 0) {
		strbuf_adds(why, e.msg);
		return CONFORM_DIFFERENT;
	}
	ok = compile(row, &u, &cl, &es) == 0;
	if (row->n_args > 0 && strcmp(row->args[0], "=record") == 0)
		return record(row, ok ? cl : NULL, &es, why);
	if (!ok)
		return judge_errors(row, &es, why);
	return judge_closure(row, cl, why);
}
