#ifndef IDL_ENTITY_H
#define IDL_ENTITY_H

/*
 * What is registered: tasks, workflows and launch plans, and how they are
 * named.  The numbers of the kinds are those of flyteidl's ResourceType and
 * of the suffix of a package's member (NN_name_1.pb).
 */

#include "base/err.h"
#include "base/strbuf.h"
#include "idl/flyteidl.h"
#include "idl/pbwalk.h"

enum entity_kind {
	ENTITY_ANY,		/* asked for by name alone */
	ENTITY_TASK,
	ENTITY_WORKFLOW,
	ENTITY_LAUNCH_PLAN,
	ENTITY_KIND_MAX
};

/* Borrowed texts, none NULL; version "" where it is left open. */
struct entity_id {
	enum entity_kind kind;
	const char	*project, *domain, *name, *version;
};

/* One entity as it is submitted: the pointer its kind tells of is set. */
struct entity {
	enum entity_kind kind;
	pb_admin_task_spec	*task;
	pb_admin_workflow_spec	*workflow;
	pb_admin_launch_plan	*plan;	/* id and spec; no closure */
};

/* "task", "workflow", "launch_plan"; ENTITY_ANY is "entity". */
const char	*entity_kind_name(enum entity_kind);
/* With a space in place of the underscore, for messages. */
const char	*entity_kind_words(enum entity_kind);
/* 0 and the kind called so (launch-plan and launchplan are taken too), or
 * -1. */
int	entity_kind_parse(struct str name, enum entity_kind *ret);

/* The id inside the message; NULL if it has none. */
pb_identifier	*entity_pb_id(const struct entity *);
struct entity_id entity_id_of(const pb_identifier *);
/* A message of its own in the arena. */
pb_identifier	*entity_id_pb(const struct entity_id *, struct arena *);
/* The message itself, for the wire. */
const ProtobufCMessage *entity_message(const struct entity *);
/* What a message of this kind unpacks as: admin.TaskSpec, WorkflowSpec,
 * LaunchPlan. */
const ProtobufCMessageDescriptor *entity_descriptor(enum entity_kind);

/* pbwalk_each() of a single message. */
void	entity_each(ProtobufCMessage *m,
	    const ProtobufCMessageDescriptor *type, pbwalk_fn *fn, void *arg);

/* By kind, project, domain, name, version. */
int	entity_id_cmp(const struct entity_id *, const struct entity_id *);
/*
 * 0 if every part may name something, else ERR_USAGE: not empty, not over
 * MAX_NAME, valid UTF-8 without control bytes.  version_open: it may be "".
 */
int	entity_id_check(const struct entity_id *, int version_open,
	    struct err *) must_check;

/*
 * References: [PROJECT/DOMAIN/]NAME[@VERSION].  The last '@' splits.  In
 * each part '%', '/', '@', blanks and control bytes are written %XX, so that
 * what is printed reads back as the same; other bytes stand for themselves.
 * No version: without the '@'.
 */
void	entity_id_add(struct strbuf *, const struct entity_id *);
/* The part alone, escaped. */
void	entity_part_add(struct strbuf *, const char *part);
/* The other way, in the arena; NULL for what is no escaped part (NUL is no
 * byte of a name). */
char	*entity_part_parse(struct str, struct arena *);
/*
 * Fills what the reference says; project and domain are NULL and version is
 * "" where it does not.  The kind is left alone.  The texts are put in the
 * arena.  ERR_USAGE for a text that is not a reference.
 */
int	entity_ref_parse(struct str ref, struct arena *,
	    struct entity_id *ret, struct err *) must_check;

#endif
