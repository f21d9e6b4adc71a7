#ifndef REGISTRY_FRONT_P_H
#define REGISTRY_FRONT_P_H

/* What front.c (reading), front_ids.c and front_compile.c share. */

#include "base/map.h"
#include "base/vec.h"
#include "registry/front.h"
#include "registry/registry.h"
#include "spec/spec.h"

struct front_priv {
	struct front_options options;
	struct arena	*arena;		/* the caller's */
	struct strbuf	 text;		/* of a spec: its source */
	const char	*folder;	/* and its absolute folder */
	struct spec	 spec;
	int		 has_spec;
	struct map	 index;		/* front_key to front_entity */
	struct map	 outside;	/* front_key to registered[] */
	VEC(struct registered *) registered;	/* given so far; in arena */
};

/* Kind and id as one text, in the arena. */
struct str front_key(enum entity_kind, const pb_identifier *, struct arena *);
/* The entity of the file with this id, or NULL. */
struct front_entity *front_own(const struct front *, enum entity_kind,
	    const pb_identifier *);
/* Replaces what pyflyte left open for the registration in container
 * arguments: the place of the code archive, the folder it goes to. */
void	front_fill_macros(struct front *, const char *code_uri);
/* Sets front_entity.id from the messages and builds the index. */
void	front_index(struct front *);
/* Callback for spec_load: looks in the registry. */
int	front_resolve(void *front, enum entity_kind, struct str ref,
	    struct spec_target *ret, struct err *e);
/* front_options.check_jq: tasks whose expression does not compile become
 * faulty. */
void	front_check_jq(struct front *, struct diags *);
/* The registered version with this id: NULL and ERR_MISSING, or trouble. */
const struct registered *front_outside(struct front *, enum entity_kind,
	    const pb_identifier *, struct err *);

#endif
