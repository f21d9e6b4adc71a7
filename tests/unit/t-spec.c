#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/limits.h"
#include "idl/literal.h"
#include "idl/pbjson.h"
#include "idl/type.h"
#include "idl/wire.h"
#include "spec/lower.h"
#include "spec/spec.h"
#include "sys/file.h"

/* Run from the top of the repository; with UPDATE_GOLDEN set the goldens are
 * written instead of compared. */
#define GOLDENS	"tests/bats/spec"

struct loaded {
	struct arena	 arena;
	struct spec	 spec;
	struct diags	 ds;
	struct strbuf	 out;	/* the diagnostics */
	int		 r;
};

static void
load(struct loaded *l, const char *name, struct str text,
    const struct spec_options *over)
{
	struct spec_options opt = { .project = "p", .domain = "d",
	    .version = "v" };

	if (over != NULL)
		opt = *over;
	memset(l, 0, sizeof(*l));
	strbuf_init(&l->out);
	opt.form = spec_form_of(name);
	l->r = spec_load(name, text, &opt, &l->arena, &l->spec, &l->ds);
	diags_print(&l->ds, &l->out);
	CHECK_INT(l->r < 0, l->ds.n > 0);
}

static void
unload(struct loaded *l)
{
	diags_release(&l->ds);
	spec_release(&l->spec);
	arena_release(&l->arena);
	strbuf_release(&l->out);
}

/* ---- goldens ------------------------------------------------------------ */

static int seen[DIAG_MAX];
static unsigned goldens;

static void
compare(const char *path, const struct strbuf *given)
{
	struct strbuf old = STRBUF_INIT;
	struct err e;

	goldens++;
	if (getenv("UPDATE_GOLDEN") != NULL) {
		CHECK(file_replace(AT_FDCWD, path, given->p, given->n, 0,
		    &e) == 0);
		return;
	}
	if (file_read(AT_FDCWD, path, MAX_SPEC_BYTES, &old, &e) < 0)
		strbuf_adds(&old, e.msg);
	if (!str_eq(strbuf_str(&old), strbuf_str(given)))
		printf("%s:\n", path);
	CHECK_STR(given->p, old.p);
	strbuf_release(&old);
}

/* Every entity can be written and read back. */
static void
check_wire(const struct entity *e)
{
	struct strbuf b = STRBUF_INIT;
	struct arena a = ARENA_INIT;
	ProtobufCMessage *m;
	struct err err;

	wire_pack(entity_message(e), &b);
	if (wire_unpack_strict(entity_descriptor(e->kind), strbuf_str(&b), &a,
	    &m, &err) < 0)
		printf("not ok wire: %s\n", err.msg);
	else
		CHECK(wire_equal(m, entity_message(e)));
	arena_release(&a);
	strbuf_release(&b);
}

static void
golden(const char *name)
{
	struct strbuf path = STRBUF_INIT, text = STRBUF_INIT,
	    json = STRBUF_INIT;
	char *dir = realpath(GOLDENS, NULL);
	struct spec_options opt = { .project = "p", .domain = "d",
	    .version = "v", .dir = dir };
	struct loaded l;
	struct err e;
	size_t i;

	strbuf_addf(&path, GOLDENS "/%s", name);
	CHECK(file_read(AT_FDCWD, path.p, MAX_SPEC_BYTES, &text, &e) == 0);
	load(&l, name, strbuf_str(&text), &opt);
	for (i = 0; i < l.ds.n; i++)
		seen[l.ds.at[i].code] = 1;
	for (i = 0; l.r == 0 && i < l.spec.n; i++) {
		check_wire(&l.spec.at[i].entity);
		pbjson_print(entity_message(&l.spec.at[i].entity),
		    PBJSON_INDENT, &json);
	}
	if (str_ends(strbuf_str(&path), ".yaml"))
		strbuf_setlen(&path, path.n - (sizeof(".yaml") - 1));
	strbuf_adds(&path, l.r < 0 ? ".diag" : ".lowered");
	compare(path.p, l.r < 0 ? &l.out : &json);
	unload(&l);
	free(dir);
	strbuf_release(&path);
	strbuf_release(&text);
	strbuf_release(&json);
}

