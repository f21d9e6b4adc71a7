/*
 * The compiler: each code from a unit as small as can be, places, and
 * properties over random graphs.  Whole closures are judged by conform.
 */

#include "unit.h"

#include "base/err.h"
#include "compile/compile.h"
#include "compile/interface.h"
#include "compile/quantity.h"
#include "idl/pbjson.h"
#include "idl/wire.h"

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

TEST(names_and_values)
{
	CODES(NODES(NODE("n", "none", "")), "");
	CODES(NODES(""), "NoNodesFound");
	CODES(NODES("{'id':'n'}"), "ValueRequired");
	CODES(NODES("{'id':'n','taskNode':{}}"), "ValueRequired");
	CODES(NODES(NODE("", "none", "")), "ValueRequired");
	CODES(NODES(NODE("n", "zz", "")), "TaskReferenceNotFound");
	CODES(NODES(NODE("n", "inc", "{'var':'a'}")),
	    "ParameterNotBound ValueRequired");
	CODES(NODES(NODE("n", "inc", "")), "ParameterNotBound");
	CODES(NODES(NODE("n", "opt", "")), "");
	CODES(NODES(NODE("n", "inc", BIND("a", ONE) "," BIND("a", ONE))),
	    "ParameterBoundMoreThanOnce");
	CODES(NODES(NODE("n", "none", BIND("a", ONE))),
	    "VariableNameNotFound");
	CODES("{'interface':{'inputs':{'variables':{'a':{}}}},'nodes':["
	    NODE("n", "none", "") "]}", "ValueRequired");
	/* A quirk: the second is dropped. */
	CODES(NODES(NODE("n", "none", "") "," NODE("n", "none", "")), "");
	arena_release(&arena);
}

TEST(promises)
{
	CODES(NODES(NODE("n", "inc", BIND("a", PROMISE("zz", "o")))),
	    "NodeReferenceNotFound ParameterNotBound");
	CODES(NODES(NODE("m", "inc", BIND("a", PROMISE("n", "zz"))) ","
	    NODE("n", "src", "")), "ParameterNotBound VariableNameNotFound");
	CODES(NODES(NODE("n", "src", "") ","
	    NODE("m", "inc", BIND("a", PROMISE("n", "o-p")))), "SyntaxError");
	CODES(NODES(NODE("n", "src", "") ","
	    NODE("m", "inc", BIND("a", PROMISE("n", "[x].o")))),
	    "SyntaxError");
	CODES(NODES(NODE("n", "src", "") ","
	    NODE("m", "inc", BIND("a", PROMISE("n", "[0].o")))),
	    "MismatchingTypes");
	CODES(FLOW(VAR("xs", LIST(INT)), "",
	    NODE("n", "inc", BIND("a", PROMISE("", "[1].xs"))), ""), "");
	CODES(NODES(NODE("n", "src", "") ","
	    NODE("m", "flt", BIND("f", PROMISE("n", "o")))),
	    "MismatchingTypes");
	CODES(NODES(NODE("n", "pnt", "") "," NODE("m", "inc", BIND("a",
	    "{'promise':{'nodeId':'n','var':'p','attrPath':"
	    "[{'stringValue':'x'}]}}"))), "");
	CODES(NODES(NODE("n", "pnt", "") "," NODE("m", "inc", BIND("a",
	    "{'promise':{'nodeId':'n','var':'p','attrPath':"
	    "[{'stringValue':'y'}]}}"))), "FieldNotFound");
	arena_release(&arena);
}

