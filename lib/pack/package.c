#include "pack/package.h"

#include "base/limits.h"
#include "idl/wire.h"
#include "sys/digest.h"

void
package_reader_init(struct package_reader *r, struct package *ret,
    struct arena *a)
{
	*ret = (struct package){ .at = NULL };
	*r = (struct package_reader){ .package = ret, .arena = a };
}

void
package_reader_release(struct package_reader *r)
{
	map_release(&r->ids);
}

/* The kind that a member's name tells of; ENTITY_ANY: no entity. */
static enum entity_kind
kind_of_member(struct str name)
{
	size_t n = name.n;

	if (n < 6 || !str_ends(name, ".pb") || name.p[n - 5] != '_' ||
	    name.p[n - 4] < '1' || name.p[n - 4] > '3')
		return ENTITY_ANY;
	return (enum entity_kind)(name.p[n - 4] - '0');
}

static int
is_code_member(struct str name)
{
	return str_starts(name, "fast") && str_ends(name, ".tar.gz");
}

static void
entity_set(struct entity *x, enum entity_kind kind, ProtobufCMessage *m)
{
	*x = (struct entity){ .kind = kind };
	switch (kind) {
	case ENTITY_TASK:
		x->task = (pb_admin_task_spec *)m;
		return;
	case ENTITY_WORKFLOW:
		x->workflow = (pb_admin_workflow_spec *)m;
		return;
	case ENTITY_LAUNCH_PLAN:
		x->plan = (pb_admin_launch_plan *)m;
		return;
	case ENTITY_ANY:
	case ENTITY_KIND_MAX:
		break;
	}
	BUG("kind %d", (int)kind);
}

/* Kind and id as one text without doubt where a part ends. */
static struct str
id_key(const struct entity *x, struct arena *a)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	const pb_identifier *id = entity_pb_id(x);

	strbuf_addf(&b, "%d:%s", (int)x->kind, id->name);
	strbuf_addch(&b, '\0');
	strbuf_adds(&b, id->version);
	strbuf_addch(&b, '\0');
	strbuf_adds(&b, id->project);
	strbuf_addch(&b, '\0');
	strbuf_adds(&b, id->domain);
	return arena_str(a, strbuf_str(&b));
}

static void
push(struct package *p, struct arena *a, const struct entity *x,
    const char *member)
{
	struct package_entity *at;

	if (p->n == p->cap) {
		p->cap = p->cap == 0 ? 64 : p->cap * 2;
		at = arena_new_n(a, p->cap, struct package_entity);
		if (p->n > 0)
			memcpy(at, p->at, p->n * sizeof(*at));
		p->at = at;
	}
	p->at[p->n].entity = *x;
	p->at[p->n++].member = member;
}

static int
add_entity(struct package_reader *r, const char *member,
    const struct entity *x, struct err *e)
{
	const pb_identifier *id = entity_pb_id(x);
	struct package *p = r->package;
	struct str key;
	uint32_t before;

	if (id == NULL || id->name[0] == '\0')
		return err_set(e, ERR_SPEC, "%s: the %s in it has no name",
		    member, entity_kind_words(x->kind));
	if (id->resource_type != 0 && (int)id->resource_type != (int)x->kind)
		return err_set(e, ERR_SPEC,
		    "%s: its name tells of a %s, its id of another kind",
		    member, entity_kind_words(x->kind));
	key = id_key(x, r->arena);
	before = map_get(&r->ids, key);
	if (before != MAP_NONE) {
		const struct package_entity *first = &p->at[before];

		if (wire_equal(entity_message(&first->entity),
		    entity_message(x)))
			return 0;
		return err_set(e, ERR_SPEC,
		    "%s: the %s %s has other content than in %s", member,
		    entity_kind_words(x->kind), id->name, first->member);
	}
	map_put(&r->ids, key, (uint32_t)p->n);
	push(p, r->arena, x, arena_strdup(r->arena, member));
	return 0;
}

int
package_add(struct package_reader *r, const char *member, struct str bytes,
    struct err *e)
{
	const char *slash = strrchr(member, '/');
	struct str base = str_of(slash == NULL ? member : slash + 1);
	enum entity_kind kind = kind_of_member(base);
	ProtobufCMessage *m;
	struct entity x;

	if (is_code_member(base)) {
		if (r->package->code != NULL)
			return err_set(e, ERR_SPEC,
			    "%s: a second code archive beside %s", member,
			    r->package->code);
		r->package->code = arena_strdup(r->arena, base.p);
		r->package->code_size = bytes.n;
		return 0;
	}
	if (kind == ENTITY_ANY)
		return err_set(e, ERR_SPEC, "%s: not a member of a package: "
		    "expected NN_name_{1,2,3}.pb or fast*.tar.gz", member);
	if (wire_unpack(entity_descriptor(kind), bytes, r->arena, &m, e) < 0)
		return err_wrap(e, "%s", member);
	entity_set(&x, kind, m);
	return add_entity(r, member, &x, e);
}

static const char *
base_name(const char *member)
{
	const char *slash = strrchr(member, '/');

	return slash == NULL ? member : slash + 1;
}

static int
by_member(const void *va, const void *vb)
{
	const struct package_entity *a = va, *b = vb;
	int d = strcmp(base_name(a->member), base_name(b->member));

	return d != 0 ? d : strcmp(a->member, b->member);
}

int
package_end(struct package_reader *r, struct err *e)
{
	struct package *p = r->package;

	if (p->n == 0)
		return err_set(e, ERR_SPEC, "not a package: it holds no "
		    "entity (a member NN_name_{1,2,3}.pb)");
	qsort(p->at, p->n, sizeof(*p->at), by_member);
	return 0;
}

void
package_member_name(struct strbuf *b, size_t index, size_t n,
    const struct entity *x)
{
	const char *p;
	size_t power, start;
	int digits = 0;

	/* ceil(log10(n)): one entity has the index 0 all the same. */
	for (power = 1; power < n; power *= 10)
		digits++;
	strbuf_addf(b, "%0*zu_", digits, index);
	start = b->n;
	for (p = entity_pb_id(x)->name; *p != '\0'; p++)
		strbuf_addch(b, *p == '/' ? '-' : *p);
	/* The index alone makes it unique; flytectl unpacks it as a file. */
	if (b->n - start > MAX_FILE_NAME) {
		strbuf_setlen(b, start + MAX_FILE_NAME);
		while ((b->p[b->n - 1] & 0xc0) == 0x80)
			strbuf_setlen(b, b->n - 1);
		if ((b->p[b->n - 1] & 0x80) != 0)
			strbuf_setlen(b, b->n - 1);
	}
	strbuf_addf(b, "_%d.pb", (int)x->kind);
}

void
package_digest(const struct entity *at, size_t n, struct str code_name,
    struct strbuf *hex)
{
	c_strbuf struct strbuf bytes = STRBUF_INIT;
	unsigned char digest[DIGEST_SIZE];
	struct sha256 hash;
	char head[64];
	size_t i;

	sha256_init(&hash);
	for (i = 0; i < n; i++) {
		strbuf_reset(&bytes);
		wire_pack(entity_message(&at[i]), &bytes);
		snprintf(head, sizeof(head), "%d %zu\n", (int)at[i].kind,
		    bytes.n);
		sha256_update(&hash, head, strlen(head));
		sha256_update(&hash, bytes.p, bytes.n);
	}
	sha256_update(&hash, code_name.p, code_name.n);
	sha256_final(&hash, digest);
	hex_add(hex, digest, sizeof(digest));
}
