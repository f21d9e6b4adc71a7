#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "record/journal.h"

static char dir[] = "/tmp/t-journal-XXXXXX";

__attribute__((constructor)) static void
make_dir(void)
{
	if (mkdtemp(dir) == NULL)
		_exit(2);
}

__attribute__((destructor)) static void
remove_dir(void)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/journal", dir);
	unlink(path);
	rmdir(dir);
}

/* A journal of three records, made anew. */
static void
three_records(void)
{
	char path[64];
	struct journal *j = NULL;
	struct err e;

	snprintf(path, sizeof(path), "%s/journal", dir);
	unlink(path);
	CHECK(journal_create(dir, &j, &e) == 0);
	journal_append(j, STR("{\"r\":\"a\"}"), 1);
	CHECK(journal_commit(j, JOURNAL_POWER_SAFE, &e) == 0);
	journal_append(j, STR("{\"r\":\"b\"}"), 2);
	journal_append(j, STR("{\"r\":\"c\"}"), 3);
	CHECK(journal_commit(j, JOURNAL_KILL_SAFE, &e) == 0);
	journal_close(j);
}

static int
collect(const struct journal_line *l, void *arg, struct err *e)
{
	(void)e;
	strbuf_addf(arg, "%llu:%lld:" STR_FMT " ", (unsigned long long)l->seq,
	    (long long)l->time_us, STR_ARG(l->json));
	return 0;
}

static off_t
size_of(void)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "%s/journal", dir);
	return stat(path, &st) < 0 ? -1 : st.st_size;
}

static void
write_at(off_t at, const char *text)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/journal", dir);
	fd = open(path, O_WRONLY);
	CHECK(pwrite(fd, text, strlen(text), at) == (ssize_t)strlen(text));
	close(fd);
}

#define ALL "0:1:{\"r\":\"a\"} 1:2:{\"r\":\"b\"} 2:3:{\"r\":\"c\"} "

TEST(records_come_back_in_order)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct err e;

	three_records();
	CHECK(journal_read(dir, collect, &b, &e) == 0);
	CHECK_STR(b.p, ALL);
}

TEST(a_second_journal_of_the_same_name_is_a_conflict)
{
	struct journal *j = NULL;
	struct err e;

	three_records();
	CHECK(journal_create(dir, &j, &e) < 0);
	CHECK_INT(e.kind, ERR_CONFLICT);
}

TEST(a_torn_tail_is_cut_and_the_next_record_follows)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct journal *j = NULL;
	struct err e;
	off_t size;

	three_records();
	size = size_of();
	write_at(size, "1234abcd 3 4 {\"r\":");
	CHECK(journal_open(dir, collect, &b, &j, &e) == 0);
	CHECK_STR(b.p, ALL);
	CHECK_INT(size_of(), size);
	journal_append(j, STR("{\"r\":\"d\"}"), 4);
	CHECK(journal_commit(j, JOURNAL_KILL_SAFE, &e) == 0);
	journal_close(j);
	strbuf_reset(&b);
	CHECK(journal_read(dir, collect, &b, &e) == 0);
	CHECK_STR(b.p, ALL "3:4:{\"r\":\"d\"} ");
}

/* Whoever reads all of it, or its ends only, takes the same records. */
TEST(a_bad_line_at_the_end_was_never_written)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct err e;

	three_records();
	write_at(size_of() - 2, "x");
	CHECK(journal_read(dir, collect, &b, &e) == 0);
	CHECK_STR(b.p, "0:1:{\"r\":\"a\"} 1:2:{\"r\":\"b\"} ");
	strbuf_reset(&b);
	CHECK(journal_read_ends(dir, collect, &b, &e) == 0);
	CHECK_STR(b.p, "0:1:{\"r\":\"a\"} 1:2:{\"r\":\"b\"} ");
	write_at(size_of() - 25, "x");
	CHECK(journal_read_ends(dir, collect, &b, &e) < 0);
	CHECK_INT(e.kind, ERR_CORRUPT);
}

TEST(a_bad_line_in_the_middle_is_corrupt)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct err e;

	three_records();
	write_at(15, "x");
	CHECK(journal_read(dir, collect, &b, &e) < 0);
	CHECK_INT(e.kind, ERR_CORRUPT);
	CHECK(strstr(e.msg, "record 0 is damaged") != NULL);
}

TEST(a_second_writer_is_told_that_it_is_busy)
{
	struct journal *j = NULL, *k = NULL;
	struct err e;
	int status;
	pid_t pid;

	three_records();
	CHECK(journal_open(dir, NULL, NULL, &j, &e) == 0);
	CHECK_INT(journal_alive(dir, &e), 1);
	pid = fork();
	if (pid == 0)
		_exit(journal_open(dir, NULL, NULL, &k, &e) < 0 &&
		    e.kind == ERR_BUSY ? 0 : 1);
	waitpid(pid, &status, 0);
	CHECK_INT(status, 0);
	journal_close(j);
	CHECK_INT(journal_alive(dir, &e), 0);
}