TEST(bindings)
{
	CODES(NODES(NODE("n", "inc", BIND("a", "{}"))),
	    "MismatchingBindings");
	CODES(NODES(NODE("n", "inc", BIND("a", ITEMS(ONE)))),
	    "MismatchingBindings");
	CODES(NODES(NODE("n", "lst", BIND("xs", "{'map':{'bindings':{'a':"
	    ONE "}}}"))), "MismatchingBindings");
	CODES(NODES(NODE("n", "lst", BIND("xs", ITEMS(ONE "," TEXT("x"))))),
	    "MismatchingTypes");
	/* Two errors that read the same are one, others are two. */
	CODES(NODES(NODE("n", "lst", BIND("xs", ITEMS(TEXT("y") ","
	    TEXT("x"))))), "MismatchingTypes");
	CODES(NODES(NODE("n", "lst", BIND("xs", ITEMS(TEXT("y") ","
	    "{'scalar':{'noneType':{}}}")))),
	    "MismatchingTypes MismatchingTypes");
	CODES(NODES(NODE("n", "enm", BIND("e", TEXT("red")))), "");
	CODES(NODES(NODE("n", "enm", BIND("e", TEXT("blue")))),
	    "IllegalEnumValue");
	CODES(NODES(NODE("n", "enm", BIND("e", ONE))),
	    "IllegalEnumValue MismatchingTypes");
	CODES(NODES(NODE("n", "uni", BIND("u", ITEMS(ONE)))), "");
	CODES(NODES(NODE("n", "uni", BIND("u", ITEMS("")))),
	    "AmbiguousBindingUnionValue");
	CODES(NODES(NODE("n", "opt", BIND("u", ITEMS(ONE)))),
	    "IncompatibleBindingUnionValue");
	CODES(NODES(NODE("n", "inc", BIND("a",
	    "{'scalar':{'primitive':{}}}"))), "MismatchingTypes");
	CODES(NODES(NODE("n", "inc", BIND("a", "{'scalar':{}}"))),
	    "UnrecognizedValue");
	arena_release(&arena);
}

TEST(aliases)
{
#define ALIASED(al)	"{'id':'n'," REF("src") ",'outputAliases':[" al "]}"
#define USE(v)	NODE("m", "inc", BIND("a", PROMISE("n", v)))
	CODES(NODES(ALIASED("{'var':'o','alias':'q'}") "," USE("q")), "");
	CODES(NODES(ALIASED("{'var':'o','alias':'q'}") "," USE("o")),
	    "ParameterNotBound VariableNameNotFound");
	CODES(NODES(ALIASED("{'var':'o','alias':'q'},"
	    "{'var':'o','alias':'r'}")), "DuplicateAlias");
	CODES(NODES(ALIASED("{'var':'z','alias':'q'}")),
	    "ParameterNotBound");
	arena_release(&arena);
}

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

TEST(branches)
{
	CODES(NODES(BRANCH(BX, "'case':" CASE(COND(X, P1), SRC) "," ELSE)),
	    "");
	CODES(NODES(BRANCH(BX, "'case':" CASE(COND(X, P1), SRC))),
	    "BranchNodeHasNoDefault");
	CODES(NODES(BRANCH(BX, "'case':{'thenNode':" SRC "}," ELSE)),
	    "BranchNodeHasNoCondition");
	CODES(NODES(BRANCH(BX, "'case':{'condition':" COND(P1, P1) "}," ELSE)),
	    "BranchNodeIdNotFound ValueRequired");
	CODES(NODES(BRANCH(BX, "'case':" CASE(COND(X, PF), SRC) "," ELSE)),
	    "MismatchingTypes");
	CODES(NODES(BRANCH("", "'case':" CASE(COND(X, P1), SRC) "," ELSE)),
	    "VariableNameNotFound");
	CODES(NODES(BRANCH(BX, "'case':" CASE(COND(X, "{'scalar':"
	    "{'noneType':{}}}"), SRC) "," ELSE)), "ValueRequired");
	CODES(NODES(BRANCH(BX, "'case':" CASE("{}", SRC) "," ELSE)),
	    "ValueRequired");
	/* Outputs of one name and two types; the branch has no interface
	 * then, so its condition's variable is missed too. */
	CODES(NODES(BRANCH(BX, "'case':" CASE(COND(X, P1), SRC)
	    ",'elseNode':" NODE("e", "flt", BIND("f", "{'scalar':"
	    "{'primitive':{'floatValue':1}}}")))),
	    "MismatchingTypes ValueRequired");
	/* What comes later in the list is not there for a child. */
	CODES(NODES(NODE("m", "src", "") "," BRANCH(BX, "'case':"
	    CASE(COND(X, P1), NODE("t", "inc", BIND("a", PROMISE("m", "o"))))
	    "," ELSE)), "");
	CODES(NODES(BRANCH(BX, "'case':" CASE(COND(X, P1), NODE("t", "inc",
	    BIND("a", PROMISE("m", "o")))) "," ELSE) ","
	    NODE("m", "src", "")),
	    "NodeReferenceNotFound ParameterNotBound");
	arena_release(&arena);
}

