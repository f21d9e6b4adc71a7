#ifndef SPEC_LOWER_H
#define SPEC_LOWER_H

/*
 * How a task of a spec lies in a TaskTemplate.
 *
 * The container is portable: its command is a generated prologue for
 * /bin/sh that a Flyte cluster runs beside its copilot (data_config is on):
 * it makes $FLYTE_INPUTS, $FLYTE_OUTPUTS and the exported inputs out of the
 * copilot's files, binds the standard streams and becomes the program.  What
 * the spec said stands in TaskTemplate.config under the keys below; local
 * runs use only that, container.env, container.image, container.resources
 * and the metadata.  Exactly one of COMMAND, RUN, SCRIPT, SCRIPT_FILE, JQ is
 * there.
 */

#include "base/str.h"
#include "idl/flyteidl.h"

/* JSON list of words, {{.inputs.x}} inside them as written. */
#define LOWER_COMMAND	"flyte.command"
/* Text for the shell, verbatim. */
#define LOWER_RUN	"flyte.run"
/* JSON list: the words before the text of RUN; absent:
 * ["/bin/sh","-eu","-c"]. */
#define LOWER_SHELL	"flyte.shell"
/* The whole text of a script; run as a file, by its #! line. */
#define LOWER_SCRIPT	"flyte.script"
/* Name of the script in the code archive (too large to be inlined). */
#define LOWER_SCRIPT_FILE "flyte.script_file"
/* jq expression, and "text" if integers beyond 2^53 become strings. */
#define LOWER_JQ	"flyte.jq"
#define LOWER_JQ_INTS	"flyte.jq_ints"
/* Name of the input (output) that is the standard input (output). */
#define LOWER_STDIN	"flyte.stdin"
#define LOWER_STDOUT	"flyte.stdout"
/* JSON list of names of environment variables taken from the user. */
#define LOWER_PASS_ENV	"flyte.pass_env"
/* "true": the task may write a spec of what is to run next. */
#define LOWER_DYNAMIC	"flyte.dynamic"
/* JSON object: the rules of retries: as written in the spec (retries.h); its
 * count stands in the metadata too. */
#define LOWER_RETRIES	"flyte.retries"
/* Of a mapped task: the name of the task it was made from.  Its interface is
 * lists of what one element takes and gives. */
#define LOWER_MAP	"flyte.map"
/* Of a mapped task: JSON list of the inputs that are the same for every
 * element; absent: none is. */
#define LOWER_MAP_BOUND	"flyte.map_bound"
/* Never stored: of an element of a map that others made, JSON list of the
 * inputs that its command takes as lists and picks its own item of. */
#define LOWER_LISTS	"flyte.lists"
/* JSON object path: digest ("sha256:" + hex) of the files it names. */
#define LOWER_FILES	"flyte.files"

/* Annotation of a launch plan: what is done about missed times (none, last,
 * all). */
#define LOWER_CATCHUP	"flyte.catchup"

/* Once registered: where the files of FILES and SCRIPT_FILE are kept, see
 * registry_keep(); for a run the absolute path of that folder. */
#define LOWER_CODE	"flyte.code"

/* Key of WorkflowMetadata.tags, value "original": has a map over a launch plan
 * or workflow, which Flyte's compiler refuses and ours, for specs, does not.
 * It tells in a package that the workflow is of a spec. */
#define LOWER_MAP_TAG	"flyte.map"

/* TaskTemplate.type, and the folders of data_config. */
#define LOWER_TASK_TYPE		"raw-container"
#define LOWER_INPUT_PATH	"/var/flyte/inputs"
#define LOWER_OUTPUT_PATH	"/var/flyte/outputs"
/* The image of a task that names none. */
#define LOWER_IMAGE		"debian:12-slim"
/* Bytes of a script that is inlined; a longer one goes into the archive. */
#define LOWER_INLINE_MAX	((size_t)32 * 1024)

/* What the template's config says under a key above, or NULL; not owned. */
const char *lower_config(const pb_task_template *, const char *key);

/*
 * 1 if an input of this name is given to run: texts and scripts as $NAME:
 * it is a name for the shell and means nothing to programs (PATH, HOME,
 * LD_PRELOAD, http_proxy, FLYTE_...).
 */
int	lower_is_exported(struct str name);

/*
 * What one element of a mapped task runs: the template with the interface of
 * an element (inputs but the bound ones and outputs one list less), which is
 * no mapped one any more.  The template itself if it is not a mapped one.
 */
const pb_task_template *lower_element(const pb_task_template *,
		    struct arena *);
/* The same of the task of any map, whose node says which inputs are bound: a
 * task that is not one of our mapped ones gets LOWER_LISTS. */
const pb_task_template *lower_element_of(const pb_task_template *,
		    char *const *bound, size_t n_bound, struct arena *);

#endif
