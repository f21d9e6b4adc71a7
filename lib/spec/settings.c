#include "spec/settings.h"

#include "base/limits.h"
#include "base/quantity.h"
#include "spec/pb.h"
#include "spec/retries.h"

typedef Flyteidl__Core__Resources__ResourceEntry resource_entry;

/* ---- resources ---------------------------------------------------------- */

static const struct {
	const char	*name;
	Flyteidl__Core__Resources__ResourceName value;
} resource_names[] = {
	{ "cpu", FLYTEIDL__CORE__RESOURCES__RESOURCE_NAME__CPU },
	{ "mem", FLYTEIDL__CORE__RESOURCES__RESOURCE_NAME__MEMORY },
	{ "gpu", FLYTEIDL__CORE__RESOURCES__RESOURCE_NAME__GPU },
	{ "storage", FLYTEIDL__CORE__RESOURCES__RESOURCE_NAME__STORAGE },
	{ "ephemeral_storage",
	    FLYTEIDL__CORE__RESOURCES__RESOURCE_NAME__EPHEMERAL_STORAGE },
};

static size_t
load_amounts(struct load *l, uint32_t node, resource_entry ***ret)
{
	uint32_t at[ARRAY_LEN(resource_names)];
	struct shape_key keys[ARRAY_LEN(resource_names)];
	resource_entry *e;
	int64_t amount;
	size_t i, n = 0;

	for (i = 0; i < ARRAY_LEN(keys); i++)
		keys[i] = (struct shape_key){ resource_names[i].name, &at[i] };
	if (node == TREE_NONE ||
	    shape_keys(l, node, "resources", keys, ARRAY_LEN(keys)) < 0)
		return 0;
	*ret = arena_new_n(l->a, ARRAY_LEN(keys), resource_entry *);
	for (i = 0; i < ARRAY_LEN(keys); i++) {
		if (at[i] == TREE_NONE)
			continue;
		if (l->t->at[at[i]].kind != TREE_SCALAR ||
		    quantity_parse(l->t->at[at[i]].text, 1, &amount) < 0) {
			shape_wrong(l, at[i], "an amount such as 2, 500m or "
			    "100Mi");
			continue;
		}
		e = PB_NEW_NESTED(l->a, resource_entry,
		    flyteidl__core__resources__resource_entry);
		e->name = resource_names[i].value;
		e->value = shape_strdup(l, l->t->at[at[i]].text);
		(*ret)[n++] = e;
	}
	return n;
}

static pb_resources *
load_resources(struct load *l, uint32_t node)
{
	pb_resources *r = PB_NEW(l->a, flyteidl__core__resources);
	uint32_t requests, limits;
	const struct shape_key keys[] = {
		{ "requests", &requests }, { "limits", &limits },
	};

	if (shape_keys(l, node, "resources", keys, ARRAY_LEN(keys)) < 0)
		return NULL;
	r->n_requests = load_amounts(l, requests, &r->requests);
	r->n_limits = load_amounts(l, limits, &r->limits);
	return r;
}

/* ---- cache -------------------------------------------------------------- */

static void
load_cache_version(struct load *l, uint32_t node, struct cache_setting *c)
{
	c->version = shape_text(l, node, "a version, auto, or false");
	if (c->version == NULL)
		return;
	if (c->version[0] == '\0') {
		shape_wrong(l, node, "a version");
	} else if (!l->t->at[node].quoted && strcmp(c->version, "auto") == 0) {
		c->is_auto = 1;
		c->version = NULL;
	} else if (!l->t->at[node].quoted &&
	    strcmp(c->version, "true") == 0) {
		shape_fault(l, DIAG_BAD_VALUE, node, "a cache needs a "
		    "version");
		diag_hint(l->ds, "write cache: auto, or cache: \"1.0\"");
	}
}

static void
load_cache(struct load *l, uint32_t node, struct cache_setting *c)
{
	uint32_t version, serialize;
	const struct shape_key keys[] = {
		{ "version", &version }, { "serialize", &serialize },
		{ "ignore", &c->ignore_node },
	};

	if (l->t->at[node].kind != TREE_MAP) {
		c->off = !l->t->at[node].quoted &&
		    tree_is(l->t, node, "false");
		if (!c->off)
			load_cache_version(l, node, c);
		return;
	}
	shape_keys(l, node, "cache", keys, ARRAY_LEN(keys));
	if (version == TREE_NONE) {
		shape_fault(l, DIAG_MISSING_KEY, node, "version");
		diag_hint(l->ds, "version: auto, or a text of your own");
	} else {
		load_cache_version(l, version, c);
	}
	if (serialize != TREE_NONE)
		(void)shape_bool(l, serialize, &c->serialize);
	if (c->ignore_node != TREE_NONE)
		(void)shape_words(l, c->ignore_node, "the name of an input",
		    &c->ignore, &c->n_ignore);
}

/* A count, or a map with rules by cause. */
static void
load_retries(struct load *l, uint32_t node, struct settings *ret)
{
	struct retries *rules;
	uint32_t count = 0, bad;
	const char *want;

	if (l->t->at[node].kind == TREE_MAP) {
		rules = arena_new(l->a, struct retries);
		if (retries_read(l->t, node, rules, &bad, &want) < 0) {
			shape_wrong(l, bad, want);
			return;
		}
		ret->rules = rules;
		count = rules->other.count;
	} else if (shape_uint(l, node, 0, MAX_RETRIES, &count) < 0) {
		return;
	}
	ret->retries = PB_NEW(l->a, flyteidl__core__retry_strategy);
	ret->retries->retries = count;
}

void
settings_load(struct load *l, const struct settings_nodes *n,
    struct settings *ret)
{
	*ret = (struct settings){ .interruptible = -1,
	    .cache = { .node = n->cache, .ignore_node = TREE_NONE } };
	if (n->timeout != TREE_NONE)
		(void)shape_duration(l, n->timeout, &ret->timeout);
	if (n->retries != TREE_NONE)
		load_retries(l, n->retries, ret);
	if (n->interruptible != TREE_NONE)
		(void)shape_bool(l, n->interruptible, &ret->interruptible);
	if (n->resources != TREE_NONE)
		ret->resources = load_resources(l, n->resources);
	if (n->image != TREE_NONE)
		ret->image = shape_text(l, n->image, "the name of an image");
	if (n->cache != TREE_NONE)
		load_cache(l, n->cache, &ret->cache);
}
