/* sys/file, sys/digest, sys/lock, sys/statcache: on real files. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/digest.h"
#include "sys/file.h"
#include "sys/lock.h"
#include "sys/statcache.h"
#include "unit.h"

static char scratch_name[] = "/tmp/t-file.XXXXXX";
static int scratch = -1;

/* An empty folder for the test; the one before is removed. */
static int
fresh(void)
{
	struct err e;

	if (scratch >= 0) {
		close(scratch);
		CHECK(file_remove(AT_FDCWD, scratch_name, &e) == 0);
		memcpy(scratch_name + sizeof(scratch_name) - 7, "XXXXXX", 6);
	}
	if (mkdtemp(scratch_name) == NULL)
		abort();
	scratch = open(scratch_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return scratch;
}

__attribute__((destructor)) static void
remove_scratch(void)
{
	struct err e;

	if (scratch >= 0 && file_remove(AT_FDCWD, scratch_name, &e) < 0)
		printf("%s\n", e.msg);
	if (scratch >= 0)
		close(scratch);
}

static void
put(int d, const char *path, const char *text)
{
	struct err e;

	if (file_replace(d, path, text, strlen(text), 0, &e) < 0) {
		printf("%s\n", e.msg);
		CHECK(0);
	}
}

static const char *
get(int d, const char *path)
{
	static struct strbuf b = STRBUF_INIT;
	struct err e;

	strbuf_release(&b);
	return file_read(d, path, 1000000, &b, &e) == 0 ? b.p : NULL;
}

static const char *
hex_of(const unsigned char *p, size_t n)
{
	static struct strbuf b = STRBUF_INIT;

	strbuf_release(&b);
	hex_add(&b, p, n);
	return b.p;
}

static int
count_entry(void *arg, const struct walk_entry *at, struct err *e)
{
	(void)at, (void)e;
	++*(int *)arg;
	return 0;
}

static int
entries(int d)
{
	struct err e;
	int n = 0;

	CHECK(file_walk(d, ".", count_entry, &n, &e) == 0);
	return n - 1;
}

TEST(digest_vectors)
{
	unsigned char d[DIGEST_SIZE], m[MD5_SIZE];
	struct digest back;

	sha256("abc", 3, d);
	CHECK_STR(hex_of(d, sizeof(d)), "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad");
	sha256("", 0, d);
	CHECK_STR(hex_of(d, sizeof(d)), "e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855");
	CHECK(hex_parse(str_of(hex_of(d, sizeof(d))), back.b,
	    DIGEST_SIZE) == 0);
	CHECK(memcmp(d, back.b, DIGEST_SIZE) == 0);
	md5("abc", 3, m);
	CHECK_STR(hex_of(m, sizeof(m)), "900150983cd24fb0d6963f7d28e17f72");
	CHECK(hex_parse(STR("ABCD"), back.b, 2) == -1);
	CHECK(hex_parse(STR("abc"), back.b, 2) == -1);
	memset(&back, 0, sizeof(back));
	CHECK(digest_empty(&back));
}

TEST(digest_of_file_equals_digest_of_bytes)
{
	int d = fresh();
	c_close int fd = -1;
	char *big = xmalloc(300001);
	struct digest a, b;
	uint64_t size;
	struct err e;
	size_t i;

	for (i = 0; i < 300001; i++)
		big[i] = (char)(i * 7);
	CHECK(file_create(d, "big", big, 300001, 0, &e) == 0);
	fd = openat(d, "big", O_RDONLY | O_CLOEXEC);
	CHECK(sha256_fd(fd, "big", &a, &size, &e) == 0);
	CHECK_INT(size, 300001);
	sha256(big, 300001, b.b);
	CHECK(digest_equal(&a, &b));
	free(big);
}

TEST(read_is_bounded_and_says_what_it_found)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	int d = fresh();
	struct err e;

	put(d, "five", "12345");
	CHECK(file_read(d, "five", 5, &b, &e) == 0);
	CHECK_STR(b.p, "12345");
	CHECK(file_read(d, "five", 4, &b, &e) == -1);
	CHECK_INT(e.kind, ERR_USAGE);
	CHECK_STR(e.msg, "five: more than 4 bytes");
	CHECK(file_read(d, ".", 4, &b, &e) == -1);
	CHECK_STR(e.msg, ".: is a directory, not a file");
	CHECK(file_read(d, "none", 4, &b, &e) == -1);
	CHECK_INT(e.kind, ERR_MISSING);
	CHECK(mkfifoat(d, "pipe", 0600) == 0);
	CHECK(file_read(d, "pipe", 4, &b, &e) == -1);
	CHECK_STR(e.msg, "pipe: is not a regular file");
	/* /proc says size 0 for what is not empty. */
	strbuf_reset(&b);
	CHECK(file_read(AT_FDCWD, "/proc/self/status", 100000, &b, &e) == 0);
	CHECK(b.n > 100);
}

