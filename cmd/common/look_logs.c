/* Which bytes of the log files an attempt printed. */

#include "common/look.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "sys/file.h"

static const struct job_log *
log_of(const struct history_attempt *a, int is_err)
{
	return is_err ? &a->err : &a->out;
}

/*
 * Where the part of an attempt that has not ended ends: at the end of the
 * file, or where a later attempt in the same slot began (its own process
 * having died without a word).
 */
static int64_t
open_end(const struct history *h, const struct history_attempt *a,
    int is_err, int64_t size)
{
	const struct job_log *mine = log_of(a, is_err);
	size_t i, k;

	for (i = 0; i < h->n_nodes; i++) {
		const struct history_node *n = &h->nodes[i];

		for (k = 0; k < n->n_attempts; k++) {
			const struct history_attempt *b = &n->attempts[k];
			const struct job_log *other = log_of(b, is_err);

			if (b != a && b->started > a->started &&
			    other->slot == mine->slot &&
			    (b->prints || other->to > other->from) &&
			    other->from >= mine->from)
				size = MIN(size, other->from);
		}
	}
	return size;
}

int
look_open_log(const struct history *h, const struct history_attempt *a,
    int is_err, int64_t *ret_from, int64_t *ret_to, struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	const struct job_log *log = log_of(a, is_err);
	c_close int fd = -1;
	struct stat st;
	int ret;

	if (a->ended != 0 ? log->to <= log->from : !a->prints)
		return -2;
	strbuf_addf(&path, "%s/logs/%u.%s", h->dir, log->slot,
	    is_err ? "err" : "out");
	fd = open(path.p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return -2;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "%s", path.p);
	*ret_from = log->from;
	*ret_to = a->ended != 0 ? MIN(log->to, st.st_size) :
	    open_end(h, a, is_err, st.st_size);
	if (*ret_from >= *ret_to)
		return -2;
	ret = TAKE(fd, -1);
	return ret;
}