TEST(gates_and_maps)
{
#define GATE(in, g)	"{'id':'g','inputs':[" in "],'gateNode':{" g "}}"
#define MAPPED(n, in)	"{'id':'m','inputs':[" in "],'arrayNode':{'node':" n "}}"
	CODES(NODES(GATE("", "")), "NoConditionFound");
	CODES(NODES(GATE("", "'signal':{}")), "ValueRequired ValueRequired");
	CODES(NODES(GATE("", "'sleep':{}")), "");
	CODES(NODES(GATE(BIND("o", ONE), "'approve':{}") ","
	    NODE("n", "inc", BIND("a", PROMISE("g", "o")))), "");
	CODES(NODES(GATE("", "'signal':{'type':" INT
	    ",'outputVariableName':'v'}") ","
	    NODE("n", "inc", BIND("a", PROMISE("g", "v")))), "");
	CODES(NODES(MAPPED(NODE("i", "lst", ""), BIND("xs", ITEMS(ONE)))),
	    "");
	CODES(NODES(MAPPED(NODE("i", "inc", ""), BIND("a", ITEMS(ONE)))),
	    "MismatchingBindings");
	arena_release(&arena);
}

#define AFTER(id, up)	"{'id':'" id "'," REF("none") ",'upstreamNodeIds':[" up "]}"

TEST(graph)
{
	CODES(NODES(AFTER("a", "'a'")), "UnreachableNodes");
	CODES(NODES(AFTER("a", "'zz'")), "UnreachableNodes");
	CODES(NODES(AFTER("a", "'b'") "," AFTER("b", "'a'")),
	    "UnreachableNodes");
	CODES(NODES(AFTER("a", "") "," AFTER("b", "'a','c'") ","
	    AFTER("c", "'b'")), "CycleDetected");
	CODES(FLOW("", VAR("o", INT), NODE("n", "none", ""), ""),
	    "ParameterNotBound");
	CODES(FLOW("", VAR("o", STRING), NODE("n", "src", ""),
	    BIND("o", PROMISE("n", "o"))), "MismatchingTypes");
	arena_release(&arena);
}

#define SUBREF(id, n)	"{'id':'" id "','workflowNode':{'subWorkflowRef':"	\
	"{'resourceType':'WORKFLOW','name':'" n "'}}}"
#define SUB(n, nodes)	"{'id':{'resourceType':'WORKFLOW','name':'" n "'},"	\
	IFACE("", "") ",'nodes':[" nodes "]}"
#define PLANREF(in)	"{'id':'n','inputs':[" in "],'workflowNode':"		\
	"{'launchplanRef':{'resourceType':'LAUNCH_PLAN','name':'l'}}}"

TEST(other_workflows)
{
	FLOWS(NODES(SUBREF("n", "s")), "", SUB("s", NODE("n", "none", "")));
	FLOWS(NODES(SUBREF("n", "s")), "NoNodesFound", SUB("s", ""));
	FLOWS(NODES(SUBREF("n", "z")), "WorkflowReferenceNotFound",
	    SUB("s", NODE("n", "none", "")));
	FLOWS(NODES(SUBREF("n", "s")), "DuplicateId",
	    SUB("s", NODE("n", "none", "")), SUB("s", NODE("n", "none", "")));
	FLOWS(NODES(SUBREF("n", "s")), "ValueRequired",
	    "{'id':{'resourceType':'WORKFLOW','name':'s'},'nodes':["
	    NODE("n", "none", "") "]}");
	/* A circle of sub-workflows, in which the real compiler is lost. */
	FLOWS(NODES(SUBREF("n", "s")), "CycleDetected",
	    SUB("s", SUBREF("m", "t")), SUB("t", SUBREF("m", "s")));
	/* An error inside counts once, however often it is referred to. */
	FLOWS(NODES(SUBREF("n", "s") "," SUBREF("m", "s")),
	    "ParameterNotBound", SUB("s", NODE("n", "inc", "")));
	CODES(NODES("{'id':'n','workflowNode':{}}"),
	    "WorkflowReferenceNotFound");
	CODES(NODES(PLANREF(BIND("r", ONE))), "");
	CODES(NODES(PLANREF(BIND("r", ONE) "," BIND("d", ONE))), "");
	CODES(NODES(PLANREF("")), "ParameterNotBound");
	CODES(NODES(PLANREF(BIND("r", ONE) "," BIND("f", ONE))),
	    "VariableNameNotFound");
	CODES(NODES("{'id':'n','workflowNode':{'launchplanRef':"
	    "{'name':'z'}}}"), "WorkflowReferenceNotFound");
	arena_release(&arena);
}

