/* Ids and what else a registration fills in. */

#include "registry/front_p.h"

/*
 * What pyflyte leaves to whoever registers (flyte-control-plane.md 2.1, 2.3,
 * 2.7): texts that are the whole of a field.
 */
#define MACRO_PROJECT	"{{ registration.project }}"
#define MACRO_DOMAIN	"{{ registration.domain }}"
#define MACRO_VERSION	"{{ registration.version }}"
#define MACRO_CODE	"{{ .remote_package_path }}"
#define MACRO_DEST	"{{ .dest_dir }}"

static void
each_in_front(struct front *f, const ProtobufCMessageDescriptor *type,
    pbwalk_fn *fn, void *arg)
{
	c_pbwalk struct pbwalk w = PBWALK_INIT(type);
	const struct entity *x;
	size_t i;

	for (i = 0; i < f->n; i++) {
		x = &f->at[i].entity;
		if (x->task != NULL)
			pbwalk_each(&w, &x->task->base, fn, arg);
		if (x->workflow != NULL)
			pbwalk_each(&w, &x->workflow->base, fn, arg);
		if (x->plan != NULL)
			pbwalk_each(&w, &x->plan->base, fn, arg);
	}
}

/* ---- keys --------------------------------------------------------------- */

struct str
front_key(enum entity_kind kind, const pb_identifier *id, struct arena *a)
{
	const char *parts[] = { id->project, id->domain, id->name,
		id->version };
	size_t i, n = 1;
	char *p, *key;

	for (i = 0; i < ARRAY_LEN(parts); i++)
		n += strlen(parts[i]) + 1;
	p = key = arena_alloc(a, n);
	*p++ = (char)('0' + (int)kind);
	for (i = 0; i < ARRAY_LEN(parts); i++)
		p = stpcpy(p, parts[i]) + 1;
	return (struct str){ key, n };
}

void
front_index(struct front *f)
{
	struct front_priv *p = f->priv;
	pb_identifier *id;
	size_t i;

	map_release(&p->index);
	for (i = 0; i < f->n; i++) {
		id = entity_pb_id(&f->at[i].entity);
		f->at[i].id = entity_id_of(id);
		f->at[i].id.kind = f->at[i].entity.kind;
		map_put(&p->index, front_key(f->at[i].entity.kind, id,
		    p->arena), (uint32_t)i);
	}
}

struct front_entity *
front_own(const struct front *f, enum entity_kind kind,
    const pb_identifier *id)
{
	c_arena struct arena a = ARENA_INIT;
	uint32_t i = map_get(&f->priv->index, front_key(kind, id, &a));

	return i == MAP_NONE ? NULL : &f->at[i];
}

/* ---- ids ---------------------------------------------------------------- */

struct filling {
	struct front	*front;
	char		*project, *domain, *version;	/* in the arena */
	int		 force;
	struct map	 own;		/* ids of the file as they were */
	struct arena	 keys;
	const pb_identifier *last;	/* many refer to one */
};

static void
fill_id(void *arg, ProtobufCMessage *m)
{
	struct filling *f = arg;
	pb_identifier *id = (pb_identifier *)m;
	int own;

	if (id == f->last)
		return;
	f->last = id;
	own = map_get(&f->own, front_key(ENTITY_ANY, id, &f->keys)) !=
	    MAP_NONE;
	if (f->project[0] != '\0' && (own || id->project[0] == '\0' ||
	    strcmp(id->project, MACRO_PROJECT) == 0))
		id->project = f->project;
	if (f->domain[0] != '\0' && (own || id->domain[0] == '\0' ||
	    strcmp(id->domain, MACRO_DOMAIN) == 0))
		id->domain = f->domain;
	if (f->version[0] != '\0' && ((own && f->force) ||
	    id->version[0] == '\0' ||
	    strcmp(id->version, MACRO_VERSION) == 0))
		id->version = f->version;
}

void
front_set_version(struct front *front, const char *project,
    const char *domain, const char *version, int force)
{
	struct arena *a = front->priv->arena;
	struct filling f = { .front = front,
		.project = arena_strdup(a, project),
		.domain = arena_strdup(a, domain),
		.version = arena_strdup(a, version), .force = force };
	size_t i;

	for (i = 0; i < front->n; i++)
		map_put(&f.own, front_key(ENTITY_ANY,
		    entity_pb_id(&front->at[i].entity), &f.keys), 1);
	each_in_front(front, &flyteidl__core__identifier__descriptor,
	    fill_id, &f);
	map_release(&f.own);
	arena_release(&f.keys);
	front_index(front);
}

/* ---- macros ------------------------------------------------------------- */

struct macros {
	char	*code;		/* NULL: stays */
	char	*dest;
};

static void
fill_text(const struct macros *m, char **text)
{
	if (m->code != NULL && strcmp(*text, MACRO_CODE) == 0)
		*text = m->code;
	else if (m->code != NULL && strcmp(*text, MACRO_DEST) == 0)
		*text = m->dest;
}

static void
fill_container(void *arg, ProtobufCMessage *m)
{
	pb_container *c = (pb_container *)m;
	size_t i;

	for (i = 0; i < c->n_args; i++)
		fill_text(arg, &c->args[i]);
}

/* Pods are google.protobuf.Struct: every text of theirs. */
static void
fill_value(void *arg, ProtobufCMessage *m)
{
	pb_value *v = (pb_value *)m;
	size_t i;

	if (v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE)
		fill_text(arg, &v->string_value);
	if (v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE)
		for (i = 0; i < v->list_value->n_values; i++)
			fill_value(arg, &v->list_value->values[i]->base);
	if (v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE)
		entity_each(&v->struct_value->base,
		    &google__protobuf__value__descriptor, fill_value, arg);
}

static void
fill_pod(void *arg, ProtobufCMessage *m)
{
	entity_each(m, &google__protobuf__value__descriptor, fill_value,
	    arg);
}

void
front_fill_macros(struct front *f, const char *code_uri)
{
	struct arena *a = f->priv->arena;
	struct macros m = { .code = NULL };

	if (code_uri == NULL)
		return;
	m.code = arena_strdup(a, code_uri);
	m.dest = arena_strdup(a, ".");
	each_in_front(f, &flyteidl__core__container__descriptor,
	    fill_container, &m);
	each_in_front(f, &flyteidl__core__k8s_pod__descriptor, fill_pod, &m);
}
