#include "task/local_p.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.h"

/* Slots: the folder, the logs and the control group that one attempt after
 * the other uses. */

int
local_slot_take(struct local *x, struct slot **ret, struct err *e)
{
	unsigned i;

	for (i = 0; i < x->options->slots; i++)
		if (x->slots[i].job == NULL) {
			*ret = &x->slots[i];
			return 0;
		}
	return err_set(e, ERR_BUSY, "more than %u jobs at once",
	    x->options->slots);
}

static int
make_folder(struct local *x, struct slot *s, struct err *e)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	if (s->dir == NULL) {
		strbuf_adds(&b, x->options->scratch);
		if (!x->options->single)
			strbuf_addf(&b, "/%u", s->index);
		s->dir = strbuf_detach(&b, NULL);
	}
	if (mkdir(s->dir, 0700) == 0)
		return 0;
	if (errno == ENOENT)
		return file_mkdirs(AT_FDCWD, s->dir, e);
	if (errno != EEXIST)
		return err_sys(e, "%s", s->dir);
	/* Left by a run that was killed, or given with single. */
	s->dirty = 1;
	return 0;
}

int
local_slot_folder(struct local_job *j, struct err *e)
{
	struct local *x = j->local;
	struct slot *s = j->slot;

	if (!s->made && make_folder(x, s, e) < 0)
		return -1;
	s->made = 1;
	j->attempt.dir = s->dir;
	if (s->dirty && contract_clean(j->job.spec.contract, &j->attempt,
	    e) < 0) {
		/* Unfit for another attempt: take a new one. */
		if (file_remove(AT_FDCWD, s->dir, e) < 0 ||
		    make_folder(x, s, e) < 0)
			return -1;
		j->attempt.has = 0;
	}
	s->dirty = 0;
	return 0;
}

static int
open_log(const struct local *x, unsigned index, const char *suffix,
    struct err *e)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, fd;

	strbuf_addf(&b, "%s/%u.%s", x->options->logs, index, suffix);
	fd = open(b.p, flags, 0666);
	if (fd < 0 && errno == ENOENT) {
		if (file_mkdirs(AT_FDCWD, x->options->logs, e) < 0)
			return -1;
		fd = open(b.p, flags, 0666);
	}
	return fd < 0 ? err_sys(e, "%s", b.p) : fd;
}

int
local_slot_logs(struct local *x, struct slot *s, struct err *e)
{
	if (x->options->logs == NULL) {
		s->out = x->options->out;
		s->err = x->options->err;
		return 0;
	}
	if (s->out < 0)
		s->out = open_log(x, s->index, "out", e);
	if (s->out >= 0 && s->err < 0)
		s->err = open_log(x, s->index, "err", e);
	return s->out < 0 || s->err < 0 ? -1 : 0;
}

/* How much of a log there is; 0 for what is no file. */
int64_t
local_slot_log_size(const struct local *x, int fd)
{
	struct stat st;

	if (x->options->logs == NULL || fstat(fd, &st) < 0)
		return 0;
	return st.st_size;
}

static void
remove_empty_log(const struct local *x, unsigned index, const char *suffix,
    int fd)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	if (fd < 0)
		return;
	if (local_slot_log_size(x, fd) == 0) {
		strbuf_addf(&b, "%s/%u.%s", x->options->logs, index, suffix);
		unlink(b.p);
	}
	close(fd);
}

void
local_slot_release(struct local *x, struct slot *s)
{
	struct err e;

	if (x->options->logs != NULL) {
		remove_empty_log(x, s->index, "out", s->out);
		remove_empty_log(x, s->index, "err", s->err);
	}
	cgroup_remove(&s->group);
	/* A folder that can not be removed is swept by the next process. */
	if (s->made && file_remove(AT_FDCWD, s->dir, &e) < 0)
		err_clear(&e);
	free(s->dir);
}

static int
is_slot_name(const char *name)
{
	return name[0] != '\0' && name[strspn(name, "0123456789")] == '\0';
}

void
local_sweep(const char *scratch)
{
	DIR *d = opendir(scratch);
	const struct dirent *de;
	struct err e;

	if (d == NULL)
		return;
	/* What is not seen now is swept by the next. */
	while (file_next_entry(d, &de) > 0)
		if (is_slot_name(de->d_name) &&
		    file_remove(dirfd(d), de->d_name, &e) < 0)
			err_clear(&e);
	closedir(d);
	rmdir(scratch);
}

/*
 * The folder of a failed attempt under a name of its own.  NULL if there is
 * nothing in it, or no name could be had; then the next attempt cleans it.
 */
static const char *
slot_keep(struct local *x, struct local_job *j)
{
	struct slot *s = j->slot;
	c_strbuf struct strbuf b = STRBUF_INIT;
	const char *p;
	size_t i, n;

	if (contract_is_empty(s->dir))
		return NULL;
	if (x->options->single) {
		s->made = 0;
		return arena_strdup(j->job.arena, s->dir);
	}
	strbuf_addf(&b, "%s/failed-", x->options->scratch);
	for (p = j->job.spec.node; *p != '\0'; p++)
		strbuf_addch(&b, *p == '/' ? '-' : *p);
	strbuf_addf(&b, "-%u", j->job.spec.attempt);
	n = b.n;
	for (i = 1; i < 100; i++) {
		if (rename(s->dir, b.p) == 0) {
			s->made = 0;
			return arena_strdup(j->job.arena, b.p);
		}
		strbuf_setlen(&b, n);
		strbuf_addf(&b, ".%zu", i);
	}
	return NULL;
}

void
local_slot_keep_folder(struct local *x, struct local_job *j)
{
	struct job_result *r = &j->job.result;
	const char *path;

	r->scratch = slot_keep(x, j);
	if (r->scratch == NULL)
		return;
	path = arena_printf(j->job.arena, "%s/checkpoint", r->scratch);
	if (access(path, F_OK) == 0)
		r->checkpoint = path;
}
