#include "certified.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "base/num.h"
#include "common/ref.h"
#include "idl/wire.h"
#include "spec/spec.h"
#include "store/certificate.h"
#include "sys/file.h"
#include "sys/statcache.h"

/* Fields of what is known before the inputs. */
enum { ABOUT_REFERENCE = 1, ABOUT_KIND, ABOUT_CLOSURE, ABOUT_INTERFACE,
	ABOUT_EXPECTED, ABOUT_FIXED, ABOUT_PARALLELISM, ABOUT_CODE,
	ABOUT_READ };
/* Fields of one that was read. */
enum { READ_PATH = 1, READ_STATE };

static void
add_message(struct strbuf *b, uint32_t field, const ProtobufCMessage *m)
{
	c_strbuf struct strbuf bytes = STRBUF_INIT;

	if (m == NULL)
		return;
	wire_pack(m, &bytes);
	wire_add_bytes(b, field, strbuf_str(&bytes));
}

/* ---- what names it ------------------------------------------------------ */

/* The words of a name, each after its length, so that none runs into the
 * next. */
static void
name_word(struct sha256 *h, struct str word)
{
	uint64_t n = word.n;

	sha256_update(h, &n, sizeof(n));
	sha256_update(h, word.p, word.n);
}

/* Another program may make something else of the same text. */
static int
name_program(struct sha256 *h)
{
	struct stat_id id;
	struct stat st;

	if (stat("/proc/self/exe", &st) < 0)
		return -1;
	id = stat_id_of(&st);
	name_word(h, (struct str){ (const char *)&id, sizeof(id) });
	return 0;
}

static int
name_about(struct running *r, const struct ref *ref, struct str text,
    struct digest *ret)
{
	struct args *a = r->a;
	c_free char *place = realpath(ref->file, NULL);
	const char *words[5];
	struct sha256 h;
	struct err e;
	size_t i;

	sha256_init(&h);
	if (place == NULL || name_program(&h) < 0 ||
	    context_project(&a->c, &words[0], &e) < 0 ||
	    context_domain(&a->c, &words[1], &e) < 0 ||
	    context_registry(&a->c, &words[2], &e) < 0)
		return -1;
	words[3] = place;
	words[4] = a->target;
	for (i = 0; i < ARRAY_LEN(words); i++)
		name_word(&h, str_of(words[i]));
	name_word(&h, a->type == NULL ? STR("") : str_of(a->type));
	name_word(&h, text);
	sha256_final(&h, ret->b);
	return 0;
}

static void
name_run(const struct args *a, const struct digest *about,
    struct str inputs, struct digest *ret)
{
	char options[2] = { a->keep_going ? 'k' : '-', '1' };
	struct sha256 h;

	sha256_init(&h);
	name_word(&h, (struct str){ (const char *)about->b, DIGEST_SIZE });
	name_word(&h, (struct str){ options, sizeof(options) });
	name_word(&h, inputs);
	sha256_final(&h, ret->b);
}

/* Runs whose look-ups are as the catalog has them, one for one. */
static int
may_be_certified(const struct running *r)
{
	const struct args *a = r->a;

	return a->again == AGAIN_NOT && a->cache == RUNNER_CACHE_ON &&
	    !a->dry_run;
}

/* ---- keeping ------------------------------------------------------------ */

/*
 * The state in which a file was read; -1 if that is not sure: it was changed
 * since, another lies there, or it was changed so shortly before that a later
 * change might not show.
 */
static int
add_read(struct strbuf *b, const char *path, const struct stat_id *before,
    int64_t began)
{
	c_strbuf struct strbuf read = STRBUF_INIT;
	c_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat_id id;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -1;
	id = stat_id_of(&st);
	if (!stat_id_equal(&id, before) || !stat_id_settled(&id, began, file_is_remote(fd) ?
	    STAT_SLACK_REMOTE : STAT_SLACK_LOCAL))
		return -1;
	wire_add_bytes(&read, READ_PATH, str_of(path));
	wire_add_bytes(&read, READ_STATE,
	    (struct str){ (const char *)&id, sizeof(id) });
	wire_add_bytes(b, ABOUT_READ, strbuf_str(&read));
	return 0;
}

