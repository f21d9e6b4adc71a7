#include "record/execution_p.h"

#include <fcntl.h>
#include <sys/random.h>

#include "base/time.h"
#include "idl/entity.h"
#include "sys/file.h"

/* admin: names are DNS labels. */
#define NAME_MAX_LABEL	63

static const char digits36[] = "0123456789abcdefghijklmnopqrstuvwxyz";

void
execution_new_name(char ret[EXECUTION_NAME_MAX])
{
	struct instant now = instant_now();
	uint64_t ms = (uint64_t)now.sec * 1000 +
	    (uint64_t)now.nsec / 1000000;
	unsigned char random[11];
	int i;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		BUG("getrandom");
	ret[0] = 'a';
	/* Eight digits of base 36 last until the year 2059. */
	for (i = 8; i >= 1; i--) {
		ret[i] = digits36[ms % 36];
		ms /= 36;
	}
	for (i = 0; i < 11; i++)
		ret[9 + i] = digits36[random[i] % 36];
	ret[20] = '\0';
}

void
execution_child_name(struct str unique, char ret[EXECUTION_NAME_MAX])
{
	static const char digits32[] = "abcdefghijklmnopqrstuvwxyz123456";
	uint64_t h = UINT64_C(14695981039346656037);
	struct err e;
	size_t i;

	if (unique.n < EXECUTION_NAME_MAX) {
		memcpy(ret, unique.p, unique.n);
		ret[unique.n] = '\0';
		if (execution_name_check(ret, &e) == 0)
			return;
	}
	for (i = 0; i < unique.n; i++)
		h = (h ^ (unsigned char)unique.p[i]) *
		    UINT64_C(1099511628211);
	ret[0] = 'f';
	/* 64 bits, five at a time from the top; the last digit has four. */
	for (i = 0; i < 12; i++)
		ret[1 + i] = digits32[h >> (59 - 5 * i) & 31];
	ret[13] = digits32[h << 1 & 31];
	ret[14] = '\0';
}

int
execution_name_check(const char *name, struct err *e)
{
	size_t i, n = strlen(name);

	if (n == 0 || n > NAME_MAX_LABEL)
		goto bad;
	if (name[0] < 'a' || name[0] > 'z' || name[n - 1] == '-')
		goto bad;
	for (i = 0; i < n; i++)
		if (strchr(digits36, name[i]) == NULL && name[i] != '-')
			goto bad;
	return 0;
bad:
	return err_set(e, ERR_USAGE, "execution name '%s': expected at most "
	    "%d small letters, digits and hyphens, the first a letter", name,
	    NAME_MAX_LABEL);
}

static void
add_bucket(struct strbuf *b, const char *name)
{
	uint32_t h = UINT32_C(2166136261);

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * UINT32_C(16777619);
	strbuf_addf(b, "%02x", (h ^ h >> 16) & 0xff);
}

void
execution_add_dir(struct strbuf *b, const char *home,
    const struct execution_id *id)
{
	strbuf_addf(b, "%s/" EXECUTIONS "/", home);
	entity_part_add(b, id->project);
	strbuf_addch(b, '/');
	entity_part_add(b, id->domain);
	strbuf_addch(b, '/');
	add_bucket(b, id->name);
	strbuf_addch(b, '/');
	strbuf_adds(b, id->name);
}

void
execution_set_last(const char *home, const struct execution_id *id)
{
	c_strbuf struct strbuf path = STRBUF_INIT, text = STRBUF_INIT;
	struct err e;

	strbuf_addf(&path, "%s/" LAST, home);
	entity_part_add(&text, id->project);
	strbuf_addch(&text, '/');
	entity_part_add(&text, id->domain);
	strbuf_addf(&text, "/%s\n", id->name);
	if (file_replace(AT_FDCWD, path.p, text.p, text.n, 0, &e) < 0)
		return;		/* only a convenience */
}
