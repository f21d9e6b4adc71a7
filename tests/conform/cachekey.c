/*
 * Rows {project, domain, name, interface, cache_version, inputs, ignore} to
 * {dataset_name, dataset_version, dataset_version_stripped, tag} or {error}.
 */

#include "base/err.h"
#include "conform.h"
#include "idl/cachekey.h"

static int
differs(const struct conform_row *row, const char *key,
    const struct strbuf *given, struct strbuf *why)
{
	struct str expected = conform_text(row, 0, key);

	if (str_eq(strbuf_str(given), expected))
		return 0;
	strbuf_addf(why, "%s%s: expected " STR_FMT ", given %s",
	    why->n > 0 ? "; " : "", key, STR_ARG(expected), given->p);
	return 1;
}

/* The texts of the list under "ignore", with NULs, in the row's arena. */
static char **
ignored(const struct conform_row *row, size_t *ret_n)
{
	uint32_t list = tree_get(row->tree, 0, "ignore");
	struct str s;
	char **names;

	*ret_n = 0;
	if (list == TREE_NONE)
		return NULL;
	names = arena_new_n(row->arena, row->tree->at[list].n, char *);
	TREE_EACH(row->tree, list, c) {
		s = row->tree->at[c].text;
		names[(*ret_n)++] = arena_strndup(row->arena, s.p, s.n);
	}
	return names;
}

static enum conform_verdict
compare(const struct conform_row *row, const pb_typed_interface *interface,
    const pb_literal_map *inputs, struct strbuf *why)
{
	struct strbuf name c_strbuf = STRBUF_INIT, tag c_strbuf = STRBUF_INIT;
	struct strbuf version c_strbuf = STRBUF_INIT;
	struct strbuf stripped c_strbuf = STRBUF_INIT;
	struct str text = conform_text(row, 0, "name");
	pb_identifier *task = PB_NEW(row->arena, flyteidl__core__identifier);
	const char *cache_version;
	char **ignore;
	struct err e;
	size_t n;

	task->name = arena_strndup(row->arena, text.p, text.n);
	text = conform_text(row, 0, "cache_version");
	cache_version = arena_strndup(row->arena, text.p, text.n);
	ignore = ignored(row, &n);
	if (cachekey_dataset(task, interface, cache_version, &name,
	    &stripped, &e) < 0 || cachekey_version(interface, cache_version,
	    &version, &e) < 0 || cachekey_tag(inputs, ignore, n, &tag,
	    &e) < 0) {
		if (tree_get(row->tree, 0, "error") != TREE_NONE)
			return CONFORM_SAME;
		strbuf_adds(why, e.msg);
		return CONFORM_DIFFERENT;
	}
	if (tree_get(row->tree, 0, "error") != TREE_NONE) {
		strbuf_addf(why, "expected an error, given %s", tag.p);
		return CONFORM_DIFFERENT;
	}
	n = (size_t)differs(row, "dataset_name", &name, why);
	n += (size_t)differs(row, "dataset_version", &version, why);
	n += (size_t)differs(row, "dataset_version_stripped", &stripped, why);
	n += (size_t)differs(row, "tag", &tag, why);
	return n > 0 ? CONFORM_DIFFERENT : CONFORM_SAME;
}

enum conform_verdict
conform_cachekey(const struct conform_row *row, struct strbuf *why)
{
	ProtobufCMessage *interface, *inputs;
	struct err e;

	if (conform_message(row, 0, "interface",
	    &flyteidl__core__typed_interface__descriptor, &interface,
	    &e) < 0 || conform_message(row, 0, "inputs",
	    &flyteidl__core__literal_map__descriptor, &inputs, &e) < 0) {
		strbuf_adds(why, e.msg);
		return CONFORM_DIFFERENT;
	}
	return compare(row, (pb_typed_interface *)interface,
	    (pb_literal_map *)inputs, why);
}
