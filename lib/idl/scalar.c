#include "idl/scalar.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/num.h"
#include "base/time.h"
#include "base/utf8.h"
#include "data/json.h"
#include "idl/literal.h"
#include "idl/names.h"
#include "idl/pbjson.h"
#include "idl/place.h"
#include "idl/type.h"
#include "idl/value.h"

/* One text on its way to a literal. */
struct text {
	const pb_literal_type	*type;
	struct str		 s;
	int			 quoted;
	const struct value_ctx	*ctx;
	const struct place	*place;
	struct arena		*arena;
	struct err		*e;
};

struct str
scalar_trim(struct str s)
{
	while (s.n > 0 && memchr(" \t\r\n", s.p[0], 4) != NULL) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && memchr(" \t\r\n", s.p[s.n - 1], 4) != NULL)
		s.n--;
	return s;
}

/* A number or word of JSON is shown whole, without quotes of ours. */
#define MAX_NUMBER	40

static int
fail(const struct text *t, const char *hint)
{
	struct strbuf b c_strbuf = STRBUF_INIT;

	if (t->ctx->mode == VALUE_JSON && t->quoted)
		strbuf_adds(&b, "string ");
	if (t->ctx->mode == VALUE_JSON && !t->quoted && t->s.n <= MAX_NUMBER)
		utf8_add_shown(&b, t->s);
	else
		utf8_add_given(&b, t->s);
	return place_fail(t->place, t->type, NULL, b.p, hint, t->e);
}

/* In JSON a number is a number: a string in its place is a mistake. */
static int
wants_bare(const struct text *t)
{
	if (t->ctx->mode == VALUE_JSON && t->quoted)
		return fail(t, "write it without quotes");
	return 0;
}

static int
wants_string(const struct text *t)
{
	if (t->ctx->mode == VALUE_JSON && !t->quoted)
		return fail(t, "write it in quotes");
	return 0;
}

/* ---- simple types --------------------------------------------------------*/

/* An int64 that a double may stand for only by chance. */
static int
is_beyond(struct str s)
{
	const int64_t exact = (INT64_C(1) << 53) - 1;
	int64_t v;

	return num_parse_i64(s, INT64_MIN, INT64_MAX, &v) == 0 &&
	    (v > exact || v < -exact);
}

static int
read_integer(const struct text *t, pb_literal **ret)
{
	double d;
	int64_t v;
	size_t i;

	if (t->ctx->rounded && is_beyond(t->s)) {
		if (!t->quoted)
			return fail(t, "jq rounds integers beyond 2^53; give "
			    "it in quotes, as \"ints: text\" hands it in");
	} else if (wants_bare(t) < 0) {
		return -1;
	}
	if (num_parse_i64(t->s, INT64_MIN, INT64_MAX, &v) == 0) {
		*ret = literal_integer(t->arena, v);
		return 0;
	}
	for (i = t->s.n > 0 && (t->s.p[0] == '-' || t->s.p[0] == '+');
	    i < t->s.n && t->s.p[i] >= '0' && t->s.p[i] <= '9'; i++)
		;
	if (i == t->s.n && i > 0 && t->s.p[i - 1] >= '0' &&
	    t->s.p[i - 1] <= '9')
		return fail(t, "an int is from -9223372036854775808 to "
		    "9223372036854775807");
	if (num_parse_f64(t->s, &d) == 0)
		return fail(t, "an int is written in digits only");
	return fail(t, NULL);
}

