#include "idl/jsonschema.h"

#include "base/limits.h"
#include "idl/names.h"
#include "idl/wire.h"

/*
 * flytepropeller compiles both schemas and compares them by a library whose
 * "not implemented" answers it ignores; so most keywords do not matter.
 */
struct compare {
	const pb_struct	*up_root, *down_root;	/* what "#" means */
	unsigned	 depth;
	size_t		 steps;		/* fields looked at */
};
/* References may lead round in circles, and each property goes on its own. */
#define MAX_STEPS	((size_t)10000000)

static int	schema_from(struct compare *, const pb_value *up,
		    const pb_value *down);

static const pb_value *
field(const pb_struct *s, const char *name)
{
	size_t i;

	for (i = 0; s != NULL && i < s->n_fields; i++)
		if (strcmp(s->fields[i]->key, name) == 0)
			return s->fields[i]->value;
	return NULL;
}

static const pb_struct *
as_struct(const pb_value *v)
{
	return v != NULL && v->kind_case == KIND_STRUCT ? v->struct_value :
	    NULL;
}

static const pb_list_value *
as_list(const pb_value *v)
{
	return v != NULL && v->kind_case == KIND_LIST ? v->list_value : NULL;
}

static const char *
as_text(const pb_value *v)
{
	return v != NULL && v->kind_case == KIND_STRING ? v->string_value :
	    NULL;
}

/* 1 if the schema names a draft that the compiler in use knows, or none. */
static int
known_draft(const pb_struct *root)
{
	static const char *const drafts[] = {
		"http://json-schema.org/draft-04/schema",
		"http://json-schema.org/draft-06/schema",
		"http://json-schema.org/draft-07/schema",
	};
	const char *text = as_text(field(root, "$schema"));
	size_t i, n;

	if (field(root, "$schema") == NULL)
		return 1;
	for (i = 0; text != NULL && i < ARRAY_LEN(drafts); i++) {
		n = strlen(drafts[i]);
		if (strncmp(text, drafts[i], n) == 0 &&
		    (text[n] == '\0' || strcmp(text + n, "#") == 0))
			return 1;
	}
	return 0;
}

/* What a "$ref": "#/definitions/X" leads to; NULL if nowhere. */
static const pb_value *
resolve(const pb_struct *root, const pb_value *v)
{
	const char *ref, *end;
	const pb_struct *s;
	char name[MAX_NAME + 1];
	size_t n, hops;

	for (hops = 0; hops < MAX_DEPTH; hops++) {
		ref = as_text(field(as_struct(v), "$ref"));
		if (ref == NULL)
			return v;
		if (strncmp(ref, "#/", 2) != 0)
			return NULL;
		s = root;
		for (ref += 2;; ref = end + 1) {
			end = strchr(ref, '/');
			n = end == NULL ? strlen(ref) : (size_t)(end - ref);
			if (n > MAX_NAME)
				return NULL;
			memcpy(name, ref, n);
			name[n] = '\0';
			v = field(s, name);
			s = as_struct(v);
			if (end == NULL)
				break;
		}
		if (v == NULL)
			return NULL;
	}
	return NULL;
}

/* ---- types ---------------------------------------------------------------*/

/* Bits for the words of "type", 0 if there is none, -1 for another word. */
static int
type_bits(const pb_value *v)
{
	static const char *const words[] = {
		"null", "boolean", "object", "array", "number", "string",
		"integer",
	};
	const pb_list_value *list = as_list(v);
	const char *text = as_text(v);
	size_t i;
	int bits = 0, one;

	if (v == NULL)
		return 0;
	for (i = 0; text != NULL && i < ARRAY_LEN(words); i++)
		if (strcmp(text, words[i]) == 0)
			return 1 << i;
	if (list == NULL)
		return -1;
	for (i = 0; i < list->n_values; i++) {
		if (as_text(list->values[i]) == NULL)
			return -1;
		one = type_bits(list->values[i]);
		if (one < 0)
			return -1;
		bits |= one;
	}
	return bits;
}

static int
types_equal(const pb_struct *up, const pb_struct *down)
{
	int a = type_bits(field(up, "type")), b = type_bits(field(down,
	    "type"));

	return a >= 0 && a == b;
}

/* ---- the rest ------------------------------------------------------------*/

