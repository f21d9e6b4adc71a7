/* Digests of files, remembered by their state (sys/statcache.h). */
#include "store/handle.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Reading these again costs no more than looking them up. */
#define TOO_SMALL	8192

static int64_t
as_int(uint64_t v)
{
	int64_t ret;

	memcpy(&ret, &v, sizeof(ret));
	return ret;
}

/* A catalog in trouble costs a reading, not the work. */
int
digests_find(struct store *s, const struct stat_id *id, struct digest *ret)
{
	struct err ignored, *e = &ignored;
	sqlite3_stmt *q;
	struct str d;
	int rc;

	if (id->size < TOO_SMALL || store_db(s, 0, e) != 0)
		return 0;
	q = db_stmt(s->db, SQL_FILE_GET, "SELECT digest FROM file WHERE "
	    "dev=?1 AND ino=?2 AND size=?3 AND mtime=?4 AND ctime=?5", e);
	if (q == NULL)
		return 0;
	db_bind_int(q, 1, as_int(id->dev));
	db_bind_int(q, 2, as_int(id->ino));
	db_bind_int(q, 3, as_int(id->size));
	db_bind_int(q, 4, id->mtime_ns);
	db_bind_int(q, 5, id->ctime_ns);
	if (db_step(s->db, q, e) != 1)
		return 0;
	d = db_bytes(q, 0);
	rc = d.n == DIGEST_SIZE;
	if (rc)
		memcpy(ret->b, d.p, DIGEST_SIZE);
	sqlite3_reset(q);
	return rc;
}

void
digests_note(struct store *s, const struct stat_id *id, int64_t began,
    const struct digest *d)
{
	struct queued_file f = { *id, *d };

	if (id->size >= TOO_SMALL && !s->read_only &&
	    stat_id_settled(id, began, STAT_SLACK_LOCAL))
		VEC_PUSH(&s->files, f);
}

int
digests_file(struct store *s, int dirfd, const char *name,
    const struct stat *st, int fresh, struct digest *ret, struct err *e)
{
	struct stat_id before = stat_id_of(st), now;
	int64_t began = stat_now();
	c_close int fd = -1;
	struct stat after;

	if (!fresh && digests_find(s, &before, ret))
		return 0;
	fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return err_sys(e, "%s", name);
	if (sha256_fd(fd, name, ret, NULL, e) < 0)
		return -1;
	if (fstat(fd, &after) < 0)
		return err_sys(e, "%s", name);
	now = stat_id_of(&after);
	if (!stat_id_equal(&before, &now))
		return err_set(e, ERR_BUSY, "%s: changed while it was read",
		    name);
	/* On a file system of several machines clocks may disagree. */
	if (!file_is_remote(fd) || stat_id_settled(&now, began,
	    STAT_SLACK_REMOTE))
		digests_note(s, &now, began, ret);
	return 0;
}
