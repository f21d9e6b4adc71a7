#include "common/args.h"

#include <string.h>

#include "base/time.h"
#include "base/utf8.h"

int
args_context(struct context *c, enum opt_id id, const char *value)
{
	if (id == OPT_PROJECT)
		c->project_option = value;
	else if (id == OPT_DOMAIN)
		c->domain_option = value;
	else if (id == OPT_REGISTRY)
		c->registry_option = value;
	else
		return 0;
	return 1;
}

static int
take_verb(const struct opt_program *p, const char *word,
    const struct opt_verb **ret, struct err *e)
{
	*ret = opt_verb(p, word);
	if (*ret == NULL)
		return opt_verb_unknown(p, word, e);
	return 0;
}

static int
check_verb(const struct opt_program *p, const struct opt_verb *verb,
    const unsigned char *seen, struct err *e)
{
	int id;

	if (verb == NULL)
		return err_set(e, ERR_USAGE, "which command? (--help lists "
		    "them)");
	for (id = 0; id < OPT_MAX; id++)
		if (seen[id] && !opt_allowed(p, verb, (enum opt_id)id))
			return err_set(e, ERR_USAGE, "%s does not take %s",
			    verb->name, opt_name((enum opt_id)id));
	return 0;
}

int
args_read(struct context *c, const struct args_reader *reader, int argc,
    char **argv, const struct opt_verb **ret_verb, struct err *e)
{
	unsigned char seen[OPT_MAX] = { 0 };
	enum opt_id id = OPT_END;
	const char *v = NULL;
	struct opt o;
	int r, rc;

	if (ret_verb != NULL)
		*ret_verb = NULL;
	opt_init(&o, reader->program, argc, argv);
	while ((r = opt_next(&o, &id, &v, e)) > 0) {
		if (r == 1 && context_common_option(reader->program, id))
			return 1;
		if (r == 1) {
			seen[id] = 1;
			rc = args_context(c, id, v) ? 0 :
			    reader->option(reader->arg, id, v, e);
		} else if (ret_verb != NULL && *ret_verb == NULL) {
			rc = take_verb(reader->program, v, ret_verb, e);
		} else {
			rc = reader->word(reader->arg, v, e);
		}
		if (rc < 0)
			return -1;
	}
	if (r < 0)
		return -1;
	return ret_verb == NULL ? 0 :
	    check_verb(reader->program, *ret_verb, seen, e);
}

int
args_timeout(const char *value, int64_t *ret_ns, struct err *e)
{
	struct timespan t;
	int64_t ns;

	if (timespan_parse(str_of(value), &t) < 0 || t.sec < 0 || t.nsec < 0 ||
	    __builtin_mul_overflow(t.sec, 1000000000, &ns) ||
	    __builtin_add_overflow(ns, (int64_t)t.nsec, &ns))
		return err_set(e, ERR_USAGE, "--timeout: expected a time such "
		    "as 90s or 1h30m, given %s", GIVEN(value));
	*ret_ns = ns;
	return 0;
}