/* What flags let through; without them the answer is Flyte's. */
#define LENIENT(flow, strict, bits)	do {				\
	CODES(flow, strict);						\
	flags = (bits);							\
	CODES(flow, "");						\
	flags = 0;							\
} while (0)

TEST(lenient)
{
	LENIENT(FLOW(VAR("i", INT), VAR("o", INT), "",
	    BIND("o", PROMISE("", "i"))), "NoNodesFound",
	    COMPILE_PASS_THROUGH);
	LENIENT(FLOW("", VAR("o", INT), "", BIND("o", ONE)), "NoNodesFound",
	    COMPILE_PASS_THROUGH);
	LENIENT(NODES(ALIASED("{'var':'o','alias':'q'}") "," USE("o")),
	    "ParameterNotBound VariableNameNotFound", COMPILE_OWN_NAMES);
	LENIENT(NODES(BRANCH(BX, "'case':" CASE(COND(X, "{'scalar':"
	    "{'noneType':{}}}"), SRC) "," ELSE)), "ValueRequired",
	    COMPILE_COMPARE_NONE);
	LENIENT(FLOW(VAR("x", UNION(INT ",{'simple':'NONE'}")), "",
	    BRANCH(BIND("x", PROMISE("", "x")), "'case':"
	    CASE(COND(X, P1), SRC) "," ELSE), ""), "MismatchingTypes",
	    COMPILE_COMPARE_NONE);
	LENIENT(FLOW("", VAR("o", LIST(INT)), "{'id':'m','inputs':["
	    BIND("r", ITEMS(ONE)) "," BIND("d", ONE) "],'arrayNode':{"
	    "'isOriginalSubNodeInterface':true,'boundInputs':['d'],'node':"
	    PLANREF("") "}}", BIND("o", PROMISE("m", "o"))),
	    "MismatchingBindings MismatchingTypes VariableNameNotFound",
	    COMPILE_MAP_ORIGINAL);
	flags = COMPILE_SPEC;
	CODES(NODES(""), "NoNodesFound");
	CODES(FLOW(VAR("x", UNION(STRING ",{'simple':'NONE'}")), "",
	    BRANCH(BIND("x", PROMISE("", "x")), "'case':"
	    CASE(COND(X, P1), SRC) "," ELSE), ""), "MismatchingTypes");
	flags = 0;
	arena_release(&arena);
}

TEST(nothing_but_an_output)
{
	c_compile_errors struct compile_errors es = COMPILE_ERRORS_INIT;
	pb_compiled_workflow_closure *cl = NULL;

	flags = COMPILE_PASS_THROUGH;
	CHECK_INT(compile_in(FLOW("", VAR("o", INT), "", BIND("o", ONE)),
	    NULL, 0, &cl, &es), 0);
	flags = 0;
	if (cl != NULL) {
		CHECK_INT(cl->primary->connections->n_downstream, 1);
		CHECK_STR(cl->primary->connections->downstream[0]->key,
		    "start-node");
		CHECK_STR(cl->primary->connections->downstream[0]->value->
		    ids[0], "end-node");
	}
	arena_release(&arena);
}

/* A sub-workflow with a branch that is reached from two others is compiled
 * twice, and its ids grow twice: so does the real compiler. */
TEST(branch_reached_twice)
{
	static const char *const subs[] = {
		SUB("s", BRANCH(BX, "'case':" CASE(COND(X, P1), SRC) ","
		    ELSE)),
		SUB("p", SUBREF("n", "s") "," SUBREF("m", "s")),
		SUB("q", SUBREF("n", "s")),
	};
	c_compile_errors struct compile_errors es = COMPILE_ERRORS_INIT;
	pb_compiled_workflow_closure *cl = NULL;
	pb_node *b;

	CHECK_INT(compile_in(NODES(SUBREF("x", "p") "," SUBREF("y", "q")),
	    subs, 3, &cl, &es), 0);
	if (cl != NULL) {
		CHECK_INT(cl->sub_workflows[0]->template_->n_nodes, 3);
		b = cl->sub_workflows[0]->template_->nodes[2];
		CHECK_STR(b->branch_node->if_else->case_->then_node->id,
		    "b-b-t");
	}
	arena_release(&arena);
}

