#ifndef IDL_RENDER_H
#define IDL_RENDER_H

/*
 * Literals as texts of the task contracts: in command templates, in files
 * under $FLYTE_INPUTS, and back from files under $FLYTE_OUTPUTS.
 */

#include "base/strbuf.h"
#include "idl/flyteidl.h"

struct err;
struct value_ctx;

/*
 * Appends what {{.inputs.x}} becomes in a command (flyteplugins template.go):
 * Go's %v for floats and msgpack, a duration in proto text form, a list as
 * [a,b].  -1 (ERR_USAGE) for kinds that Flyte refuses there: map, union,
 * none, generic struct, dataset, error, other binaries.
 */
int	render_template_value(struct strbuf *, const pb_literal *,
	    struct err *e) must_check;

/*
 * Appends the content of an input's file (flytecopilot, download): floats in
 * fixed notation, durations in Go's form, none as null, a struct as JSON, an
 * error its message, another binary its bytes.  A union is what it holds.
 * -1 (ERR_USAGE) for what is not one text: blobs, lists, maps, datasets.
 */
int	literal_write_text(struct strbuf *, const pb_literal *,
	    struct err *e) must_check;

/*
 * The literal of an output's text (flytecopilot, upload, without its limit
 * of 1024 bytes): blanks around it dropped, then by type; booleans as Go's
 * ParseBool; a struct is JSON, lists and maps too; an enum's value must be a
 * member; binary takes the bytes as they are; a union as on a command line.
 * Blob types are refused (ERR_USAGE): their content is stored, not read.
 */
int	literal_read_text(const pb_literal_type *, struct str text,
	    const struct value_ctx *, struct arena *, pb_literal **ret,
	    struct err *e) must_check;

/* Go's %v of a float64: shortest, 1e+06 where the exponent is < -4 or >= 21. */
void	render_add_go_float(struct strbuf *, double);
/* Go's 'f' format: shortest, never an exponent. */
void	render_add_fixed_float(struct strbuf *, double);

#endif
