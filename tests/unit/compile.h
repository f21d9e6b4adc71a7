#ifndef UNIT_COMPILE_H
#define UNIT_COMPILE_H

/*
 * What tests of the compiler share: units as small as can be, written as JSON
 * with ' for ", beside some tasks and a launch plan that each of them has.
 */

/* Not each of them needs all of it. */
#pragma GCC diagnostic ignored "-Wunused-function"

#include "base/err.h"
#include "compile/compile.h"
#include "compile/interface.h"
#include "idl/pbjson.h"

static struct arena arena;

/* JSON with ' for ". */
static struct str
quoted(const char *text)
{
	char *s = arena_strdup(&arena, text), *p;

	for (p = s; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	return str_of(s);
}

static ProtobufCMessage *
read_json(const ProtobufCMessageDescriptor *d, const char *json)
{
	ProtobufCMessage *m = NULL;
	struct err e;

	if (pbjson_parse(d, quoted(json), 0, &arena, &m, &e) < 0) {
		printf("%s\n%s\n", json, e.msg);
		abort();
	}
	return m;
}

#define INT	"{'simple':'INTEGER'}"
#define STRING	"{'simple':'STRING'}"
#define FLOAT	"{'simple':'FLOAT'}"
#define LIST(t)	"{'collectionType':" t "}"
#define MAPT(t)	"{'mapValueType':" t "}"
#define UNION(t)	"{'unionType':{'variants':[" t "]}}"
#define COLOUR	"{'enumType':{'values':['red','green']}}"
#define POINT	"{'simple':'STRUCT','structure':{'dataclassType':{'x':" INT "}}}"
#define VAR(n, t)	"'" n "':{'type':" t "}"
#define IFACE(i, o)	"'interface':{'inputs':{'variables':{" i		\
	"}},'outputs':{'variables':{" o "}}}"
#define TASK(n, i, o)	"{'id':{'resourceType':'TASK','name':'" n "'},"	\
	"'type':'t'," IFACE(i, o) ",'container':{'image':'i','args':['x']}}"

static const char *const task_texts[] = {
	TASK("none", "", ""),
	TASK("src", "", VAR("o", INT)),
	TASK("inc", VAR("a", INT), VAR("o", INT)),
	TASK("two", VAR("a", INT) "," VAR("b", STRING),
	    VAR("o", INT) "," VAR("s", STRING)),
	TASK("lst", VAR("xs", LIST(INT)), VAR("o", LIST(INT))),
	TASK("enm", VAR("e", COLOUR), ""),
	TASK("flt", VAR("f", FLOAT), VAR("o", FLOAT)),
	TASK("uni", VAR("u", UNION(LIST(INT) "," LIST(STRING))), ""),
	TASK("same", VAR("u", UNION(LIST(INT) ","
	    "{'collectionType':" INT ",'structure':{'tag':'t'}}")), ""),
	TASK("opt", VAR("u", UNION(INT ",{'simple':'NONE'}")), ""),
	TASK("pnt", "", VAR("p", POINT)),
};
#define N_TASKS	ARRAY_LEN(task_texts)

#define REF(n)	"'taskNode':{'referenceId':{'resourceType':'TASK','name':'" n "'}}"
#define NODE(id, task, in)	"{'id':'" id "'," REF(task) ",'inputs':[" in "]}"
#define BIND(v, b)	"{'var':'" v "','binding':" b "}"
#define PROMISE(n, v)	"{'promise':{'nodeId':'" n "','var':'" v "'}}"
#define ONE	"{'scalar':{'primitive':{'integer':'1'}}}"
#define TEXT(s)	"{'scalar':{'primitive':{'stringValue':'" s "'}}}"
#define ITEMS(l)	"{'collection':{'bindings':[" l "]}}"
#define FLOW(i, o, nodes, outs)	"{'id':{'resourceType':'WORKFLOW',"	\
	"'name':'w'}," IFACE(i, o) ",'nodes':[" nodes "],'outputs':[" outs "]}"
#define NODES(nodes)	FLOW("", "", nodes, "")

static struct compile_launch_plan plan;
static unsigned flags;	/* of the next units */

static void
make_plan(void)
{
	pb_typed_interface *f = (pb_typed_interface *)read_json(
	    &flyteidl__core__typed_interface__descriptor,
	    "{'inputs':{'variables':{'r':{'type':" INT "},'d':{'type':" INT
	    "},'f':{'type':" INT "}}},'outputs':{'variables':{'o':{'type':"
	    INT "}}}}");
	pb_admin_launch_plan_spec *s = (pb_admin_launch_plan_spec *)read_json(
	    &flyteidl__admin__launch_plan_spec__descriptor,
	    "{'defaultInputs':{'parameters':{'d':{'default':{'scalar':"
	    "{'primitive':{'integer':'1'}}},'var':{'type':" INT "}}}},"
	    "'fixedInputs':{'literals':{'f':{'scalar':{'primitive':"
	    "{'integer':'2'}}}}}}");
	c_compile_errors struct compile_errors es = COMPILE_ERRORS_INIT;
	pb_parameter_map *in = NULL;
	pb_variable_map *out = NULL;

	CHECK_INT(interface_launch_plan(s, f, &arena, &in, &out, &es), 0);
	plan.id = (pb_identifier *)read_json(
	    &flyteidl__core__identifier__descriptor,
	    "{'resourceType':'LAUNCH_PLAN','name':'l'}");
	plan.expected_inputs = in;
	plan.expected_outputs = out;
}

static int
compile_in(const char *flow, const char *const *subs, size_t n_subs,
    pb_compiled_workflow_closure **ret, struct compile_errors *es)
{
	pb_task_template *tasks[N_TASKS];
	pb_workflow_template **sub = arena_new_n(&arena, n_subs + 1,
	    pb_workflow_template *);
	struct compile_unit u = { NULL, sub, n_subs, tasks, N_TASKS, &plan,
	    1, flags };
	size_t i;

	make_plan();
	for (i = 0; i < N_TASKS; i++)
		tasks[i] = (pb_task_template *)read_json(
		    &flyteidl__core__task_template__descriptor,
		    task_texts[i]);
	for (i = 0; i < n_subs; i++)
		sub[i] = (pb_workflow_template *)read_json(
		    &flyteidl__core__workflow_template__descriptor, subs[i]);
	u.primary = (pb_workflow_template *)read_json(
	    &flyteidl__core__workflow_template__descriptor, flow);
	u.tasks = arena_new_n(&arena, N_TASKS, pb_task_template *);
	memcpy((void *)(uintptr_t)u.tasks, tasks, sizeof(tasks));
	return compile_workflow(&u, &arena, ret, es);
}

/* The codes, space between; "" if it compiles. */
static const char *
codes_with(const char *flow, const char *const *subs, size_t n_subs)
{
	c_compile_errors struct compile_errors es = COMPILE_ERRORS_INIT;
	c_strbuf struct strbuf b = STRBUF_INIT;
	pb_compiled_workflow_closure *cl;
	size_t i;
	int rc = compile_in(flow, subs, n_subs, &cl, &es);

	CHECK_INT(rc < 0, es.n > 0);
	for (i = 0; i < es.n; i++)
		strbuf_addf(&b, "%s%s", i > 0 ? " " : "",
		    compile_code_text(es.at[i].code));
	return arena_strdup(&arena, b.p);
}

#define CODES(flow, expected)	CHECK_STR(codes_with(flow, NULL, 0), expected)
#define FLOWS(flow, expected, ...)	do {				\
	static const char *const subs_[] = { __VA_ARGS__ };		\
	CHECK_STR(codes_with(flow, subs_, ARRAY_LEN(subs_)), expected);	\
} while (0)

#define COND(l, r)	"{'comparison':{'leftValue':" l ",'rightValue':" r "}}"
#define CASE(c, n)	"{'condition':" c ",'thenNode':" n "}"
#define BRANCH(in, ifelse)	"{'id':'b','inputs':[" in "],'branchNode':" \
	"{'ifElse':{" ifelse "}}}"
#define P1	"{'primitive':{'integer':'1'}}"
#define PF	"{'primitive':{'floatValue':1}}"
#define X	"{'var':'x'}"
#define SRC	NODE("t", "src", "")
#define ELSE	"'elseNode':" NODE("e", "src", "")
#define BX	BIND("x", ONE)

#define SUBREF(id, n)	"{'id':'" id "','workflowNode':{'subWorkflowRef':"	\
	"{'resourceType':'WORKFLOW','name':'" n "'}}}"
#define SUB(n, nodes)	"{'id':{'resourceType':'WORKFLOW','name':'" n "'},"	\
	IFACE("", "") ",'nodes':[" nodes "]}"
#define PLANREF(in)	"{'id':'n','inputs':[" in "],'workflowNode':"		\
	"{'launchplanRef':{'resourceType':'LAUNCH_PLAN','name':'l'}}}"

#endif