/* Layers of two sub-workflows that both use both of the next: 2^20 ways to
 * the last, which has a branch.  An error, and soon. */
TEST(too_many_ways)
{
	enum { LAYERS = 20 };
	const char *subs[2 * LAYERS + 1];
	size_t i;

	for (i = 0; i < 2 * LAYERS; i++)
		subs[i] = arena_printf(&arena, SUB("s%zu",
		    SUBREF("a", "s%zu") "," SUBREF("b", "s%zu")), i,
		    MIN(i / 2 * 2 + 2, (size_t)2 * LAYERS),
		    MIN(i / 2 * 2 + 3, (size_t)2 * LAYERS));
	subs[2 * LAYERS] = arena_printf(&arena, SUB("s%zu", BRANCH(BX,
	    "'case':" CASE(COND(X, P1), SRC) "," ELSE)), i);
	CHECK_STR(codes_with(NODES(SUBREF("n", "s0") "," SUBREF("m", "s1")),
	    subs, ARRAY_LEN(subs)), "WorkflowBuildError");
	arena_release(&arena);
}

/* ---- tasks --------------------------------------------------------------- */
static const char *
task_codes(const char *json)
{
	c_compile_errors struct compile_errors es = COMPILE_ERRORS_INIT;
	c_strbuf struct strbuf b = STRBUF_INIT;
	size_t i;
	int rc = compile_task((pb_task_template *)read_json(
	    &flyteidl__core__task_template__descriptor, json), &es);

	CHECK_INT(rc < 0, es.n > 0);
	for (i = 0; i < es.n; i++)
		strbuf_addf(&b, "%s%s", i > 0 ? " " : "",
		    compile_code_text(es.at[i].code));
	return arena_strdup(&arena, b.p);
}

TEST(tasks)
{
#define BOX(c)	"{'id':{'name':'t'}," IFACE(VAR("a", INT), "") ",'container':{" c "}}"
#define POD(s)	"{'id':{'name':'t'},'k8sPod':{'podSpec':{" s "}}}"
	CHECK_STR(task_codes(BOX("'image':'i','args':['x']")), "");
	CHECK_STR(task_codes("{}"), "ValueRequired");
	CHECK_STR(task_codes(BOX("'image':'i'")), "ValueRequired");
	CHECK_STR(task_codes(BOX("'args':['x']")), "ValueRequired");
	CHECK_STR(task_codes("{'id':{},'interface':{'inputs':{'variables':"
	    "{'a':{}}}}}"), "ValueRequired");
	CHECK_STR(task_codes(BOX("'image':'i','args':['x'],'resources':"
	    "{'limits':[{'name':'CPU','value':'many'}],"
	    "'requests':[{'name':'CPU','value':'many'}]}")),
	    "UnrecognizedValue");
	CHECK_STR(task_codes(POD("'containers':[{'name':'main'}]")), "");
	CHECK_STR(task_codes(POD("'containers':[{'name':'Main'}]")),
	    "InvalidValue");
	CHECK_STR(task_codes(POD("'containers':'x'")), "InvalidValue");
	CHECK_STR(task_codes(POD("'containers':[{'name':'m','env':"
	    "[{'name':1}]}]")), "InvalidValue");
	CHECK_STR(task_codes(POD("'containers':[{'name':'m','resources':"
	    "{'limits':{'cpu':'x'}}}]")), "InvalidValue");
	CHECK_STR(task_codes(POD("'containers':null,'priority':3")), "");
	CHECK_STR(task_codes(POD("'priority':1.5")), "InvalidValue");
	arena_release(&arena);
}

