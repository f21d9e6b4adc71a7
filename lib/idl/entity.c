#include "idl/entity.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "idl/wire.h"

static const char *const kind_names[] = {
	[ENTITY_ANY] = "entity",
	[ENTITY_TASK] = "task",
	[ENTITY_WORKFLOW] = "workflow",
	[ENTITY_LAUNCH_PLAN] = "launch_plan",
};
_Static_assert(ARRAY_LEN(kind_names) == ENTITY_KIND_MAX, "a name per kind");

const char *
entity_kind_name(enum entity_kind kind)
{
	return kind_names[kind];
}

const char *
entity_kind_words(enum entity_kind kind)
{
	return kind == ENTITY_LAUNCH_PLAN ? "launch plan" : kind_names[kind];
}

int
entity_kind_parse(struct str name, enum entity_kind *ret)
{
	int i;

	for (i = ENTITY_TASK; i < ENTITY_KIND_MAX; i++)
		if (str_is(name, kind_names[i])) {
			*ret = (enum entity_kind)i;
			return 0;
		}
	if (str_is(name, "launch-plan") || str_is(name, "launchplan")) {
		*ret = ENTITY_LAUNCH_PLAN;
		return 0;
	}
	return -1;
}

pb_identifier *
entity_pb_id(const struct entity *x)
{
	switch (x->kind) {
	case ENTITY_TASK:
		return x->task->template_ == NULL ? NULL :
		    x->task->template_->id;
	case ENTITY_WORKFLOW:
		return x->workflow->template_ == NULL ? NULL :
		    x->workflow->template_->id;
	case ENTITY_LAUNCH_PLAN:
		return x->plan->id;
	case ENTITY_ANY:
	case ENTITY_KIND_MAX:
		break;
	}
	BUG("kind %d", (int)x->kind);
}

struct entity_id
entity_id_of(const pb_identifier *id)
{
	int type = (int)id->resource_type;
	int known = type > ENTITY_ANY && type < ENTITY_KIND_MAX;

	return (struct entity_id){
		.kind = known ? (enum entity_kind)type : ENTITY_ANY,
		.project = id->project,
		.domain = id->domain,
		.name = id->name,
		.version = id->version,
	};
}

pb_identifier *
entity_id_pb(const struct entity_id *id, struct arena *a)
{
	pb_identifier *ret = PB_NEW(a, flyteidl__core__identifier);

	ret->resource_type = (Flyteidl__Core__ResourceType)id->kind;
	ret->project = arena_strdup(a, id->project);
	ret->domain = arena_strdup(a, id->domain);
	ret->name = arena_strdup(a, id->name);
	ret->version = arena_strdup(a, id->version);
	return ret;
}

const ProtobufCMessage *
entity_message(const struct entity *x)
{
	switch (x->kind) {
	case ENTITY_TASK:
		return &x->task->base;
	case ENTITY_WORKFLOW:
		return &x->workflow->base;
	case ENTITY_LAUNCH_PLAN:
		return &x->plan->base;
	case ENTITY_ANY:
	case ENTITY_KIND_MAX:
		break;
	}
	BUG("kind %d", (int)x->kind);
}

const ProtobufCMessageDescriptor *
entity_descriptor(enum entity_kind kind)
{
	switch (kind) {
	case ENTITY_TASK:
		return &flyteidl__admin__task_spec__descriptor;
	case ENTITY_WORKFLOW:
		return &flyteidl__admin__workflow_spec__descriptor;
	case ENTITY_LAUNCH_PLAN:
		return &flyteidl__admin__launch_plan__descriptor;
	case ENTITY_ANY:
	case ENTITY_KIND_MAX:
		break;
	}
	BUG("kind %d", (int)kind);
}

void
entity_each(ProtobufCMessage *m, const ProtobufCMessageDescriptor *type,
    pbwalk_fn *fn, void *arg)
{
	c_pbwalk struct pbwalk w = PBWALK_INIT(type);

	pbwalk_each(&w, m, fn, arg);
}

int
entity_id_cmp(const struct entity_id *a, const struct entity_id *b)
{
	int d;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if ((d = strcmp(a->project, b->project)) != 0 ||
	    (d = strcmp(a->domain, b->domain)) != 0 ||
	    (d = strcmp(a->name, b->name)) != 0)
		return d;
	return strcmp(a->version, b->version);
}

static int
part_check(const char *what, const char *part, int may_be_empty,
    struct err *e)
{
	struct str s = str_of(part);
	size_t i;

