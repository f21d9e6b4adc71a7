/*
 * conform TOPIC FILE.jsonl [ARG...]: judges every row of a file of recorded
 * answers through the library.  Prints each difference as FILE:LINE: why,
 * and last "N same, M different, K unsupported" (and "B better" where
 * a topic has such rows).  Status 1 if any differs, 2 for wrong usage.
 */

#include <errno.h>
#include <stdio.h>

#include "base/err.h"
#include "conform.h"
#include "idl/pbjson.h"
#include "idl/wire.h"

static const struct {
	const char	*name;
	conform_fn	*judge;
} topics[] = {
	{ "castable", conform_castable },
	{ "pbhash", conform_pbhash },
	{ "cachekey", conform_cachekey },
	{ "compiler", conform_compiler },
	{ "engine", conform_engine },
	{ "pbjson", conform_pbjson },
};

struct str
conform_text(const struct conform_row *row, uint32_t map, const char *key)
{
	uint32_t node = tree_get(row->tree, map, key);

	if (node == TREE_NONE || row->tree->at[node].kind != TREE_SCALAR)
		return STR("");
	return row->tree->at[node].text;
}

int
conform_true(const struct conform_row *row, uint32_t map, const char *key)
{
	return str_is(conform_text(row, map, key), "true");
}

int
conform_message(const struct conform_row *row, uint32_t map, const char *key,
    const ProtobufCMessageDescriptor *type, ProtobufCMessage **ret,
    struct err *e)
{
	uint32_t node = tree_get(row->tree, map, key);

	if (node == TREE_NONE) {
		*ret = wire_new(type, row->arena);
		return 0;
	}
	if (pbjson_from_tree(type, row->tree, node, 0, row->arena, ret,
	    e) < 0)
		return err_wrap(e, "%s", key);
	return 0;
}

/* The whole of a file; NULL with a message on stderr. */
static char *
read_file(const char *name, size_t *ret_n)
{
	char *text = NULL;
	size_t n = 0, cap = 0, got;
	FILE *f = fopen(name, "re");

	if (f == NULL) {
		fprintf(stderr, "conform: %s: %s\n", name, strerror(errno));
		return NULL;
	}
	do {
		if (cap - n < 65536) {
			cap = cap * 2 + 65536;
			text = xreallocarray(text, cap, 1);
		}
		got = fread(text + n, 1, cap - n, f);
		n += got;
	} while (got > 0);
	if (ferror(f)) {
		fprintf(stderr, "conform: %s: %s\n", name, strerror(errno));
		free(text);
		text = NULL;
	}
	fclose(f);
	*ret_n = n;
	return text;
}

static enum conform_verdict
judge_line(conform_fn *judge, struct str line, unsigned number, char **args,
    int n_args, struct strbuf *why)
{
	struct arena arena c_arena = ARENA_INIT;
	struct tree tree c_tree;
	struct conform_row row = { &tree, line, number, &arena, args, n_args };
	struct err e;

	tree_init(&tree);
	if (json_parse_tree(line, &tree, &e) < 0) {
		strbuf_adds(why, e.msg);
		return CONFORM_DIFFERENT;
	}
	if (tree.at[0].kind != TREE_MAP) {
		strbuf_adds(why, "not an object");
		return CONFORM_DIFFERENT;
	}
	return judge(&row, why);
}

static int
judge_file(conform_fn *judge, const char *name, char **args, int n_args)
{
	static const char *const words[] = {
		"same", "different", "unsupported", "better", "skipped",
		"recorded"
	};
	unsigned count[CONFORM_VERDICT_MAX] = { 0 };
	struct strbuf why c_strbuf = STRBUF_INIT;
	struct jsonl lines = { 0 };
	char *text c_free = NULL;
	struct str line;
	enum conform_verdict v;

	_Static_assert(ARRAY_LEN(words) == CONFORM_VERDICT_MAX, "a word each");
	text = read_file(name, &lines.rest.n);
	if (text == NULL)
		return EXIT_USAGE;
	lines.rest.p = text;
	while (jsonl_next(&lines, &line) > 0) {
		strbuf_reset(&why);
		v = judge_line(judge, line, lines.line, args, n_args, &why);
		count[v]++;
		if (v == CONFORM_RECORDED)
			printf("%s\n", why.p);
		else if (v != CONFORM_SAME && v != CONFORM_SKIPPED)
			printf("%s:%u: %s: %s\n", name, lines.line, words[v],
			    why.p);
	}
	printf("%u same, %u different", count[CONFORM_SAME],
	    count[CONFORM_DIFFERENT]);
	if (judge != conform_engine || count[CONFORM_UNSUPPORTED] > 0)
		printf(", %u unsupported", count[CONFORM_UNSUPPORTED]);
	if (judge == conform_engine || count[CONFORM_BETTER] > 0)
		printf(", %u better", count[CONFORM_BETTER]);
	printf("\n");
	return count[CONFORM_DIFFERENT] > 0 ? EXIT_FAILED : EXIT_DONE;
}

int
main(int argc, char **argv)
{
	size_t i;

	if (argc < 3) {
		fprintf(stderr, "usage: conform castable|pbhash|cachekey|"
		    "compiler|engine FILE.jsonl [ARG...]\n");
		return EXIT_USAGE;
	}
	for (i = 0; i < ARRAY_LEN(topics); i++)
		if (strcmp(argv[1], topics[i].name) == 0)
			break;
	if (i == ARRAY_LEN(topics) || topics[i].judge == NULL) {
		fprintf(stderr, "conform: %s: no such topic\n", argv[1]);
		return EXIT_USAGE;
	}
	return judge_file(topics[i].judge, argv[2], argv + 3, argc - 3);
}