TEST(quantities)
{
	static const char *const good[] = { "0", "1", "100m", "1.5Gi", "2e3",
		"2E-3", "-1", "+5", ".5", "1.", "1Ki", "1E", "1k", "007" };
	static const char *const bad[] = { "", "many", "1 ", "1KiB", "1ki",
		"1..2", "e", "1e", "0x10", "1mm", "1,5" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(good); i++)
		CHECK_STR(quantity_ok(good[i]) ? good[i] : "", good[i]);
	for (i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_STR(quantity_ok(bad[i]) ? "taken" : bad[i], bad[i]);
}

/* ---- places -------------------------------------------------------------- */
TEST(places)
{
	c_compile_errors struct compile_errors es = COMPILE_ERRORS_INIT;
	pb_compiled_workflow_closure *cl;

	CHECK_INT(compile_in(NODES(BRANCH(BX, "'case':" CASE(COND(X, P1),
	    NODE("t", "lst", BIND("xs", ITEMS(ONE "," TEXT("x"))))) ","
	    "'elseNode':" NODE("e", "none", ""))), NULL, 0, &cl, &es), -1);
	CHECK_INT(es.n, 1);
	CHECK_STR(es.at[0].node, "b-t");
	CHECK_STR(es.at[0].place.workflow, "w");
	CHECK_STR(es.at[0].place.node, "b/t");
	CHECK_STR(es.at[0].place.var, "xs");
	CHECK_STR(es.at[0].place.path, "[1]");
	CHECK(strstr(es.at[0].text, "int") != NULL);
	CHECK(strstr(es.at[0].text, "str") != NULL);
	arena_release(&arena);
}

TEST(places_of_one_error)
{
	c_compile_errors struct compile_errors es = COMPILE_ERRORS_INIT;
	pb_compiled_workflow_closure *cl;

	CHECK_INT(compile_in(NODES(NODE("s", "src", "") ","
	    NODE("m", "inc", BIND("a", PROMISE("s", "q"))) ","
	    NODE("n", "inc", BIND("a", PROMISE("s", "q")))), NULL, 0, &cl,
	    &es), -1);
	CHECK_INT(es.n, 3);
	CHECK_STR(es.at[2].node, "s");
	CHECK_STR(es.at[2].place.node, "m");
	CHECK(es.at[2].place.next != NULL);
	if (es.at[2].place.next != NULL)
		CHECK_STR(es.at[2].place.next->node, "n");
	arena_release(&arena);
}

TEST(text_form)
{
	c_compile_errors struct compile_errors es = COMPILE_ERRORS_INIT;
	c_strbuf struct strbuf b = STRBUF_INIT;

	compile_error_add(&es, COMPILE_VALUE_REQUIRED, "n", NULL, NULL, "b");
	compile_error_add(&es, COMPILE_DUPLICATE_ID, "n", NULL, NULL, "a");
	compile_error_add(&es, COMPILE_VALUE_REQUIRED, "n", NULL, NULL, "b");
	compile_errors_sort(&es);
	compile_errors_print(&es, &b);
	CHECK_STR(b.p, "Collected Errors: 2\n"
	    "\tError 0: Code: DuplicateId, Node Id: n, Description: a\n"
	    "\tError 1: Code: ValueRequired, Node Id: n, Description: b\n");
}

TEST(id_text)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	interface_add_id(&b, (pb_identifier *)read_json(
	    &flyteidl__core__identifier__descriptor, "{'resourceType':"
	    "'TASK','project':'p','name':'a\\nb','version':'v'}"));
	CHECK_STR(b.p, "resource_type:TASK project:\"p\" name:\"a\\nb\" "
	    "version:\"v\"");
	arena_release(&arena);
}

/* ---- inputs -------------------------------------------------------------- */
static const char *
input_codes(const char *vars, const char *literals, int enums)
{
	c_compile_errors struct compile_errors es = COMPILE_ERRORS_INIT;
	c_strbuf struct strbuf b = STRBUF_INIT;
	pb_variable_map *m = (pb_variable_map *)read_json(
	    &flyteidl__core__variable_map__descriptor, vars);
	pb_literal_map *l = literals == NULL ? NULL : (pb_literal_map *)
	    read_json(&flyteidl__core__literal_map__descriptor, literals);
	size_t i;
	int rc = enums ? compile_inputs_enum(m, l, &es) :
	    compile_inputs(m, l, &es);

	CHECK_INT(rc < 0, es.n > 0);
	for (i = 0; i < es.n; i++)
		strbuf_addf(&b, "%s%s %s%s", i > 0 ? " " : "",
		    compile_code_text(es.at[i].code), es.at[i].place.var,
		    es.at[i].place.path);
	return arena_strdup(&arena, b.p);
}

