/* Literals to plain JSON and to short texts. */

#include <math.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/num.h"
#include "base/time.h"
#include "base/utf8.h"
#include "data/json.h"
#include "data/msgpack.h"
#include "idl/literal.h"
#include "idl/names.h"
#include "idl/pbjson.h"
#include "idl/render.h"
#include "idl/value.h"

static void	add_json(struct strbuf *, const pb_literal *, unsigned depth);

const char *
value_local_path(const char *uri)
{
	size_t i;

	if (strncmp(uri, "file://", 7) == 0)
		return uri + 7;
	for (i = 0; (uri[i] >= 'a' && uri[i] <= 'z') || (uri[i] >= 'A' &&
	    uri[i] <= 'Z') || (i > 0 && ((uri[i] >= '0' && uri[i] <= '9') ||
	    uri[i] == '+' || uri[i] == '-' || uri[i] == '.')); i++)
		;
	return i > 0 && strncmp(uri + i, "://", 3) == 0 ? NULL : uri;
}

static struct str
shown_uri(const char *uri)
{
	const char *path = value_local_path(uri);

	return str_of(path != NULL ? path : uri);
}

/* ---- bare texts ----------------------------------------------------------*/

static void
add_primitive(struct strbuf *b, const pb_primitive *p)
{
	switch ((int)p->value_case) {
	case PRIMITIVE_INTEGER:
		strbuf_addf(b, "%lld", (long long)p->integer);
		break;
	case PRIMITIVE_FLOAT:
		num_add_f64(b, p->float_value);
		break;
	case PRIMITIVE_STRING:
		strbuf_adds(b, p->string_value);
		break;
	case PRIMITIVE_BOOLEAN:
		strbuf_adds(b, p->boolean ? "true" : "false");
		break;
	case PRIMITIVE_DATETIME:
		instant_add(b, (struct instant){ p->datetime->seconds,
		    p->datetime->nanos });
		break;
	case PRIMITIVE_DURATION:
		timespan_add(b, (struct timespan){ p->duration->seconds,
		    p->duration->nanos });
		break;
	default:
		break;
	}
}

/* The URI of a blob, schema, dataset or offloaded literal, or NULL. */
static const char *
uri_of(const pb_literal *l)
{
	if (l->value_case == LITERAL_OFFLOADED)
		return l->offloaded_metadata->uri;
	if (l->value_case != LITERAL_SCALAR)
		return NULL;
	switch ((int)l->scalar->value_case) {
	case SCALAR_BLOB:
		return l->scalar->blob->uri;
	case SCALAR_SCHEMA:
		return l->scalar->schema->uri;
	case SCALAR_DATASET:
		return l->scalar->structured_dataset->uri;
	default:
		return NULL;
	}
}

/* ---- JSON ----------------------------------------------------------------*/

static int
is_bare_json(const pb_primitive *p)
{
	return p->value_case == PRIMITIVE_INTEGER ||
	    p->value_case == PRIMITIVE_BOOLEAN ||
	    (p->value_case == PRIMITIVE_FLOAT && isfinite(p->float_value));
}

static void
add_json_primitive(struct strbuf *b, const pb_primitive *p)
{
	struct strbuf text c_strbuf = STRBUF_INIT;

	if (p->value_case == PRIMITIVE_UNSET) {
		strbuf_adds(b, "null");
	} else if (is_bare_json(p)) {
		add_primitive(b, p);
	} else {
		add_primitive(&text, p);
		json_add_string(b, strbuf_str(&text));
	}
}

static void
add_json_binary(struct strbuf *b, const pb_binary *bin)
{
	struct str bytes = { (const char *)bin->value.data, bin->value.len };
	struct err e;

	if (strcmp(bin->tag, LITERAL_MSGPACK) == 0 &&
	    msgpack_add_json(b, bytes, &e) == 0)
		return;
	strbuf_addch(b, '"');
	pbjson_add_base64(b, bytes);
	strbuf_addch(b, '"');
}

static void
add_json_error(struct strbuf *b, const pb_error *err)
{
	strbuf_adds(b, "{\"failed_node_id\":");
	json_add_string(b, str_of(err->failed_node_id));
	strbuf_adds(b, ",\"message\":");
	json_add_string(b, str_of(err->message));
	strbuf_addch(b, '}');
}

static void
add_json_scalar(struct strbuf *b, const pb_scalar *s)
{
	switch ((int)s->value_case) {
	case SCALAR_PRIMITIVE:
		add_json_primitive(b, s->primitive);
		break;
	case SCALAR_BINARY:
		add_json_binary(b, s->binary);
		break;
	case SCALAR_ERROR:
		add_json_error(b, s->error);
		break;
	case SCALAR_GENERIC:
		pbjson_print(&s->generic->base, 0, b);
		break;
	default:
		strbuf_adds(b, "null");
		break;
	}
}

static void
add_json_list(struct strbuf *b, const pb_literal_collection *c,
    unsigned depth)
{
	size_t i;

	strbuf_addch(b, '[');
	for (i = 0; i < c->n_literals; i++) {
		if (i > 0)
			strbuf_addch(b, ',');
		add_json(b, c->literals[i], depth);
	}
	strbuf_addch(b, ']');
}