static int
read_float(const struct text *t, pb_literal **ret)
{
	struct str s = t->s;
	double v;
	int word;

	/* YAML's words for them begin with a point. */
	if (t->ctx->mode == VALUE_YAML && (str_is(s, ".nan") ||
	    str_is(s, ".inf") || str_is(s, ".NaN") || str_is(s, ".Inf")))
		s = (struct str){ s.p + 1, s.n - 1 };
	else if (t->ctx->mode == VALUE_YAML && (str_is(s, "-.inf") ||
	    str_is(s, "-.Inf")))
		s = STR("-inf");
	word = str_is(s, "NaN") || str_is(s, "Infinity") ||
	    str_is(s, "-Infinity");
	if (!word && wants_bare(t) < 0)
		return -1;
	if (num_parse_f64(s, &v) < 0)
		return fail(t, json_is_number(s) ?
		    "it is too large for a float" : NULL);
	*ret = literal_float(t->arena, v);
	return 0;
}

static int
read_string(const struct text *t, pb_literal **ret)
{
	if (wants_string(t) < 0)
		return -1;
	*ret = literal_string(t->arena, t->s);
	return 0;
}

static int
read_boolean(const struct text *t, pb_literal **ret)
{
	if (wants_bare(t) < 0)
		return -1;
	if (!str_is(t->s, "true") && !str_is(t->s, "false"))
		return fail(t, "write true or false");
	*ret = literal_boolean(t->arena, t->s.p[0] == 't');
	return 0;
}

/* now, today, a date, or a time without its zone, which is then UTC. */
static int
parse_loose_instant(struct str s, int words, struct instant *ret)
{
	struct strbuf b c_strbuf = STRBUF_INIT;

	if (instant_parse(s, 1, ret) == 0)
		return 0;
	if (words && (str_is(s, "now") || str_is(s, "today"))) {
		*ret = instant_now();
		if (s.n == 5) {
			ret->sec -= ((ret->sec % 86400) + 86400) % 86400;
			ret->nsec = 0;
		}
		return 0;
	}
	strbuf_addstr(&b, s);
	strbuf_addch(&b, 'Z');
	return instant_parse(strbuf_str(&b), 0, ret);
}

/* An instant, and a duration after " + " or " - ". */
static int
parse_moved_instant(struct str s, struct instant *ret)
{
	struct str left = { s.p, 0 }, right;
	struct timespan move;
	int64_t nsec;
	int sign;

	for (; left.n + 3 < s.n; left.n++)
		if (s.p[left.n] == ' ' && s.p[left.n + 2] == ' ' &&
		    (s.p[left.n + 1] == '+' || s.p[left.n + 1] == '-'))
			break;
	if (left.n + 3 >= s.n)
		return parse_loose_instant(s, 1, ret);
	sign = s.p[left.n + 1] == '+' ? 1 : -1;
	right = scalar_trim((struct str){ s.p + left.n + 3,
	    s.n - left.n - 3 });
	if (parse_loose_instant(scalar_trim(left), 1, ret) < 0 ||
	    timespan_parse(right, &move) < 0)
		return -1;
	nsec = ret->nsec + sign * (int64_t)move.nsec + 1000000000;
	ret->sec += sign * move.sec + nsec / 1000000000 - 1;
	ret->nsec = (int32_t)(nsec % 1000000000);
	return ret->sec < INSTANT_MIN || ret->sec > INSTANT_MAX ? -1 : 0;
}

static int
read_datetime(const struct text *t, pb_literal **ret)
{
	struct instant v = { 0, 0 };
	int rc;

	if (wants_string(t) < 0)
		return -1;
	if (t->ctx->mode == VALUE_JSON)
		rc = instant_parse(t->s, 0, &v);
	else if (t->ctx->mode == VALUE_CLI)
		rc = parse_moved_instant(t->s, &v);
	else
		rc = parse_loose_instant(t->s, 0, &v);
	if (rc < 0)
		return fail(t, "write it as 2024-01-31T12:00:00Z");
	*ret = literal_datetime(t->arena, v);
	return 0;
}

static int
read_duration(const struct text *t, pb_literal **ret)
{
	struct timespan v;

	if (wants_string(t) < 0)
		return -1;
	if (timespan_parse(t->s, &v) < 0)
		return fail(t, "write it as 1h30m, 90s or 250ms");
	*ret = literal_duration(t->arena, v);
	return 0;
}