TEST(inputs)
{
#define VARS(v)	"{'variables':{" v "}}"
#define LITS(l)	"{'literals':{" l "}}"
#define L1	"{'scalar':{'primitive':{'integer':'1'}}}"
#define LS(s)	"{'scalar':{'primitive':{'stringValue':'" s "'}}}"
	CHECK_STR(input_codes(VARS(VAR("a", INT)), LITS("'a':" L1), 0), "");
	CHECK_STR(input_codes(VARS(VAR("a", INT)), LITS(""), 0),
	    "ParameterNotBound a");
	CHECK_STR(input_codes(VARS(VAR("a", INT)), NULL, 0),
	    "ValueRequired ");
	CHECK_STR(input_codes(VARS(""), NULL, 0), "");
	CHECK_STR(input_codes(VARS(""), LITS("'a':" L1), 0),
	    "VariableNameNotFound a");
	CHECK_STR(input_codes(VARS(VAR("a", STRING)), LITS("'a':" L1), 0),
	    "MismatchingTypes a");
	CHECK_STR(input_codes(VARS(VAR("a", STRING)), LITS("'a':{}"), 0),
	    "InvalidLiteralType a");
	CHECK_STR(input_codes(VARS(VAR("a", COLOUR)),
	    LITS("'a':" LS("blue")), 0), "");
	CHECK_STR(input_codes(VARS(VAR("a", COLOUR)),
	    LITS("'a':" LS("blue")), 1), "IllegalEnumValue a");
	CHECK_STR(input_codes(VARS(VAR("a", LIST(COLOUR))),
	    LITS("'a':{'collection':{'literals':[" LS("red") "," LS("x")
	    "]}}"), 1), "IllegalEnumValue a[1]");
	CHECK_STR(input_codes(VARS(VAR("a", UNION(COLOUR ","
	    "{'simple':'NONE'}"))), LITS("'a':" LS("x")), 1),
	    "IllegalEnumValue a");
	CHECK_STR(input_codes(VARS(VAR("a", UNION(COLOUR "," STRING))),
	    LITS("'a':" LS("x")), 1), "");
	arena_release(&arena);
}