static int
add_about(const struct target *t, const char *address, struct arena *a,
    struct strbuf *b)
{
	size_t i;

	wire_add_bytes(b, ABOUT_REFERENCE, str_of(t->reference));
	wire_add_bytes(b, ABOUT_KIND, str_of(entity_kind_name(t->kind)));
	wire_add_bytes(b, ABOUT_CLOSURE, str_of(address));
	if (t->interface != NULL)
		add_message(b, ABOUT_INTERFACE, &t->interface->base);
	if (t->expected != NULL)
		add_message(b, ABOUT_EXPECTED, &t->expected->base);
	if (t->fixed != NULL)
		add_message(b, ABOUT_FIXED, &t->fixed->base);
	wire_add_bytes(b, ABOUT_PARALLELISM,
	    str_of(arena_printf(a, "%u", t->max_parallelism)));
	if (t->code != NULL)
		wire_add_bytes(b, ABOUT_CODE, str_of(t->code));
	for (i = 0; i < t->front.n_reads; i++)
		if (add_read(b, front_file_path(&t->front,
		    t->front.reads[i].path, a), &t->front.reads[i].before,
		    t->began) < 0)
			return -1;
	return 0;
}

/* The name may lead elsewhere by now, where a link was turned. */
static int
is_where_it_was(const struct front *f, const char *file, struct arena *a)
{
	c_free char *now = realpath(file, NULL);
	const char *folder = front_folder(f, a);
	char *slash = now == NULL ? NULL : strrchr(now, '/');

	if (slash == NULL)
		return 0;
	slash[slash == now] = '\0';
	return strcmp(now, folder) == 0;
}

const struct run_certify *
certified_leave(struct running *r, const struct target *t,
    const char *address, struct str inputs)
{
	struct arena *a = &r->a->c.arena;
	struct run_certify *ret = arena_new(a, struct run_certify);
	c_strbuf struct strbuf about = STRBUF_INIT;
	struct err e;
	struct ref ref;

	if (!may_be_certified(r) || !t->loaded ||
	    t->front.form != FRONT_SPEC || t->front.asked ||
	    ref_parse(r->a->target, a, &ref, &e) < 0 ||
	    !is_where_it_was(&t->front, ref.file, a) ||
	    name_about(r, &ref, t->front.text, &ret->about_key) < 0 ||
	    add_about(t, address, a, &about) < 0)
		return NULL;
	name_run(r->a, &ret->about_key, inputs, &ret->key);
	ret->about = arena_str(a, strbuf_str(&about));
	return ret;
}

/* ---- using -------------------------------------------------------------- */

static struct str
field_of(struct str bytes, uint32_t id)
{
	struct wire_field f;
	struct err e;

	if (wire_find(bytes, id, WIRE_BYTES, &f, &e) < 0 || f.whole.p == NULL)
		return (struct str){ NULL, 0 };
	return f.bytes;
}

static const char *
text_of(struct str bytes, uint32_t id, struct arena *a)
{
	struct str s = field_of(bytes, id);

	return s.p == NULL ? NULL : arena_strndup(a, s.p, s.n);
}

/* The message of a field, NULL if there is none; -1 if it cannot be read. */
static int
message_of(struct str bytes, uint32_t id,
    const ProtobufCMessageDescriptor *d, struct arena *a, void *ret)
{
	ProtobufCMessage **m = ret;
	struct str s = field_of(bytes, id);
	struct err e;

	*m = NULL;
	return s.p == NULL ? 0 : wire_unpack(d, s, a, m, &e);
}

static int
is_as_read(struct str read, struct arena *a)
{
	const char *path = text_of(read, READ_PATH, a);
	struct str state = field_of(read, READ_STATE);
	struct stat_id was, is;
	struct stat st;

	if (path == NULL || state.n != sizeof(was) || stat(path, &st) < 0)
		return 0;
	memcpy(&was, state.p, sizeof(was));
	is = stat_id_of(&st);
	return stat_id_equal(&was, &is);
}