/* Equal but for words that mean nothing. */
static int
equal(struct compare *c, const pb_value *a, const pb_value *b,
    unsigned depth)
{
	static const char *const words[] = { "title", "description",
	    "default", "examples", "$comment" };
	const pb_struct *x = as_struct(a), *y = as_struct(b);
	size_t i, k, n = 0, m = 0;

	if (depth > MAX_MESSAGE_DEPTH || c->steps++ >= MAX_STEPS)
		return 0;
	if (x == NULL || y == NULL)
		return wire_equal(&a->base, &b->base);
	for (i = 0; i < y->n_fields; i++, m++)
		for (k = 0; k < ARRAY_LEN(words); k++)
			if (strcmp(y->fields[i]->key, words[k]) == 0)
				m--;
	for (i = 0; i < x->n_fields; i++) {
		for (k = 0; k < ARRAY_LEN(words); k++)
			if (strcmp(x->fields[i]->key, words[k]) == 0)
				break;
		if (k < ARRAY_LEN(words))
			continue;
		b = field(y, x->fields[i]->key);
		c->steps += y->n_fields;
		if (b == NULL || !equal(c, x->fields[i]->value, b,
		    depth + 1))
			return 0;
		n++;
	}
	return n == m;
}

/* anyOf and the like: on both sides or none, each of down's in up's. */
static int
choices_from(struct compare *c, const pb_struct *up, const pb_struct *down,
    const char *name)
{
	const pb_list_value *a = as_list(field(up, name));
	const pb_list_value *b = as_list(field(down, name));
	size_t i, k;

	if (a == NULL || b == NULL)
		return a == b;
	if (a->n_values != b->n_values)
		return 0;
	for (i = 0; i < b->n_values; i++) {
		for (k = 0; k < a->n_values; k++)
			if (equal(c, a->values[k], b->values[i], 0))
				break;
		if (k == a->n_values)
			return 0;
	}
	return 1;
}

static int
has_text(const pb_list_value *list, const char *text)
{
	const char *one;
	size_t i;

	for (i = 0; list != NULL && i < list->n_values; i++) {
		one = as_text(list->values[i]);
		if (one != NULL && strcmp(one, text) == 0)
			return 1;
	}
	return 0;
}

static int
required_from(const pb_struct *up, const pb_struct *down)
{
	const pb_list_value *a = as_list(field(up, "required"));
	const pb_list_value *b = as_list(field(down, "required"));
	const char *text;
	size_t i;

	for (i = 0; b != NULL && i < b->n_values; i++) {
		text = as_text(b->values[i]);
		if (text != NULL && !has_text(a, text))
			return 0;
	}
	return 1;
}

static int
properties_from(struct compare *c, const pb_struct *up,
    const pb_struct *down)
{
	const pb_struct *a = as_struct(field(up, "properties"));
	const pb_struct *b = as_struct(field(down, "properties"));
	const pb_value *v;
	size_t i;

	for (i = 0; b != NULL && i < b->n_fields; i++) {
		c->steps += a == NULL ? 0 : a->n_fields;
		v = field(a, b->fields[i]->key);
		if (v == NULL || !schema_from(c, v, b->fields[i]->value))
			return 0;
	}
	return 1;
}

static int
object_from(struct compare *c, const pb_struct *up, const pb_struct *down)
{
	const pb_value *a = field(up, "items"), *b = field(down, "items");

	if (!types_equal(up, down) || !required_from(up, down) ||
	    !choices_from(c, up, down, "anyOf") ||
	    !choices_from(c, up, down, "oneOf") ||
	    !choices_from(c, up, down, "allOf") ||
	    !properties_from(c, up, down))
		return 0;
	if (as_struct(a) != NULL && as_struct(b) != NULL)
		return schema_from(c, a, b);
	return 1;
}

static int
schema_from(struct compare *c, const pb_value *up, const pb_value *down)
{
	int yes;

	if (c->depth >= MAX_DEPTH || c->steps >= MAX_STEPS)
		return 0;
	c->steps += 10;
	up = resolve(c->up_root, up);
	down = resolve(c->down_root, down);
	if (up == NULL || down == NULL)
		return 0;
	if (as_struct(up) == NULL || as_struct(down) == NULL)
		return wire_equal(&up->base, &down->base);
	c->depth++;
	yes = object_from(c, as_struct(up), as_struct(down));
	c->depth--;
	return yes;
}

int
jsonschema_castable(const pb_struct *up, const pb_struct *down)
{
	struct compare c = { up, down, 0, 0 };

	if (wire_equal(&up->base, &down->base))
		return 1;
	if (!known_draft(up) || !known_draft(down))
		return 0;
	return object_from(&c, up, down);
}