/* ---- properties ---------------------------------------------------------- */
static unsigned
next_random(unsigned *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* A graph of inc tasks, each bound to an earlier one in a shuffled list. */
static void
random_flow(struct strbuf *b, unsigned seed, unsigned nodes)
{
	unsigned order[64], i, j, t;

	for (i = 0; i < nodes; i++)
		order[i] = i;
	for (i = nodes; i > 1; i--) {
		j = next_random(&seed) % i;
		t = order[i - 1];
		order[i - 1] = order[j];
		order[j] = t;
	}
	strbuf_adds(b, "{'id':{'name':'w'}," IFACE(VAR("i", INT),
	    VAR("o", INT)) ",'nodes':[");
	for (i = 0; i < nodes; i++) {
		t = order[i];
		strbuf_addf(b, "%s{'id':'n%u'," REF("inc") ",'inputs':[", i > 0 ?
		    "," : "", t);
		if (t == 0 || next_random(&seed) % 4 == 0)
			strbuf_adds(b, BIND("a", PROMISE("", "i")));
		else
			strbuf_addf(b, "{'var':'a','binding':{'promise':"
			    "{'nodeId':'n%u','var':'o'}}}",
			    next_random(&seed) % t);
		strbuf_adds(b, "],'upstreamNodeIds':[");
		for (j = 0; t > 0 && j < next_random(&seed) % 4; j++)
			strbuf_addf(b, "%s'n%u'", j > 0 ? "," : "",
			    next_random(&seed) % t);
		strbuf_adds(b, "]}");
	}
	strbuf_addf(b, "],'outputs':[{'var':'o','binding':{'promise':"
	    "{'nodeId':'n%u','var':'o'}}}]}", nodes - 1);
}

static int
lists(const pb_connection_set *c, int up, const char *of, const char *id)
{
	size_t i, k, n = up ? c->n_upstream : c->n_downstream;
	const Flyteidl__Core__ConnectionSet__IdList *l;

	for (i = 0; i < n; i++) {
		if (strcmp(up ? c->upstream[i]->key : c->downstream[i]->key,
		    of) != 0)
			continue;
		l = up ? c->upstream[i]->value : c->downstream[i]->value;
		for (k = 0; k < l->n_ids; k++)
			if (strcmp(l->ids[k], id) == 0)
				return 1;
	}
	return 0;
}

/* Every edge is in both maps, sorted and once; each node has both ends. */
static void
check_connections(const pb_compiled_workflow *w)
{
	const pb_connection_set *c = w->connections;
	size_t i, k;

	CHECK_INT(c->n_upstream, w->template_->n_nodes - 1);
	CHECK_INT(c->n_downstream, w->template_->n_nodes - 1);
	for (i = 0; i < c->n_upstream; i++)
		for (k = 0; k < c->upstream[i]->value->n_ids; k++) {
			char **ids = c->upstream[i]->value->ids;

			CHECK(lists(c, 0, ids[k], c->upstream[i]->key));
			CHECK(k == 0 || strcmp(ids[k - 1], ids[k]) < 0);
		}
	for (i = 0; i < c->n_downstream; i++)
		for (k = 0; k < c->downstream[i]->value->n_ids; k++)
			CHECK(lists(c, 1, c->downstream[i]->value->ids[k],
			    c->downstream[i]->key));
}

TEST(random_graphs)
{
	c_strbuf struct strbuf b = STRBUF_INIT, json = STRBUF_INIT;
	pb_compiled_workflow_closure *one, *two;
	unsigned seed;

	for (seed = 1; seed <= 60; seed++) {
		c_compile_errors struct compile_errors es =
		    COMPILE_ERRORS_INIT;

		strbuf_reset(&b);
		strbuf_reset(&json);
		random_flow(&b, seed, 1 + seed);
		one = two = NULL;
		CHECK_INT(compile_in(b.p, NULL, 0, &one, &es), 0);
		if (one == NULL) {
			compile_errors_print(&es, &json);
			printf("%s", json.p);
			continue;
		}
		check_connections(one->primary);
		/* What was compiled compiles to itself. */
		pbjson_print(&one->primary->template_->base, 0, &json);
		CHECK_INT(compile_in(json.p, NULL, 0, &two, &es), 0);
		CHECK(two != NULL && wire_equal(&one->base, &two->base));
		arena_release(&arena);
	}
}

/* The unit's messages are the caller's: compiling must not change them. */
TEST(unit_is_untouched)
{
	static const char flow[] = FLOW(VAR("i", INT), VAR("o", INT),
	    BRANCH(BIND("x", PROMISE("", "i")), "'case':" CASE(COND(X, P1),
	    NODE("t", "inc", BIND("a", PROMISE("", "i")))) "," ELSE) ","
	    "{'id':'n'," REF("none") ",'upstreamNodeIds':['z','b']},"
	    NODE("z", "none", ""), BIND("o", PROMISE("", "i")));
	struct compile_unit u = { NULL, NULL, 0, NULL, N_TASKS, NULL, 0,
	    0 };
	c_compile_errors struct compile_errors es = COMPILE_ERRORS_INIT;
	pb_task_template **tasks = arena_new_n(&arena, N_TASKS,
	    pb_task_template *);
	pb_compiled_workflow_closure *cl;
	pb_workflow_template *w;
	size_t i;

	for (i = 0; i < N_TASKS; i++)
		tasks[i] = (pb_task_template *)read_json(
		    &flyteidl__core__task_template__descriptor,
		    task_texts[i]);
	w = (pb_workflow_template *)read_json(
	    &flyteidl__core__workflow_template__descriptor, flow);
	u.primary = w;
	u.tasks = tasks;
	CHECK_INT(compile_workflow(&u, &arena, &cl, &es), 0);
	CHECK(wire_equal(&w->base, read_json(
	    &flyteidl__core__workflow_template__descriptor, flow)));
	for (i = 0; i < N_TASKS; i++)
		CHECK(wire_equal(&tasks[i]->base, read_json(
		    &flyteidl__core__task_template__descriptor,
		    task_texts[i])));
	arena_release(&arena);
}