static int
all_as_read(struct str about, struct arena *a)
{
	struct wire_reader r = wire_reader(about);
	struct wire_field f;
	struct err e;
	int rc;

	while ((rc = wire_next(&r, &f, &e)) > 0)
		if (f.id == ABOUT_READ && !is_as_read(f.bytes, a))
			return 0;
	return rc == 0;
}

static int
read_about(struct str about, struct arena *a, struct target *t,
    const char **ret_closure)
{
	const char *kind = text_of(about, ABOUT_KIND, a);
	const char *n = text_of(about, ABOUT_PARALLELISM, a);
	uint64_t parallelism;

	t->reference = text_of(about, ABOUT_REFERENCE, a);
	*ret_closure = text_of(about, ABOUT_CLOSURE, a);
	t->code = text_of(about, ABOUT_CODE, a);
	if (t->reference == NULL || *ret_closure == NULL || kind == NULL ||
	    n == NULL || entity_kind_parse(str_of(kind), &t->kind) < 0 ||
	    num_parse_u64(str_of(n), 0, UINT32_MAX, &parallelism) < 0 ||
	    message_of(about, ABOUT_INTERFACE,
	    &flyteidl__core__typed_interface__descriptor, a,
	    &t->interface) < 0 ||
	    message_of(about, ABOUT_EXPECTED,
	    &flyteidl__core__parameter_map__descriptor, a,
	    &t->expected) < 0 ||
	    message_of(about, ABOUT_FIXED,
	    &flyteidl__core__literal_map__descriptor, a, &t->fixed) < 0)
		return -1;
	t->max_parallelism = (uint32_t)parallelism;
	target_set_wants(t, a);
	return all_as_read(about, a) ? 0 : -1;
}

/* What the command line comes to, if that is known. */
static int
find_about(struct running *r, struct target *t, const char **ret_closure)
{
	struct arena *a = &r->a->c.arena;
	c_strbuf struct strbuf text = STRBUF_INIT;
	struct certificate got;
	struct store *store;
	struct ref ref;
	struct err e;

	if (ref_parse(r->a->target, a, &ref, &e) < 0 || ref.file == NULL ||
	    front_form_of(ref.file) != FRONT_SPEC ||
	    context_store(&r->a->c, &store, &e) < 0 ||
	    file_read(AT_FDCWD, ref.file, MAX_SPEC_BYTES, &text, &e) < 0 ||
	    name_about(r, &ref, strbuf_str(&text), &r->about) < 0 ||
	    certificate_get(store, &r->about, a, &got) < 0)
		return -1;
	t->file = ref.file;
	t->local = 1;
	return read_about(got.value, a, t, ret_closure);
}

int
certified_is_about(struct running *r, const struct target *t)
{
	struct digest now;
	struct err e;
	struct ref ref;

	return ref_parse(r->a->target, &r->a->c.arena, &ref, &e) == 0 &&
	    name_about(r, &ref, t->front.text, &now) == 0 &&
	    digest_equal(&now, &r->about);
}

int
certified_run(struct running *r, int *ret_status)
{
	struct target t = { .what = r->a->target, .diags = DIAGS_INIT };
	struct run_certify leave = { 0 };
	struct run_spec spec = { .certify = &leave };
	char made[EXECUTION_NAME_MAX];
	struct run *run;
	struct err e;
	int rc;

	if (!may_be_certified(r) || find_about(r, &t, &spec.address) < 0)
		return 0;
	if (bind_inputs(r, &t, &r->bound, &e) < 0) {
		*ret_status = fail(&r->a->c, &e);
		return 1;
	}
	name_run(r->a, &r->about, r->bound, &leave.key);
	spec.inputs = r->bound;
	if (fill_spec(r, &t, &spec, made, &e) < 0)
		return 0;
	rc = run_repeat(r->runner, &spec, &run, &e);
	if (rc > 0)
		return 0;
	*ret_status = rc < 0 ? fail(&r->a->c, &e) : run_to_end(r, run);
	return 1;
}
