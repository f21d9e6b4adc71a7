/*
 * The compiler: each code from a unit as small as can be, and its place.
 * Whole closures are judged by conform.
 */

#include "unit.h"

#include "compile.h"

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