TEST(create_lets_the_first_win)
{
	int d = fresh();
	struct err e;

	CHECK_INT(file_create(d, "a", "one", 3, FILE_SYNC, &e), 0);
	CHECK_INT(file_create(d, "a", "one", 3, 0, &e), 1);
	CHECK_INT(file_create(d, "a", "two", 3, 0, &e), -1);
	CHECK_INT(e.kind, ERR_CONFLICT);
	CHECK_STR(get(d, "a"), "one");
	CHECK_INT(entries(d), 1);
}

TEST(replace_is_whole_or_not_at_all)
{
	c_temp struct temp t = TEMP_INIT;
	int d = fresh();
	struct err e;

	put(d, "a", "old");
	CHECK(temp_open(d, "a", FILE_RDONLY, &t, &e) == 0);
	CHECK(file_write_all(t.fd, "new", 3) == 0);
	CHECK_STR(get(d, "a"), "old");
	CHECK(temp_replace(&t, FILE_SYNC, &e) == 0);
	CHECK_STR(get(d, "a"), "new");
	CHECK(file_replace(d, "no/such/a", "x", 1, 0, &e) == -1);
	CHECK_INT(e.kind, ERR_MISSING);
	CHECK_INT(entries(d), 1);
}

TEST(temps_are_removed)
{
	c_temp struct temp t = TEMP_INIT, u = TEMP_INIT;
	int d = fresh();
	struct err e;

	CHECK(temp_open(d, "a", 0, &t, &e) == 0);
	CHECK(temp_open(d, "b", 0, &u, &e) == 0);
	CHECK_INT(entries(d), 2);
	temp_discard(&u);
	CHECK_INT(entries(d), 1);
	temps_remove();
	CHECK_INT(entries(d), 0);
}

TEST(mkdirs_and_folders)
{
	int d = fresh(), fd;
	struct err e;

	CHECK(file_mkdirs(d, "a/b/c", &e) == 0);
	CHECK(file_mkdirs(d, "a/b/c", &e) == 0);
	put(d, "a/file", "x");
	CHECK(file_mkdirs(d, "a/file/c", &e) == -1);
	CHECK(file_mkdirs(d, "a/file", &e) == -1);
	CHECK_INT(e.sys, ENOTDIR);
	CHECK(file_open_dir(d, "q/r", 0, &e) == -1);
	CHECK_INT(e.kind, ERR_MISSING);
	fd = file_open_dir(d, "q/r", 1, &e);
	CHECK(fd >= 0);
	close(fd);
}

static int
add_path(void *arg, const struct walk_entry *at, struct err *e)
{
	(void)e;
	strbuf_addf(arg, "%s%s ", at->path[0] == '\0' ? "." : at->path,
	    S_ISDIR(at->st->st_mode) ? "/" : "");
	return strcmp(at->path, "skip") == 0;
}

TEST(walk_is_sorted_and_follows_no_link)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	int d = fresh();
	struct err e;

	CHECK(file_mkdirs(d, "t/a/x", &e) == 0);
	CHECK(file_mkdirs(d, "t/skip/x", &e) == 0);
	put(d, "t/a.b", "");
	put(d, "t/a/y", "");
	CHECK(symlinkat("/", d, "t/link") == 0);
	CHECK(file_walk(d, "t", add_path, &b, &e) == 0);
	CHECK_STR(b.p, "./ a/ a/x/ a/y a.b link skip/ ");
	CHECK(file_walk(d, "gone", add_path, &b, &e) == -1);
	CHECK_INT(e.kind, ERR_MISSING);
}