static int
read_binary(const struct text *t, pb_literal **ret)
{
	struct strbuf b c_strbuf = STRBUF_INIT;

	if (wants_string(t) < 0)
		return -1;
	if (pbjson_from_base64(&b, t->s) < 0)
		return fail(t, "write the bytes as base64, or give a file "
		    "as NAME=@FILE");
	*ret = literal_binary(t->arena, strbuf_str(&b), "");
	return 0;
}

static int
read_none(const struct text *t, pb_literal **ret)
{
	if (t->quoted || !(t->s.n == 0 || str_is(t->s, "null") ||
	    str_is(t->s, "~") || str_is(t->s, "none")))
		return fail(t, "write null");
	*ret = literal_none(t->arena);
	return 0;
}

static int
read_simple(const struct text *t, pb_literal **ret)
{
	switch ((int)t->type->simple) {
	case SIMPLE_NONE:
		return read_none(t, ret);
	case SIMPLE_INTEGER:
		return read_integer(t, ret);
	case SIMPLE_FLOAT:
		return read_float(t, ret);
	case SIMPLE_STRING:
		return read_string(t, ret);
	case SIMPLE_BOOLEAN:
		return read_boolean(t, ret);
	case SIMPLE_DATETIME:
		return read_datetime(t, ret);
	case SIMPLE_DURATION:
		return read_duration(t, ret);
	case SIMPLE_BINARY:
		return read_binary(t, ret);
	case SIMPLE_ERROR:
		*ret = literal_error(t->arena, "", arena_strndup(t->arena,
		    t->s.p, t->s.n));
		return 0;
	default:
		return fail(t, "this type has no values here");
	}
}

/* ---- enums, files, tables ------------------------------------------------*/

static int
read_enum(const struct text *t, pb_literal **ret)
{
	const pb_enum_type *values = t->type->enum_type;
	struct strbuf hint c_strbuf = STRBUF_INIT;
	const char *meant;
	size_t i;

	if (wants_string(t) < 0)
		return -1;
	for (i = 0; i < values->n_values; i++)
		if (str_is(t->s, values->values[i])) {
			*ret = literal_string(t->arena, t->s);
			return 0;
		}
	meant = did_you_mean(t->s, (const char *const *)values->values,
	    values->n_values);
	if (meant != NULL)
		strbuf_addf(&hint, "did you mean %s?", meant);
	return fail(t, meant == NULL ? NULL : hint.p);
}

