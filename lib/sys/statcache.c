#include "sys/statcache.h"

#include <time.h>

static int64_t
nanoseconds(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

struct stat_id
stat_id_of(const struct stat *st)
{
	return (struct stat_id){
		.dev = st->st_dev, .ino = st->st_ino,
		.size = (uint64_t)st->st_size,
		.mtime_ns = nanoseconds(st->st_mtim),
		.ctime_ns = nanoseconds(st->st_ctim),
	};
}

int
stat_id_equal(const struct stat_id *a, const struct stat_id *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	    a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

int
stat_id_settled(const struct stat_id *s, int64_t now, int64_t slack)
{
	return s->ctime_ns < now - slack && s->mtime_ns < now - slack;
}

int64_t
stat_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return nanoseconds(t);
}

int
stat_times_fine(int fd)
{
	struct stat a, b;
	int64_t d;
	int i;

	/* A coarse clock might tick once between two of them, not thrice. */
	for (i = 0; i < 3; i++) {
		if (fstat(fd, &a) < 0 || fchmod(fd, a.st_mode & 07777) < 0 ||
		    fstat(fd, &b) < 0)
			return 0;
		d = nanoseconds(b.st_ctim) - nanoseconds(a.st_ctim);
		if (d <= 0)
			return 0;
	}
	return 1;
}
