#include "task/contract_p.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.h"

/* Folders that stay for the next attempt, by bit. */
static const char *const stay[] = { "inputs", "outputs", "work" };

/* The bit of a folder that stays, or 0. */
static unsigned
folder_bit(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(stay); i++)
		if (strcmp(name, stay[i]) == 0)
			return 1u << i;
	return 0;
}

struct cleaning {
	const struct contract	*contract;	/* of the next attempt */
	struct attempt		*at;
	unsigned		 inside;	/* which folder; 0: the top */
};

/* It is written again, as one file of the same name. */
static int
is_rewritten(const struct cleaning *c, const struct dirent64 *de)
{
	const char *out = c->contract->stdout_name;

	if (de->d_type != DT_REG || c->contract->kind != CONTRACT_FILES)
		return 0;
	return c->inside == FOLDER_INPUTS ?
	    contract_writes_text(c->contract, c->at, de->d_name) :
	    c->inside == FOLDER_OUTPUTS && out != NULL &&
	    strcmp(out, de->d_name) == 0;
}

static int	clean(int dirfd, const char *name, const struct cleaning *,
		    struct err *);

static int
clean_entry(int dirfd, const struct dirent64 *de, const struct cleaning *c,
    struct err *e)
{
	struct cleaning below = *c;

	if (c->inside == 0 && de->d_type == DT_DIR) {
		below.inside = folder_bit(de->d_name);
		c->at->has |= below.inside;
		if (below.inside != 0)
			return clean(dirfd, de->d_name, &below, e);
	}
	if (is_rewritten(c, de) || unlinkat(dirfd, de->d_name, 0) == 0)
		return 0;
	return file_remove(dirfd, de->d_name, e);
}

/*
 * Two levels only: what is in a folder that stays goes whole.  It is done
 * before each attempt, so without readdir and its four calls more.
 */
static int
clean(int dirfd, const char *name, const struct cleaning *c, struct err *e)
{
	c_close int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC | O_NOFOLLOW);
	char buf[4096] __attribute__((aligned(8)));
	const struct dirent64 *de;
	ssize_t n, i;

	if (fd < 0)
		return err_sys(e, "%s", name);
	while ((n = getdents64(fd, buf, sizeof(buf))) > 0)
		for (i = 0; i < n; i += de->d_reclen) {
			de = (const void *)(buf + i);
			if (strcmp(de->d_name, ".") != 0 &&
			    strcmp(de->d_name, "..") != 0 &&
			    clean_entry(fd, de, c, e) < 0)
				return -1;
		}
	return n < 0 ? err_sys(e, "%s", name) : 0;
}

int
contract_clean(const struct contract *next, struct attempt *at,
    struct err *e)
{
	struct cleaning c = { .contract = next, .at = at };

	at->has = 0;
	return clean(AT_FDCWD, at->dir, &c, e);
}

/* What a redirection of stdout makes: an output with nothing in it. */
static int
is_empty_file(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size == 0;
}

/* What the attempt is given at the top, besides folders. */
static int
is_given(const char *name)
{
	static const char *const given[] = { "inputs", "inputs.pb", "task.pb",
		"script", "jq.in", "jq.text" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(given); i++)
		if (strcmp(name, given[i]) == 0)
			return 1;
	return 0;
}

/* Nothing but what the attempt was given. */
static int
is_empty(const char *dir, int top)
{
	const char *name = strrchr(dir, '/');
	int empty = 1, more = 1, in_outputs = name != NULL &&
	    strcmp(name, "/outputs") == 0;
	const struct dirent *de;
	DIR *d = opendir(dir);

	/* What cannot be looked into is kept. */
	if (d == NULL)
		return errno == ENOENT;
	while (empty && (more = file_next_entry(d, &de)) > 0) {
		c_strbuf struct strbuf b = STRBUF_INIT;

		if (strcmp(de->d_name, ".") == 0 ||
		    strcmp(de->d_name, "..") == 0)
			continue;
		strbuf_addf(&b, "%s/%s", dir, de->d_name);
		empty = top ? is_given(de->d_name) ||
		    (folder_bit(de->d_name) != 0 && is_empty(b.p, 0)) :
		    in_outputs && is_empty_file(b.p);
	}
	closedir(d);
	return empty && more == 0;
}

int
contract_is_empty(const char *dir)
{
	return is_empty(dir, 1);
}