/* "scheme://" at the front. */
static int
has_scheme(struct str s)
{
	size_t i;

	for (i = 0; i < s.n && ((s.p[i] >= 'a' && s.p[i] <= 'z') ||
	    (s.p[i] >= 'A' && s.p[i] <= 'Z') || (i > 0 &&
	    ((s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '+' ||
	    s.p[i] == '-' || s.p[i] == '.'))); i++)
		;
	return i > 0 && s.n >= i + 3 && memcmp(s.p + i, "://", 3) == 0;
}

/* The path behind the base folder if it is relative; URIs as they are. */
static const char *
absolute(const struct text *t)
{
	const char *base = t->ctx->base_dir;
	struct str s = t->s;

	if (base == NULL || has_scheme(s) || s.p[0] == '/')
		return arena_strndup(t->arena, s.p, s.n);
	while (str_starts(s, "./") && s.n > 2) {
		s.p += 2;
		s.n -= 2;
	}
	if (str_is(s, ".") || str_is(s, "./"))
		return arena_strdup(t->arena, base);
	return arena_printf(t->arena, "%s%s" STR_FMT, base,
	    str_ends(str_of(base), "/") ? "" : "/", STR_ARG(s));
}

/* A local path must be there, and a file or a folder as the type says. */
static int
check_path(const struct text *t, const char *uri, int is_dir)
{
	const char *path = value_local_path(uri);
	struct stat st;

	if (!t->ctx->path_check || path == NULL)
		return 0;
	if (stat(path, &st) < 0) {
		if (err_named(t->e, ERR_USAGE, "%s", path) < 0 &&
		    t->e->kind == ERR_SYS)
			return -1;
		return fail(t, t->e->sys == ENOENT ? "there is no such file" :
		    strerror(t->e->sys));
	}
	if (is_dir && !S_ISDIR(st.st_mode))
		return fail(t, "that is not a directory");
	if (!is_dir && S_ISDIR(st.st_mode))
		return fail(t, "that is a directory");
	/* Its bytes are read more than once, and to their end. */
	if (!is_dir && !S_ISREG(st.st_mode))
		return fail(t, "that is a device, pipe or socket; put its "
		    "content into a file, or give stdin as NAME=@-");
	return 0;
}

/* A file: URI names an absolute path: without its scheme it must mean the
 * same. */
static int
wants_path(const struct text *t)
{
	static const char scheme[] = "file://";
	struct str s = t->s;

	if (s.n == 0)
		return fail(t, "give a path");
	if (str_starts(s, scheme) && (s.n == sizeof(scheme) - 1 ||
	    s.p[sizeof(scheme) - 1] != '/'))
		return fail(t, "file:// is followed by an absolute path");
	return 0;
}

static int
read_blob(const struct text *t, pb_literal **ret)
{
	int is_dir = t->type->blob->dimensionality == BLOB_MULTIPART;
	const char *uri;

	if (wants_string(t) < 0 || wants_path(t) < 0)
		return -1;
	uri = absolute(t);
	if (check_path(t, uri, is_dir) < 0)
		return -1;
	*ret = literal_blob(t->arena, str_of(uri), t->type->blob->format,
	    is_dir);
	return 0;
}

static int
read_table(const struct text *t, pb_literal **ret)
{
	pb_scalar *s = PB_NEW(t->arena, flyteidl__core__scalar);
	pb_structured_dataset *d;
	const char *uri;

	if (wants_string(t) < 0 || wants_path(t) < 0)
		return -1;
	uri = absolute(t);
	if (t->type->type_case == TYPE_SCHEMA) {
		s->value_case = SCALAR_SCHEMA;
		s->schema = PB_NEW(t->arena, flyteidl__core__schema);
		s->schema->uri = arena_strdup(t->arena, uri);
		s->schema->type = t->type->schema;
	} else {
		d = PB_NEW(t->arena, flyteidl__core__structured_dataset);
		d->uri = arena_strdup(t->arena, uri);
		d->metadata = PB_NEW(t->arena,
		    flyteidl__core__structured_dataset_metadata);
		d->metadata->structured_dataset_type =
		    t->type->structured_dataset_type;
		s->value_case = SCALAR_DATASET;
		s->structured_dataset = d;
	}
	*ret = literal_scalar(t->arena, s);
	return 0;
}

int
scalar_read(const pb_literal_type *type, struct str s, int quoted,
    const struct value_ctx *ctx, const struct place *place, struct arena *a,
    pb_literal **ret, struct err *e)
{
	struct text t = { type, s, quoted, ctx, place, a, e };

	if (s.n > 0 && memchr(s.p, '\0', s.n) != NULL)
		return fail(&t, "a NUL byte cannot be in it");
	if (!utf8_valid(s))
		return fail(&t, "it is not valid UTF-8");
	if (ctx->mode == VALUE_CLI && type->type_case == TYPE_SIMPLE &&
	    type->simple != SIMPLE_STRING && type->simple != SIMPLE_ERROR)
		t.s = scalar_trim(s);
	switch ((int)type->type_case) {
	case TYPE_SIMPLE:
		return read_simple(&t, ret);
	case TYPE_ENUM:
		return read_enum(&t, ret);
	case TYPE_BLOB:
		return read_blob(&t, ret);
	case TYPE_SCHEMA:
	case TYPE_DATASET:
		return read_table(&t, ret);
	default:
		return fail(&t, "the type is not set");
	}
}