static void
add_json_map(struct strbuf *b, const pb_literal_map *map, const char *before,
    const char *between, const char *after, unsigned depth)
{
	struct arena a c_arena = ARENA_INIT;
	size_t i, *order = literal_map_order(map, &a);

	strbuf_addch(b, '{');
	for (i = 0; i < map->n_literals; i++) {
		if (i > 0)
			strbuf_addch(b, ',');
		strbuf_adds(b, before);
		json_add_string(b, str_of(map->literals[order[i]]->key));
		strbuf_adds(b, between);
		add_json(b, map->literals[order[i]]->value, depth);
	}
	if (map->n_literals > 0)
		strbuf_adds(b, after);
	strbuf_addch(b, '}');
}

static void
add_json(struct strbuf *b, const pb_literal *l, unsigned depth)
{
	const char *uri;

	l = literal_unwrap(l);
	if (l == NULL || depth > MAX_MESSAGE_DEPTH) {
		strbuf_adds(b, "null");
	} else if ((uri = uri_of(l)) != NULL) {
		json_add_string(b, shown_uri(uri));
	} else if (l->value_case == LITERAL_SCALAR) {
		add_json_scalar(b, l->scalar);
	} else if (l->value_case == LITERAL_LIST) {
		add_json_list(b, l->collection, depth + 1);
	} else if (l->value_case == LITERAL_MAP) {
		add_json_map(b, l->map, "", ":", "", depth + 1);
	} else {
		strbuf_adds(b, "null");
	}
}

void
value_add_json(struct strbuf *b, const pb_literal *l)
{
	add_json(b, l, 0);
}

void
value_map_add_json(struct strbuf *b, const pb_literal_map *map, int indent)
{
	if (indent)
		add_json_map(b, map, "\n  ", ": ", "\n", 0);
	else
		add_json_map(b, map, "", ":", "", 0);
}

/* ---- bare, short, for the environment ------------------------------------*/

void
value_add_bare(struct strbuf *b, const pb_literal *l)
{
	const pb_primitive *p;
	const char *uri;

	l = literal_unwrap(l);
	if (l == NULL || literal_is_none(l))
		return;
	p = literal_primitive(l);
	uri = uri_of(l);
	if (p != NULL)
		add_primitive(b, p);
	else if (uri != NULL)
		strbuf_addstr(b, shown_uri(uri));
	else if (l->value_case == LITERAL_SCALAR &&
	    l->scalar->value_case == SCALAR_BINARY && !literal_is_struct(l))
		strbuf_add(b, l->scalar->binary->value.data,
		    l->scalar->binary->value.len);
	else
		add_json(b, l, 0);
}

/* Bytes of the first characters of s; *ret_rest if there are more. */
static size_t
first_chars(struct str s, size_t chars, int *ret_rest)
{
	size_t i = 0;

	for (; i < s.n; i++) {
		if (((unsigned char)s.p[i] & 0xc0) == 0x80)
			continue;
		if (chars-- == 0)
			break;
	}
	*ret_rest = i < s.n;
	return i;
}

void
value_add_cut(struct strbuf *b, struct str text, size_t width)
{
	struct strbuf shown c_strbuf = STRBUF_INIT;
	size_t n;
	int rest;

	utf8_add_shown(&shown, text);
	n = first_chars(strbuf_str(&shown), width, &rest);
	if (rest)
		n = first_chars(strbuf_str(&shown), width < 3 ? 0 : width - 3,
		    &rest);
	strbuf_add(b, shown.p, n);
	if (n < shown.n)
		strbuf_add(b, "...", MIN(width, (size_t)3));
}

void
value_add_short(struct strbuf *b, const pb_literal *l, size_t width)
{
	struct strbuf text c_strbuf = STRBUF_INIT;

	l = literal_unwrap(l);
	if (l == NULL || literal_is_none(l))
		strbuf_adds(&text, "none");
	else if (l->value_case == LITERAL_SCALAR &&
	    l->scalar->value_case == SCALAR_BINARY && !literal_is_struct(l))
		strbuf_addf(&text, "(%zu bytes)",
		    l->scalar->binary->value.len);
	else
		value_add_bare(&text, l);
	value_add_cut(b, strbuf_str(&text), width);
}

int
value_add_env(struct strbuf *b, const pb_literal *l)
{
	size_t start = b->n;
	const pb_primitive *p;

	l = literal_unwrap(l);
	if (l == NULL)
		return -1;
	if (literal_is_none(l))
		return 0;
	p = literal_primitive(l);
	if (p == NULL && literal_as_blob(l) == NULL)
		return -1;
	if (p != NULL && p->value_case == PRIMITIVE_FLOAT)
		render_add_fixed_float(b, p->float_value);
	else
		value_add_bare(b, l);
	if (b->n - start > MAX_ENV_VALUE) {
		strbuf_setlen(b, start);
		return -1;
	}
	return 0;
}
