#include "store/reserve.h"

#include <errno.h>

#include "store/handle.h"

int
reserve_open(struct store *s, const struct cache_key *key,
    struct reservation *ret, struct err *e)
{
	const struct dataset *d = &s->datasets.at[key->dataset];
	unsigned char sum[DIGEST_SIZE];
	struct sha256 h;
	uint64_t at;

	sha256_init(&h);
	sha256_update(&h, d->id, d->id_n + 1);
	sha256_update(&h, key->tag.p, key->tag.n);
	sha256_final(&h, sum);
	memcpy(&at, sum, sizeof(at));
	*ret = (struct reservation){ -1, (int64_t)(at >> 2) };
	if (store_want_home(s, e) < 0)
		return -1;
	ret->fd = lock_open(s->home_fd, "reservations", e);
	if (ret->fd >= 0)
		return 0;
	if (e->sys == EACCES || e->sys == EROFS || e->sys == EPERM)
		e->kind = ERR_REFUSED;
	return err_wrap(e, "%s", s->home);
}

int
reserve_try(struct reservation *r, struct err *e)
{
	return lock_try(r->fd, r->at, 1, e);
}

void
reserve_wait_argv(const struct reservation *r, const char *lockwait,
    char buf[LOCK_WAIT_BUF], const char *argv[4])
{
	lock_wait_argv(lockwait, r->at, 1, buf, argv);
}

void
reserve_drop(struct reservation *r)
{
	closep(&r->fd);		/* its own description: the lock goes too */
}
