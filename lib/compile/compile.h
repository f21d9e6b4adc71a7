#ifndef COMPILE_COMPILE_H
#define COMPILE_COMPILE_H

/*
 * The one checker: flyteidl templates in, CompiledWorkflowClosure out.
 * Behaves as the compiler of Flyte 1.16.8 (flytepropeller, pkg/compiler),
 * quirks included, since what is compiled here is registered there; judged
 * by tests/corpus/compiler.
 *
 * Functions return 0, or -1 with at least one error added; errors come out
 * sorted.  Time and memory are linear in the size of the input (sorting
 * aside).
 */

#include "compile/error.h"
#include "idl/flyteidl.h"

/* A launch plan as the compiler sees one: its interface, nothing else. */
struct compile_launch_plan {
	const pb_identifier	*id;
	const pb_parameter_map	*expected_inputs;
	const pb_variable_map	*expected_outputs;
};

/*
 * What the real compiler refuses and we can run.  Without flags the answers
 * are exactly Flyte's; what a flag lets through a real Flyte will refuse at
 * registration.
 */
/* A workflow without nodes, if it has outputs: its closure leads from
 * start-node to end-node. */
#define COMPILE_PASS_THROUGH	1u
/* An output with an alias stays known by its own name too. */
#define COMPILE_OWN_NAMES	2u
/* Conditions may compare with none, and an optional with its value. */
#define COMPILE_COMPARE_NONE	4u
/* An array node whose is_original_sub_node_interface is true takes and gives
 * lists of what its sub-node does, but for bound_inputs; with a success
 * criterion below "all" the elements given are optional. */
#define COMPILE_MAP_ORIGINAL	8u
/* For packages that flytekit made and ran. */
#define COMPILE_LENIENT	(COMPILE_PASS_THROUGH | COMPILE_OWN_NAMES |	\
			COMPILE_COMPARE_NONE)
/* For our own specs, whose maps run over launch plans too. */
#define COMPILE_SPEC	(COMPILE_LENIENT | COMPILE_MAP_ORIGINAL)

/* What is compiled together.  Borrowed: see compile_workflow(). */
struct compile_unit {
	const pb_workflow_template	*primary;
	pb_workflow_template *const	*subs;
	size_t				 n_subs;
	pb_task_template *const		*tasks;
	size_t				 n_tasks;
	const struct compile_launch_plan *launch_plans;
	size_t				 n_launch_plans;
	unsigned			 flags;		/* COMPILE_ */
};

/* Ids a workflow and its sub-workflows need, each once, sorted. */
struct compile_requirements {
	const pb_identifier	**tasks;
	size_t			  n_tasks;
	const pb_identifier	**launch_plans;
	size_t			  n_launch_plans;
};

/*
 * Checks one task on its own: id, interface, container or pod.  (Workflow
 * compilation does not repeat this.)
 */
int	compile_task(const pb_task_template *, struct compile_errors *)
		must_check;

/*
 * Collects the tasks and launch plans that the unit's primary needs; only
 * primary and subs of the unit are read.  As the control plane does, hand
 * exactly these to compile_workflow(): the closure lists the tasks it was
 * given, in their order.  The ids are the unit's own; the arrays live in the
 * arena.
 */
int	compile_requirements(const struct compile_unit *, struct arena *,
	    struct compile_requirements *ret, struct compile_errors *)
	    must_check;

/*
 * Compiles.  The closure lives in the arena and shares parts it did not have
 * to change with the unit's messages, which must outlive it and stay as they
 * are; the unit itself is not changed.
 */
int	compile_workflow(const struct compile_unit *, struct arena *,
	    pb_compiled_workflow_closure **ret, struct compile_errors *)
	    must_check;

/*
 * Checks the inputs of an execution against the workflow's inputs (either
 * may be NULL), as Flyte does when it builds the executable workflow:
 * VariableNameNotFound, MismatchingTypes, InvalidLiteralType,
 * ParameterNotBound, ValueRequired.  Enum members are not looked at.
 */
int	compile_inputs(const pb_variable_map *, const pb_literal_map *,
	    struct compile_errors *) must_check;

/*
 * Better than Flyte: enum values anywhere in the inputs (lists, maps, unions
 * with one enum variant) must be members: IllegalEnumValue.
 */
int	compile_inputs_enum(const pb_variable_map *, const pb_literal_map *,
	    struct compile_errors *) must_check;

#endif
