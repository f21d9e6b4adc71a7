#include "sys/jobserver.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "base/vec.h"
#include "sys/file.h"

struct jobserver {
	int		in, out;	/* own descriptions, not blocking */
	VEC(char)	tokens;		/* held */
};

/* The last option of that kind: make appends. */
static struct str
find_option(struct str flags)
{
	static const char *const names[] = { "--jobserver-auth=",
	    "--jobserver-fds=" };
	struct str found = { NULL, 0 };
	size_t i, from;

	while (flags.n > 0) {
		for (from = 0; from < flags.n && flags.p[from] != ' '; )
			from++;
		for (i = 0; i < ARRAY_LEN(names); i++)
			if (str_starts((struct str){ flags.p, from },
			    names[i]))
				found = (struct str){ flags.p +
				    strlen(names[i]), from -
				    strlen(names[i]) };
		from += from < flags.n;
		flags.p += from;
		flags.n -= from;
	}
	return found;
}

static int
open_fifo(struct str path, struct jobserver *j, struct err *e)
{
	c_free char *name = xmalloc(path.n + 1);

	memcpy(name, path.p, path.n);
	name[path.n] = '\0';
	/* Both ends, so that it has a reader whatever the others do. */
	j->in = open(name, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (j->in < 0)
		return err_set(e, ERR_REFUSED, "make's jobserver %s: %s", name,
		    strerror(errno));
	j->out = fcntl(j->in, F_DUPFD_CLOEXEC, 3);
	return j->out < 0 ? err_sys(e, "make's jobserver") : 0;
}

/* A new description of the same pipe; -1 if it is none. */
static int
open_again(int64_t fd, int flags)
{
	char path[64];
	struct stat st;

	if (fstat((int)fd, &st) < 0 || !S_ISFIFO(st.st_mode))
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%lld", (long long)fd);
	return open(path, flags | O_NONBLOCK | O_CLOEXEC);
}

static int
open_pipe(struct str fds, struct jobserver *j, struct err *e)
{
	const char *comma = memchr(fds.p, ',', fds.n);
	size_t n = comma == NULL ? fds.n : (size_t)(comma - fds.p);
	int64_t in = -1, out = -1;

	if (comma != NULL &&
	    num_parse_i64((struct str){ fds.p, n }, 0, INT32_MAX, &in) == 0 &&
	    num_parse_i64((struct str){ comma + 1, fds.n - n - 1 }, 0,
	    INT32_MAX, &out) == 0) {
		j->in = open_again(in, O_RDONLY);
		j->out = open_again(out, O_WRONLY);
	}
	if (j->in < 0 || j->out < 0)
		return err_set(e, ERR_REFUSED, "make's jobserver is not "
		    "handed on: begin the line of the recipe with +");
	return 0;
}

int
jobserver_open(struct str flags, struct jobserver **ret, struct err *e)
{
	c_jobserver struct jobserver *j = NULL;
	struct str how = find_option(flags);

	*ret = NULL;
	if (how.p == NULL)
		return 0;
	j = xcalloc(1, sizeof(*j));
	j->in = j->out = -1;
	if (str_starts(how, "fifo:") ? open_fifo((struct str){ how.p + 5,
	    how.n - 5 }, j, e) < 0 : open_pipe(how, j, e) < 0)
		return -1;
	*ret = TAKE(j, NULL);
	return 0;
}

unsigned
jobserver_held(const struct jobserver *j)
{
	return (unsigned)j->tokens.n;
}

int
jobserver_fd(const struct jobserver *j)
{
	return j->in;
}

void
jobserver_keep(struct jobserver *j, unsigned n)
{
	struct pollfd p = { .fd = j->out, .events = POLLOUT };
	ssize_t r;

	while (j->tokens.n > n) {
		r = write(j->out, &VEC_LAST(&j->tokens), 1);
		if (r == 1)
			j->tokens.n--;
		/* It was in the pipe before, so there is room for it. */
		else if (r < 0 && errno == EAGAIN)
			poll(&p, 1, 100);
		else if (r == 0 || errno != EINTR)
			return;
	}
}

int
jobserver_take(struct jobserver *j, unsigned n)
{
	unsigned before = jobserver_held(j);
	ssize_t r;
	char c;

	while (jobserver_held(j) < before + n) {
		r = read(j->in, &c, 1);
		if (r == 1) {
			VEC_PUSH(&j->tokens, c);
		} else if (r == 0 || errno != EINTR) {
			jobserver_keep(j, before);
			return 0;
		}
	}
	return 1;
}

void
jobserver_close(struct jobserver *j)
{
	if (j == NULL)
		return;
	jobserver_keep(j, 0);
	VEC_RELEASE(&j->tokens);
	if (j->in >= 0)
		close(j->in);
	if (j->out >= 0)
		close(j->out);
	free(j);
}