	if (s.n == 0 && !may_be_empty)
		return err_set(e, ERR_USAGE, "the %s is empty", what);
	if (s.n > MAX_NAME)
		return err_set(e, ERR_USAGE,
		    "the %s has %zu bytes; at most %d are allowed", what, s.n,
		    MAX_NAME);
	if (!utf8_valid(s))
		return err_set(e, ERR_USAGE, "the %s is not UTF-8", what);
	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return err_set(e, ERR_USAGE,
			    "the %s holds a control byte", what);
	return 0;
}

int
entity_id_check(const struct entity_id *id, int version_open, struct err *e)
{
	if (part_check("name", id->name, 0, e) < 0)
		return -1;
	if (part_check("project", id->project, 0, e) < 0 ||
	    part_check("domain", id->domain, 0, e) < 0 ||
	    part_check("version", id->version, version_open, e) < 0)
		return err_wrap(e, "%s", id->name);
	return 0;
}

void
entity_part_add(struct strbuf *b, const char *part)
{
	const char *p;

	for (p = part; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		if (c <= ' ' || c == 0x7f || c == '%' || c == '/' || c == '@')
			strbuf_addf(b, "%%%02X", c);
		else
			strbuf_addch(b, c);
	}
}

void
entity_id_add(struct strbuf *b, const struct entity_id *id)
{
	entity_part_add(b, id->project);
	strbuf_addch(b, '/');
	entity_part_add(b, id->domain);
	strbuf_addch(b, '/');
	entity_part_add(b, id->name);
	if (id->version[0] != '\0') {
		strbuf_addch(b, '@');
		entity_part_add(b, id->version);
	}
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *
entity_part_parse(struct str s, struct arena *a)
{
	char *ret = arena_alloc(a, s.n + 1), *out = ret;
	size_t i;

	for (i = 0; i < s.n; i++) {
		int hi, lo;

		if (s.p[i] == '\0')
			return NULL;
		if (s.p[i] != '%') {
			*out++ = s.p[i];
			continue;
		}
		if (i + 2 >= s.n || (hi = hex_value(s.p[i + 1])) < 0 ||
		    (lo = hex_value(s.p[i + 2])) < 0 || hi + lo == 0)
			return NULL;
		*out++ = (char)(hi * 16 + lo);
		i += 2;
	}
	*out = '\0';
	return ret;
}

/* Cuts s at the separator: what is before it goes to *ret. */
static int
cut(struct str *s, char sep, struct str *ret)
{
	const char *at = s->n == 0 ? NULL : memchr(s->p, sep, s->n);

	if (at == NULL)
		return 0;
	*ret = (struct str){ s->p, (size_t)(at - s->p) };
	s->n -= ret->n + 1;
	s->p = at + 1;
	return 1;
}

int
entity_ref_parse(struct str ref, struct arena *a, struct entity_id *ret,
    struct err *e)
{
	struct str rest = ref, project = { NULL, 0 }, domain = { NULL, 0 };
	struct str version = { NULL, 0 };
	struct entity_id id = { .kind = ret->kind };
	const char *at;

	at = rest.n == 0 ? NULL : memrchr(rest.p, '@', rest.n);
	if (at != NULL) {
		version.p = at + 1;
		version.n = (size_t)(rest.p + rest.n - at - 1);
		rest.n = (size_t)(at - rest.p);
	}
	if (cut(&rest, '/', &project) && !cut(&rest, '/', &domain))
		return err_set(e, ERR_USAGE, STR_FMT
		    ": not a reference: write NAME[@VERSION] or "
		    "PROJECT/DOMAIN/NAME[@VERSION]; a file begins with ./",
		    STR_ARG(ref));
	if (rest.n == 0 || memchr(rest.p, '/', rest.n) != NULL ||
	    (project.p != NULL && (project.n == 0 || domain.n == 0)) ||
	    (version.p != NULL && version.n == 0))
		return err_set(e, ERR_USAGE, STR_FMT
		    ": not a reference: [PROJECT/DOMAIN/]NAME[@VERSION] "
		    "with no part empty", STR_ARG(ref));
	id.name = entity_part_parse(rest, a);
	id.version = entity_part_parse(version, a);
	if (project.p != NULL) {
		id.project = entity_part_parse(project, a);
		id.domain = entity_part_parse(domain, a);
	}
	if (id.name == NULL || id.version == NULL ||
	    (project.p != NULL && (id.project == NULL || id.domain == NULL)))
		return err_set(e, ERR_USAGE, STR_FMT
		    ": %% begins an escaped byte (write %%25 for %% itself), "
		    "which is not NUL",
		    STR_ARG(ref));
	*ret = id;
	return 0;
}
