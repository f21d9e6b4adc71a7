#ifndef RECORD_JOURNAL_H
#define RECORD_JOURNAL_H

/*
 * The append-only record of one execution (flyte-store(5)).  A record is a
 * line:
 *
 *	CRC32C SEQ TIME JSON\n
 *
 * CRC32C is eight hexadecimal digits over the rest of the line without its
 * newline; SEQ counts from 0; TIME is microseconds since 1970; JSON is one
 * object on one line whose "r" names the kind of record (record/record.h).
 *
 * A line cut short at the end of the file was never acknowledged: it is
 * dropped, and cut off under the lock before the next append.  A bad line
 * anywhere else is corrupt state.
 */

#include "base/err.h"
#include "base/strbuf.h"

struct journal;

/* One record as read: slices of the reader's buffer, valid in the callback. */
struct journal_line {
	uint64_t	seq;
	int64_t		time_us;
	struct str	json;
	int64_t		at;	/* of json in the file */
};

/*
 * Makes a new journal in the folder, which must exist, and locks it.
 * ERR_CONFLICT if there is one already.  The file appears only with its first
 * record in it (journal_commit).
 */
int	journal_create(const char *dir, struct journal **ret, struct err *)
		must_check;

/*
 * Opens an existing journal to append to it: locks it (ERR_BUSY if a living
 * process has it), reads every record through fn, cuts a torn tail off.
 * ERR_MISSING if there is none.  A negative result of fn ends it.
 */
typedef int	journal_fn(const struct journal_line *, void *arg,
		    struct err *);
int	journal_open(const char *dir, journal_fn *fn, void *arg,
		    struct journal **ret, struct err *) must_check;

/* Reads every whole record without a lock, also while it is written to. */
int	journal_read(const char *dir, journal_fn *fn, void *arg, struct err *)
		must_check;

/*
 * The JSON of a record that was read before, by its place (journal_line.at)
 * and length, in place of what is in ret.
 */
int	journal_read_at(const char *dir, int64_t at, size_t n,
	    struct strbuf *ret, struct err *) must_check;

/* Where in a journal a reader is; all 0: before its first record. */
struct journal_place {
	int64_t		at;
	uint64_t	seq;
};
/* journal_read of what follows the place, which then is after the last whole
 * record: for who follows one that grows. */
int	journal_read_on(const char *dir, struct journal_place *, journal_fn *fn,
	    void *arg, struct err *) must_check;

/*
 * Reads the first record and the last whole one (fn is called once or twice)
 * and none between: for lists of many journals.
 */
int	journal_read_ends(const char *dir, journal_fn *fn, void *arg,
	    struct err *) must_check;

/* 1 if a living process holds the journal's lock, 0 if not. */
int	journal_alive(const char *dir, struct err *) must_check;

/* Waits till no living process holds it; needs the right to write to it. */
int	journal_wait(const char *dir, struct err *) must_check;

/* Adds a record; nothing is written before journal_commit. */
void	journal_append(struct journal *, struct str json, int64_t time_us);

enum journal_sync { JOURNAL_KILL_SAFE, JOURNAL_POWER_SAFE };

/*
 * Writes what was added, in one write; with JOURNAL_POWER_SAFE also syncs
 * the file (and, the first time, its folder).  On an error nothing of it
 * counts as written and the same records may be committed again.
 */
int	journal_commit(struct journal *, enum journal_sync, struct err *)
		must_check;

/* Records it has, with those not yet committed. */
uint64_t journal_records(const struct journal *);
/* The time of its first record, of one that was made here; else 0. */
int64_t	journal_began(const struct journal *);
/* Bytes added and not yet committed. */
size_t	journal_pending(const struct journal *);

/* Unlocks and closes; pending records are dropped.  NULL is fine. */
void	journal_close(struct journal *);
void	journal_closep(struct journal **);
#define c_journal	cleanup(journal_closep)

#endif