static int
remove_next(void *arg, const struct walk_entry *at, struct err *e)
{
	(void)e;
	if (strcmp(at->path, "a") == 0)
		CHECK(unlinkat(at->dirfd, "b", 0) == 0);
	++*(int *)arg;
	return 0;
}

TEST(walk_passes_over_what_vanishes)
{
	int d = fresh(), n = 0;
	struct err e;

	CHECK(file_mkdirs(d, "t", &e) == 0);
	put(d, "t/a", "");
	put(d, "t/b", "");
	put(d, "t/c", "");
	CHECK(file_walk(d, "t", remove_next, &n, &e) == 0);
	CHECK_INT(n, 3);
}

TEST(walk_has_a_depth)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	int d = fresh(), i, n = 0;
	struct err e;

	for (i = 0; i < 300; i++)
		strbuf_adds(&b, i == 0 ? "d" : "/d");
	CHECK(file_mkdirs(d, b.p, &e) == 0);
	CHECK(file_walk(d, "d", count_entry, &n, &e) == -1);
	CHECK_INT(e.kind, ERR_USAGE);
	/* Too deep for remove as well: taken away in two steps. */
	CHECK(renameat(d, "d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d"
	    "/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d",
	    d, "rest") == 0);
	CHECK(file_remove(d, "rest", &e) == 0);
}

