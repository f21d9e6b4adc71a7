#ifndef COMPILE_INTERFACE_H
#define COMPILE_INTERFACE_H

/* Interfaces that are not written down but follow from others. */

#include "compile/compile.h"

/*
 * The text form of an id, as Flyte's compiler keys and prints it:
 * resource_type:TASK project:"p" domain:"d" name:"n" version:"v".
 */
void	interface_add_id(struct strbuf *, const pb_identifier *);

/*
 * Whether a variable of that type may stay unbound in Flyte: a union with a
 * variant that is NONE or not simple at all (quirk of the real compiler).
 */
int	interface_optional(const pb_literal_type *);

/*
 * Expected inputs and outputs of a launch plan over a workflow of that
 * interface (NULL: none): the plan's parameter where it gives one, none for
 * a fixed input, else a required one (an input both fixed and defaulted
 * stays, as in flyteadmin).  Errors as flyteadmin's validation of launch
 * plans: unknown names (VariableNameNotFound), values of a wrong type
 * (MismatchingTypes).  In the arena, sharing with what was given.
 */
int	interface_launch_plan(const pb_admin_launch_plan_spec *,
	    const pb_typed_interface *, struct arena *,
	    pb_parameter_map **ret_inputs, pb_variable_map **ret_outputs,
	    struct compile_errors *) must_check;

#endif
