/*
 * The compiler: tasks, inputs and quantities by themselves, and the text form
 * of errors and identifiers.
 */

#include "unit.h"

#include "compile.h"
#include "compile/quantity.h"

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

/* ---- texts --------------------------------------------------------------- */
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