TEST(remove_takes_trees_of_any_depth)
{
	int d = fresh(), at = dup(d), i;
	struct err e;

	/* Names that the removal itself would like to use are in its way. */
	CHECK(file_mkdirs(d, "t/.deep.0", &e) == 0);
	put(d, "t/.deep.1", "x");
	for (i = 0; i < 500; i++) {
		int next;

		CHECK(mkdirat(at, i == 0 ? "t/d" : "d", 0755) == 0);
		next = openat(at, i == 0 ? "t/d" : "d",
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(at);
		at = next;
	}
	put(at, "f", "x");
	close(at);
	CHECK(file_remove(d, "t", &e) == 0);
	CHECK_INT(entries(d), 0);
}

TEST(remove_takes_read_only_trees)
{
	int d = fresh();
	struct err e;

	CHECK(file_mkdirs(d, "t/a", &e) == 0);
	put(d, "t/a/f", "x");
	CHECK(fchmodat(d, "t/a", 0555, 0) == 0);
	CHECK(file_remove(d, "t", &e) == 0);
	CHECK(file_remove(d, "t", &e) == 0);
	CHECK_INT(entries(d), 0);
}

TEST(copy_keeps_bytes_links_and_execute_bit)
{
	int d = fresh();
	struct stat st;
	struct err e;

	CHECK(file_mkdirs(d, "t/empty", &e) == 0);
	put(d, "t/f", "bytes");
	CHECK(fchmodat(d, "t/f", 0500, 0) == 0);
	CHECK(symlinkat("f", d, "t/l") == 0);
	CHECK(file_copy(d, "t", d, "u", &e) == 0);
	CHECK_STR(get(d, "u/f"), "bytes");
	CHECK(fstatat(d, "u/f", &st, 0) == 0 && (st.st_mode & 0100));
	CHECK(fstatat(d, "u/l", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(st.st_mode));
	CHECK(fstatat(d, "u/empty", &st, 0) == 0 && S_ISDIR(st.st_mode));
	CHECK(mkfifoat(d, "t/pipe", 0600) == 0);
	CHECK(file_copy(d, "t", d, "v", &e) == -1);
	CHECK_STR(e.msg, "v/pipe: neither file, folder nor link");
}

TEST(publish_many)
{
	c_publish struct publish *p = NULL;
	int d = fresh(), i;
	char name[32];
	struct err e;

	put(d, "taken", "before");
	CHECK(publish_open(d, &p, &e) == 0);
	CHECK(publish_add(p, "taken", "after", 5, &e) == 0);
	for (i = 1; i < 60; i++) {
		snprintf(name, sizeof(name), "p/d%d/f%d", i % 3, i);
		CHECK(publish_add(p, name, name, strlen(name), &e) == 0);
	}
	CHECK(get(d, "p/d1/f1") == NULL);
	CHECK(publish_sync(p, &e) == 0);
	CHECK_INT(publish_link(p, 0, &e), 1);
	for (i = 1; i < 59; i++)
		CHECK_INT(publish_link(p, (size_t)i, &e), 0);
	CHECK(publish_alias(p, 0, "taken", &e) == 0);
	CHECK(publish_finish(p, &e) == 0);
	publish_free(TAKE(p, NULL));
	CHECK_STR(get(d, "taken"), "after");
	CHECK_STR(get(d, "p/d2/f2"), "p/d2/f2");
	CHECK(get(d, "p/d2/f59") == NULL);
	/* taken, p, three folders, 58 files: no temp is left. */
	CHECK_INT(entries(d), 1 + 1 + 3 + 58);
}

TEST(locks_belong_to_the_description)
{
	int d = fresh();
	c_close int a = -1, b = -1;
	struct err e;

	a = lock_open(d, "l", &e);
	b = lock_open(d, "l", &e);
	CHECK_INT(lock_try(a, 5, 1, &e), 0);
	CHECK_INT(lock_try(a, 5, 1, &e), 0);
	CHECK_INT(lock_try(b, 5, 1, &e), 1);
	CHECK_INT(lock_try(b, 6, 1, &e), 0);
	CHECK_INT(lock_held(b, 5, 1, &e), 1);
	CHECK_INT(lock_held(b, 7, 1, &e), 0);
	lock_drop(a, 5, 1);
	CHECK_INT(lock_try(b, 5, 1, &e), 0);
}

/* The arrangement of lock_wait_argv, without the spawn. */
TEST(a_killed_holder_frees_the_waiter)
{
	int d = fresh();
	c_close int mine = -1;
	pid_t holder, waiter;
	struct err e;
	int ready[2], status;
	char c;

	CHECK(pipe(ready) == 0);
	holder = fork();
	if (holder == 0) {
		int fd = lock_open(d, "l", &e);

		_exit(lock_try(fd, 9, 1, &e) != 0 ||
		    write(ready[1], "x", 1) != 1 || pause() == 0);
	}
	CHECK(read(ready[0], &c, 1) == 1);
	mine = lock_open(d, "l", &e);
	CHECK_INT(lock_try(mine, 9, 1, &e), 1);
	waiter = fork();
	if (waiter == 0)
		_exit(lock_wait(mine, 9, 1, &e) != 0);
	CHECK(waitpid(waiter, &status, WNOHANG) == 0);
	kill(holder, SIGKILL);
	CHECK(waitpid(waiter, &status, 0) == waiter && status == 0);
	waitpid(holder, &status, 0);
	/* The lock the child waited for is ours now. */
	holder = fork();
	if (holder == 0) {
		int fd = lock_open(d, "l", &e);

		_exit(lock_try(fd, 9, 1, &e));
	}
	waitpid(holder, &status, 0);
	CHECK_INT(WEXITSTATUS(status), 1);
	close(ready[0]);
	close(ready[1]);
}

TEST(lock_wait_argv_texts)
{
	char buf[LOCK_WAIT_BUF];
	const char *argv[4];

	lock_wait_argv("lw", INT64_MAX, INT64_MAX, buf, argv);
	CHECK_STR(argv[0], "lw");
	CHECK_STR(argv[1], "9223372036854775807");
	CHECK_STR(argv[2], "9223372036854775807");
	CHECK(argv[3] == NULL);
}

TEST(stat_rule)
{
	struct stat_id s = { 1, 2, 3, 1000, 2000 }, t = s;

	CHECK(stat_id_equal(&s, &t));
	t.ctime_ns++;
	CHECK(!stat_id_equal(&s, &t));
	CHECK(stat_id_settled(&s, 2000 + 11, 10));
	CHECK(!stat_id_settled(&s, 2000 + 10, 10));
	s.mtime_ns = 5000;	/* set into the future by touch */
	CHECK(!stat_id_settled(&s, 4000, 10));
}