static int
is_input(const struct dirent *d)
{
	struct str s = str_of(d->d_name);

	return str_ends(s, ".yaml") || str_ends(s, ".sh") ||
	    str_ends(s, ".sql") || str_ends(s, ".json");
}

TEST(goldens)
{
	struct dirent **list;
	int i, n = scandir(GOLDENS, &list, is_input, alphasort);

	CHECK(n > 0);
	for (i = 0; i < n; i++) {
		golden(list[i]->d_name);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	CHECK(goldens > 40);
}

TEST(every_code_has_a_golden)
{
	int code;

	/* those behind it come later: tests/bats/spec.bats */
	for (code = 0; code <= DIAG_UNSUPPORTED; code++)
		if (!seen[code] && code != DIAG_TOO_LARGE) {
			printf("no golden for %s\n",
			    diag_name((enum diag_code)code));
			CHECK(seen[code]);
		}
}

/* ---- entities ----------------------------------------------------------- */

static const char two[] =
    "tasks:\n"
    "  t:\n"
    "    inputs: {n: int}\n"
    "    outputs: {o: int}\n"
    "    stdout: o\n"
    "    command: [expr, '{{.inputs.n}}', +, '1']\n"
    "workflows:\n"
    "  w:\n"
    "    inputs: {n: int}\n"
    "    nodes:\n"
    "      a: {task: t, with: {n: $n}}\n"
    "      b: {task: t, with: {n: $a.o}}\n"
    "    outputs: {o: $b.o}\n";

TEST(version_is_one_for_all)
{
	struct spec_options opt = { .project = "p", .domain = "d",
	    .version = "v7" };
	const struct spec_entity *w;
	struct loaded l;

	load(&l, "x.yaml", STR(two), &opt);
	CHECK_INT(l.spec.n, 3);
	w = spec_find(&l.spec, ENTITY_ANY, "w");
	CHECK(w != NULL && w->id.kind == ENTITY_WORKFLOW);
	CHECK_STR(w->id.version, "v7");
	CHECK_STR(w->entity.workflow->template_->nodes[0]->task_node->
	    reference_id->version, "v7");
	CHECK_STR(l.spec.at[2].entity.plan->spec->workflow_id->version, "v7");
	CHECK(l.spec.at[2].implied);
	unload(&l);
}

/* The text that a span is of. */
static const char *
text_at(const struct loaded *l, struct span at)
{
	static char buf[80];

	snprintf(buf, sizeof(buf), "%.*s", (int)(at.to - at.from),
	    l->spec.tree.source.text.p + at.from);
	return buf;
}

TEST(spans)
{
	const struct spec_entity *w;
	struct loaded l;

	load(&l, "x.yaml", STR(two), NULL);
	w = spec_find(&l.spec, ENTITY_WORKFLOW, "w");
	CHECK_STR(text_at(&l, spec_span_of(&l.spec, w, NULL, NULL)), "w");
	CHECK_STR(text_at(&l, spec_span_of(&l.spec, w, "b", NULL)), "b");
	CHECK_STR(text_at(&l, spec_span_of(&l.spec, w, "b", "n")), "$a.o");
	CHECK_STR(text_at(&l, spec_span_of(&l.spec, w, "b", "zz")), "b");
	CHECK_STR(text_at(&l, spec_span_of(&l.spec, w, "end-node", "o")),
	    "$b.o");
	CHECK_STR(text_at(&l, spec_span_of(&l.spec, w, "start-node", "n")),
	    "int");
	CHECK_STR(text_at(&l, spec_span_of(&l.spec, w, "zz", "n")), "w");
	unload(&l);
}

TEST(spans_of_cases)
{
	static const char text[] =
	    "tasks:\n  t: {inputs: {n: int}, run: 'true'}\n"
	    "workflows:\n  w:\n    inputs: {n: int}\n    nodes:\n"
	    "      s-x:\n        switch:\n"
	    "          - {if: $n > 1, task: t, with: {n: $n}}\n"
	    "          - {task: t, with: {n: 5}}\n";
	const struct spec_entity *w;
	struct loaded l;

	load(&l, "x.yaml", STR(text), NULL);
	CHECK_STR(l.out.p, "");
	w = spec_find(&l.spec, ENTITY_WORKFLOW, "w");
	CHECK_STR(text_at(&l, spec_span_of(&l.spec, w, "s-x", NULL)), "s-x");
	CHECK_STR(text_at(&l, spec_span_of(&l.spec, w, "s-x-n1", "n")), "5");
	CHECK_STR(text_at(&l, spec_span_of(&l.spec, w, "s-x-n0", NULL)),
	    "{if: $n > 1, task: t, with: {n: $n}}");
	CHECK_STR(text_at(&l, spec_span_of(&l.spec, w, "s-x-n7", NULL)), "w");
	unload(&l);
}

/* What is faulty does not hide what is not. */
TEST(good_ones_stay)
{
	static const char text[] =
	    "tasks:\n  good: {run: 'true'}\n  bad: {rum: 'true'}\n"
	    "workflows:\n"
	    "  wg: {nodes: {a: {task: good}}}\n"
	    "  wb: {nodes: {a: {task: bad}}}\n";
	struct loaded l;

	load(&l, "x.yaml", STR(text), NULL);
	CHECK_INT(l.ds.n, 2);
	CHECK(spec_find(&l.spec, ENTITY_TASK, "good") != NULL);
	CHECK(spec_find(&l.spec, ENTITY_TASK, "bad") == NULL);
	CHECK(!spec_find(&l.spec, ENTITY_WORKFLOW, "wg")->faulty);
	CHECK(spec_find(&l.spec, ENTITY_WORKFLOW, "wb")->faulty);
	unload(&l);
}

/* ---- auto versions ------------------------------------------------------ */

static const char *
cache_version(const char *text)
{
	static char buf[80];
	struct loaded l;

	load(&l, "x.yaml", str_of(text), NULL);
	CHECK_STR(l.out.p, "");
	buf[0] = '\0';
	if (l.spec.n > 0)
		snprintf(buf, sizeof(buf), "%s", l.spec.at[0].entity.task->
		    template_->metadata->discovery_version);
	unload(&l);
	return buf;
}

#define AUTO(keys)	"tasks: {t: {outputs: {o: int}, cache: auto, " keys "}}"

TEST(auto_version)
{
	char first[80];

	snprintf(first, sizeof(first), "%s",
	    cache_version(AUTO("run: echo")));
	CHECK(strncmp(first, "auto-", 5) == 0 && strlen(first) == 37);
	CHECK_STR(cache_version(AUTO("retries: 3, run: echo")), first);
	CHECK(strcmp(cache_version(AUTO("run: echo 1")), first) != 0);
	CHECK(strcmp(cache_version(AUTO("run: echo, image: x")), first) != 0);
	CHECK(strcmp(cache_version(AUTO("run: echo, env: {A: b}")),
	    first) != 0);
	CHECK(strcmp(cache_version(AUTO("run: echo, shell: [bash, -c]")),
	    first) != 0);
	CHECK(strcmp(cache_version(AUTO("command: [echo]")), first) != 0);
}

/* ---- names that are not in the file ------------------------------------- */

struct outside {
	struct arena	*a;
	pb_typed_interface *interface;
	pb_task_metadata *metadata;
};

static int
resolve(void *arg, enum entity_kind kind, struct str ref,
    struct spec_target *ret, struct err *e)
{
	struct outside *o = arg;
	struct entity_id id = { .kind = kind, .project = "other",
	    .domain = "d2", .name = "far", .version = "v3" };

	if (kind != ENTITY_TASK || !str_is(ref, "other/d2/far@v3"))
		return err_set(e, ERR_MISSING, "no such thing");
	*ret = (struct spec_target){ .id = entity_id_pb(&id, o->a),
	    .interface = o->interface, .metadata = o->metadata };
	return 0;
}

TEST(outside)
{
	static const char text[] =
	    "workflows:\n  w:\n    nodes:\n"
	    "      a: {task: other/d2/far@v3, with: {n: 7}}\n"
	    "      b: {task: far, with: {n: 7}}\n";
	struct arena a = ARENA_INIT;
	struct outside o = { .a = &a };
	struct spec_options opt = { .project = "p", .domain = "d",
	    .version = "v", .resolve = resolve, .resolve_arg = &o };
	struct spec_options yes = opt;
	struct loaded l;

	o.interface = PB_NEW(&a, flyteidl__core__typed_interface);
	o.metadata = PB_NEW(&a, flyteidl__core__task_metadata);
	o.interface->inputs = PB_NEW(&a, flyteidl__core__variable_map);
	load(&l, "x.yaml", STR(text), &yes);
	CHECK_INT(l.ds.n, 2);
	CHECK(strstr(l.out.p, "what node \"a\" runs has no input \"n\""));
	CHECK(strstr(l.out.p, "no task is called \"far\" [bad-reference]"));
	CHECK(strstr(l.out.p, "hint: no such thing"));
	unload(&l);
	arena_release(&a);
}

/* ---- scripts ------------------------------------------------------------ */

TEST(script_forms)
{
	CHECK(spec_is_script(STR("#!/bin/sh\n#% inputs: {n: int}\n")));
	CHECK(spec_is_script(STR("// x\n\n//% inputs: {}\n")));
	CHECK(spec_is_script(STR("--% outputs: {}")));
	CHECK(spec_is_script(STR(";; x\n;% a: b")));
	CHECK(!spec_is_script(STR("#!/bin/sh\necho\n#% inputs: {n: int}\n")));
	CHECK(!spec_is_script(STR("tasks: {}\n")));
	CHECK(!spec_is_script(STR("")));
}

TEST(script)
{
	static const char text[] =
	    "#!/bin/sh\n# squares\n"
	    "#% inputs: {n: int}\n#% outputs:\n#%   out: int\n"
	    "# more\n#% stdout: out\n"
	    "echo $((n * n))\n";
	const pb_task_template *t;
	struct loaded l;
	size_t i;
	int found = 0;

	load(&l, "dir/square.sh", STR(text), NULL);
	CHECK_STR(l.out.p, "");
	CHECK_INT(l.spec.n, 1);
	CHECK_STR(l.spec.at[0].id.name, "square");
	t = l.spec.at[0].entity.task->template_;
	for (i = 0; i < t->n_config; i++)
		if (strcmp(t->config[i]->key, LOWER_SCRIPT) == 0) {
			CHECK_STR(t->config[i]->value, text);
			found = 1;
		}
	CHECK(found);
	CHECK_STR(t->container->args[0], text);
	unload(&l);
}

TEST(script_faults_point_into_it)
{
	static const char text[] = "#!/bin/sh\n#% inputs: {n: imt}\necho\n";
	struct loaded l;

	load(&l, "s.sh", STR(text), NULL);
	CHECK(strncmp(l.out.p, "s.sh:2:16: error: bad type: ", 28) == 0);
	CHECK(strstr(l.out.p, "  #% inputs: {n: imt}\n"));
	unload(&l);
}

/* ---- bad input ---------------------------------------------------------- */

TEST(many_faults_are_counted)
{
	struct strbuf b = STRBUF_INIT;
	struct loaded l;
	int i;

	strbuf_adds(&b, "tasks:\n");
	for (i = 0; i < 200; i++)
		strbuf_addf(&b, "  t%d: {run: a, rum: b}\n", i);
	load(&l, "x.yaml", strbuf_str(&b), NULL);
	CHECK_INT(l.ds.n, MAX_DIAGS);
	CHECK_INT(l.ds.more, 150);
	unload(&l);
	strbuf_release(&b);
}

/* A long chain of "and" stays flat enough for the wire. */
TEST(long_condition)
{
	struct strbuf b = STRBUF_INIT;
	struct loaded l;
	int i;

	strbuf_adds(&b, "tasks: {t: {run: 'true'}}\nworkflows:\n  w:\n"
	    "    inputs: {n: int}\n    nodes:\n      s:\n        switch:\n"
	    "          - task: t\n            if: $n > 0");
	for (i = 0; i < 1000; i++)
		strbuf_addf(&b, " and $n != %d", i);
	strbuf_adds(&b, "\n          - {error: no}\n");
	load(&l, "x.yaml", strbuf_str(&b), NULL);
	CHECK_STR(l.out.p, "");
	for (i = 0; i < (int)l.spec.n; i++)
		check_wire(&l.spec.at[i].entity);
	unload(&l);
	strbuf_release(&b);
}

/* Approvals that pass each other's values on, in the wrong order. */
TEST(long_chain_of_gates)
{
	struct strbuf b = STRBUF_INIT;
	struct loaded l;
	int i;

	strbuf_adds(&b, "workflows:\n  w:\n    inputs: {n: int}\n"
	    "    nodes:\n");
	for (i = 0; i < 2000; i++)
		strbuf_addf(&b, "      g%d: {gate: approve, with: {x: $g%d.x}"
		    "}\n", i, i + 1);
	strbuf_adds(&b, "      g2000: {gate: approve, with: {x: $n}}\n");
	load(&l, "x.yaml", strbuf_str(&b), NULL);
	CHECK(strstr(l.out.p, "[too-deep]"));
	unload(&l);
	strbuf_release(&b);
}

/* ---- maps --------------------------------------------------------------- */

TEST(element_of_a_mapped_task)
{
	static const char text[] =
	    "tasks:\n  t: {inputs: {a: int, b: list(str)}, outputs: {o: int},"
	    " run: echo}\n"
	    "workflows:\n  w:\n    inputs: {l: list(int), s: list(str)}\n"
	    "    nodes: {m: {map: t, with: {a: $l, b: $s}, "
	    "min_successes: 1}}\n";
	struct strbuf b = STRBUF_INIT;
	const pb_task_template *t;
	struct loaded l;

	load(&l, "x.yaml", STR(text), NULL);
	CHECK_STR(l.out.p, "");
	t = l.spec.at[1].entity.task->template_;
	CHECK_STR(t->id->name, "t.map.b.partial");
	type_add_variables(&b, t->interface->inputs);
	strbuf_adds(&b, " -> ");
	type_add_variables(&b, t->interface->outputs);
	CHECK_STR(b.p, "a: list(int), b: list(str) -> o: list(int?)");
	t = lower_element(t, &l.arena);
	strbuf_reset(&b);
	type_add_variables(&b, t->interface->inputs);
	strbuf_adds(&b, " -> ");
	type_add_variables(&b, t->interface->outputs);
	CHECK_STR(b.p, "a: int, b: list(str) -> o: int?");
	t = l.spec.at[0].entity.task->template_;
	CHECK(lower_element(t, &l.arena) == t);
	unload(&l);
	strbuf_release(&b);
}

/* ---- dynamic specs ------------------------------------------------------ */

TEST(dynamic)
{
	static const char text[] =
	    "tasks:\n  t: {inputs: {n: int}, outputs: {o: int}, run: echo}\n"
	    "workflows:\n  sub: {nodes: {x: {task: t, with: {n: 5}}}}\n"
	    "nodes:\n  a: {task: t, with: {n: 1}}\n"
	    "  b: {task: t, with: {n: $a.o}}\n  c: {workflow: sub}\n"
	    "outputs: {r: $b.o, k: 7}\n";
	struct arena a = ARENA_INIT;
	struct diags ds = DIAGS_INIT;
	struct strbuf b = STRBUF_INIT;
	struct spec_options opt = { .project = "p", .domain = "d",
	    .version = "v" };
	pb_dynamic_job_spec *job = NULL;
	struct loaded parent;
	struct spec spec;

	load(&parent, "x.yaml", STR("tasks: {t: {outputs: {k: int}, "
	    "run: echo, dynamic: true}}"), NULL);
	opt.outputs = parent.spec.at[0].entity.task->template_->interface->
	    outputs;
	CHECK_INT(spec_load_dynamic("x", STR(text), &opt, &a, &spec, &job,
	    &ds), 0);
	diags_print(&ds, &b);
	CHECK_STR(b.p, "");
	if (job != NULL) {
		CHECK_INT(job->n_nodes, 3);
		CHECK_INT(job->min_successes, 3);
		CHECK_INT(job->n_tasks, 1);
		CHECK_INT(job->n_subworkflows, 1);
		CHECK_INT(job->n_outputs, 2);
	}
	spec_release(&spec);
	CHECK_INT(spec_load_dynamic("x", STR("nodes: {}\ninputs: {n: int}\n"),
	    &opt, &a, &spec, &job, &ds), -1);
	diags_print(&ds, &b);
	CHECK(strstr(b.p, "a dynamic spec has no \"inputs\""));
	CHECK(strstr(b.p, "nodes: a workflow has at least one"));
	diags_release(&ds);
	spec_release(&spec);
	unload(&parent);
	arena_release(&a);
	strbuf_release(&b);
}
