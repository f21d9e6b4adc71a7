/* store/blob: content-addressed files and trees. */
#include "unit.h"

#include <sys/wait.h>

#include "store.h"

static struct strbuf text = STRBUF_INIT;

__attribute__((destructor)) static void
release_text(void)
{
	strbuf_release(&text);
}

static const char *
path_of(struct store *s, const struct blob *b)
{
	strbuf_reset(&text);
	blob_add_path(s, b, &text);
	return text.p;
}

static const char *
uri_of(const struct blob *b)
{
	strbuf_reset(&text);
	blob_add_uri(b, &text);
	return text.p;
}

static enum blob_state
state_of(struct store *s, struct blob *b, int full)
{
	enum blob_state ret = BLOB_GONE;
	struct err e;

	CHECK(ok(blob_check(s, b, full, &ret, &e), &e));
	return ret;
}

/* sha256 of "abc" */
#define ABC	"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

TEST(a_copy_leaves_the_users_file)
{
	struct store *s;
	struct blob b;
	struct stat st, mine;
	struct err e;

	fresh();
	s = open_store(0);
	write_file("mine", "abc");
	CHECK(ok(blob_put(s, dir, "mine", 0, &b, &e), &e));
	CHECK_STR(uri_of(&b), "blob:sha256:" ABC);
	CHECK_INT(b.size, 3);
	CHECK(stat(path_of(s, &b), &st) == 0);
	CHECK_INT(st.st_mode & 0777, 0444);
	CHECK(fstatat(dir, "mine", &mine, 0) == 0);
	CHECK(mine.st_ino != st.st_ino);
	CHECK_INT(mine.st_mode & 0200, 0200);
	CHECK_INT(state_of(s, &b, 0), BLOB_OK);
	/* Once more: the same address, nothing new. */
	CHECK(ok(blob_put(s, dir, "mine", 0, &b, &e), &e));
	CHECK(stat(path_of(s, &b), &mine) == 0 && mine.st_ino == st.st_ino);
	store_close(s);
}

TEST(adopting_moves)
{
	struct store *s;
	struct stat a, st;
	struct blob b;
	struct err e;

	fresh();
	s = open_store(0);
	write_file("out", "abc");
	CHECK(fstatat(dir, "out", &a, 0) == 0);
	CHECK(ok(blob_put(s, dir, "out", BLOB_ADOPT, &b, &e), &e));
	CHECK(stat(path_of(s, &b), &st) == 0 && st.st_ino == a.st_ino);
	CHECK(!exists("out"));
	write_file("out", "abc");
	CHECK(ok(blob_put(s, dir, "out", BLOB_ADOPT, &b, &e), &e));
	CHECK(!exists("out"));
	store_close(s);
}

TEST(adopting_never_takes_what_has_another_name)
{
	struct store *s;
	struct stat st;
	struct blob b;
	struct err e;

	fresh();
	s = open_store(0);
	write_file("users", "abc");
	CHECK(linkat(dir, "users", dir, "out", 0) == 0);
	CHECK(symlinkat("users", dir, "link") == 0);
	CHECK(ok(blob_put(s, dir, "out", BLOB_ADOPT, &b, &e), &e));
	CHECK(ok(blob_put(s, dir, "link", BLOB_ADOPT, &b, &e), &e));
	CHECK(!exists("out") && !exists("link"));
	CHECK(fstatat(dir, "users", &st, 0) == 0);
	CHECK(st.st_nlink == 1 && (st.st_mode & 0200));
	CHECK_INT(state_of(s, &b, 1), BLOB_OK);
	store_close(s);
}

static void
make_tree(const char *name)
{
	char path[64];
	struct err e;

	snprintf(path, sizeof(path), "%s/empty", name);
	CHECK(ok(file_mkdirs(dir, path, &e), &e));
	snprintf(path, sizeof(path), "%s/sub", name);
	CHECK(ok(file_mkdirs(dir, path, &e), &e));
	snprintf(path, sizeof(path), "%s/sub/f", name);
	write_file(path, "abc");
	snprintf(path, sizeof(path), "%s/l", name);
	CHECK(symlinkat("sub/f", dir, path) == 0);
}

TEST(a_trees_address_covers_all_that_counts)
{
	struct blob a, b;
	struct store *s;
	struct err e;

	fresh();
	s = open_store(0);
	make_tree("t");
	CHECK(ok(blob_digest(s, dir, "t", &a, &e), &e));
	CHECK_STR(uri_of(&a), "blob:sha256:"
	    "0530e58b08e5b94346939a129b07a4dee03de4048d3c479ad2c58c8d701dc5ed/");
	CHECK_INT(a.size, 3);
	CHECK(fchmodat(dir, "t/sub/f", 0755, 0) == 0);
	CHECK(ok(blob_digest(s, dir, "t", &b, &e), &e));
	CHECK(!digest_equal(&a.digest, &b.digest));
	CHECK(fchmodat(dir, "t/sub/f", 0600, 0) == 0);
	CHECK(ok(blob_digest(s, dir, "t", &b, &e), &e));
	CHECK(digest_equal(&a.digest, &b.digest));
	CHECK(unlinkat(dir, "t/empty", AT_REMOVEDIR) == 0);
	CHECK(ok(blob_digest(s, dir, "t", &b, &e), &e));
	CHECK(!digest_equal(&a.digest, &b.digest));
	CHECK(mkdirat(dir, "t/empty", 0700) == 0);
	CHECK(unlinkat(dir, "t/l", 0) == 0 && symlinkat("sub", dir, "t/l") == 0);
	CHECK(ok(blob_digest(s, dir, "t", &b, &e), &e));
	CHECK(!digest_equal(&a.digest, &b.digest));
	store_close(s);
}

TEST(trees_are_copied_and_adopted)
{
	struct blob a, b;
	struct store *s;
	struct stat st;
	struct err e;

	fresh();
	s = open_store(0);
	make_tree("t");
	make_tree("u");
	CHECK(ok(blob_put(s, dir, "t", 0, &a, &e), &e));
	CHECK(exists("t/sub/f"));
	CHECK(stat(path_of(s, &a), &st) == 0);
	CHECK_INT(st.st_mode & 0777, 0555);
	CHECK_INT(state_of(s, &a, 0), BLOB_OK);
	CHECK_INT(state_of(s, &a, 1), BLOB_OK);
	CHECK(ok(blob_put(s, dir, "u", BLOB_ADOPT, &b, &e), &e));
	CHECK(!exists("u"));
	CHECK(digest_equal(&a.digest, &b.digest));
	CHECK(ok(file_remove(AT_FDCWD, path_of(s, &a), &e), &e));
	CHECK_INT(state_of(s, &a, 0), BLOB_GONE);
	CHECK(ok(blob_put(s, dir, "t", BLOB_ADOPT, &b, &e), &e));
	CHECK_INT(state_of(s, &b, 0), BLOB_OK);
	CHECK(!exists("t"));
	store_close(s);
}

/* Changes one byte in place, as a failing disk or a careless root would. */
static void
flip(const char *path)
{
	int fd;

	CHECK(chmod(path, 0644) == 0);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	CHECK(pwrite(fd, "X", 1, 1) == 1);
	close(fd);
}

TEST(a_flipped_byte_is_seen_and_mended)
{
	struct store *s;
	struct blob b;
	struct err e;

	fresh();
	s = open_store(0);
	write_file("mine", "abc");
	CHECK(ok(blob_put(s, dir, "mine", 0, &b, &e), &e));
	CHECK(ok(catalog_commit(s, &e), &e));
	flip(path_of(s, &b));
	CHECK_INT(state_of(s, &b, 0), BLOB_DAMAGED);
	CHECK_INT(state_of(s, &b, 1), BLOB_DAMAGED);
	CHECK(blob_get(s, &b, BLOB_COPY, dir, "got", 0, &e) == -1);
	CHECK_INT(e.kind, ERR_CORRUPT);
	CHECK(!exists("got"));
	CHECK(ok(blob_put(s, dir, "mine", 0, &b, &e), &e));
	CHECK(strstr(said.p, "was damaged and is replaced") != NULL);
	CHECK_INT(state_of(s, &b, 1), BLOB_OK);
	store_close(s);
}

TEST(a_changed_tree_is_seen)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	struct store *s;
	struct blob b;
	struct err e;

	fresh();
	s = open_store(0);
	make_tree("t");
	CHECK(ok(blob_put(s, dir, "t", 0, &b, &e), &e));
	CHECK(ok(catalog_commit(s, &e), &e));
	strbuf_addf(&path, "%s/sub/f", path_of(s, &b));
	flip(path.p);
	CHECK_INT(state_of(s, &b, 0), BLOB_DAMAGED);
	store_close(s);
}

TEST(get_links_and_copies)
{
	struct strbuf got = STRBUF_INIT;
	struct store *s;
	struct stat st;
	struct blob b;
	struct err e;

	fresh();
	s = open_store(0);
	CHECK(ok(blob_put_bytes(s, "abc", 3, &b, &e), &e));
	CHECK(ok(blob_get(s, &b, BLOB_LINK, dir, "in.csv", 0, &e), &e));
	CHECK(fstatat(dir, "in.csv", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(st.st_mode));
	CHECK(ok(file_read(dir, "in.csv", 10, &got, &e), &e));
	CHECK_STR(got.p, "abc");
	CHECK(blob_get(s, &b, BLOB_COPY, dir, "in.csv", 0, &e) == -1);
	CHECK_INT(e.kind, ERR_CONFLICT);
	CHECK(ok(blob_get(s, &b, BLOB_COPY, dir, "in.csv", 1, &e), &e));
	CHECK(fstatat(dir, "in.csv", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode) && (st.st_mode & 0200));
	b.digest.b[0] ^= 1;
	CHECK(blob_get(s, &b, BLOB_COPY, dir, "x", 0, &e) == -1);
	CHECK_INT(e.kind, ERR_MISSING);
	strbuf_release(&got);
	store_close(s);
}

TEST(uris_both_ways)
{
	struct store *s;
	struct blob b, c;

	fresh();
	s = open_store(0);
	CHECK(blob_parse_uri(STR("blob:sha256:" ABC), &b) == 0);
	CHECK_INT(b.kind, BLOB_FILE);
	CHECK(blob_of_path(s, str_of(path_of(s, &b)), &c) == 0);
	CHECK(digest_equal(&b.digest, &c.digest));
	CHECK(blob_parse_uri(STR("blob:sha256:" ABC "/"), &b) == 0);
	CHECK_INT(b.kind, BLOB_TREE);
	CHECK(blob_of_path(s, str_of(path_of(s, &b)), &c) == 0);
	CHECK_INT(c.kind, BLOB_TREE);
	CHECK(blob_parse_uri(STR("blob:sha256:"), &b) == -1);
	CHECK(blob_parse_uri(STR("blob:sha256:12"), &b) == -1);
	CHECK(blob_of_path(s, STR("/etc/passwd"), &b) == -1);
	CHECK(blob_of_path(s, STR(""), &b) == -1);
	store_close(s);
}

/* What a crash can leave: temps, and a file cut short under its address (a
 * power cut, since nothing of a blob is synced). */
TEST(halves_left_by_a_crash)
{
	struct store *s;
	struct blob b;
	struct err e;

	fresh();
	s = open_store(0);
	CHECK(ok(file_mkdirs(dir, "blobs/tmp", &e), &e));
	write_file("blobs/tmp/.tmp.1.2.3", "half");
	write_file("mine", "abc");
	CHECK(ok(blob_put(s, dir, "mine", 0, &b, &e), &e));
	CHECK(truncate(path_of(s, &b), 1) == 0);
	CHECK_INT(state_of(s, &b, 0), BLOB_DAMAGED);
	CHECK(ok(blob_put(s, dir, "mine", BLOB_ADOPT, &b, &e), &e));
	CHECK_INT(state_of(s, &b, 1), BLOB_OK);
	store_close(s);
}

TEST(a_read_only_store_gives_but_does_not_take)
{
	struct store *s;
	struct blob b;
	struct err e;

	fresh();
	s = open_store(0);
	CHECK(ok(blob_put_bytes(s, "abc", 3, &b, &e), &e));
	store_close(s);
	s = open_store(1);
	CHECK_INT(state_of(s, &b, 0), BLOB_OK);
	CHECK(blob_put_bytes(s, "abd", 3, &b, &e) == -1);
	CHECK_INT(e.kind, ERR_REFUSED);
	store_close(s);
}

TEST(devices_are_refused)
{
	struct store *s;
	struct blob b;
	struct err e;

	fresh();
	s = open_store(0);
	CHECK(blob_put(s, dir, "/dev/null", 0, &b, &e) == -1);
	CHECK_INT(e.kind, ERR_USAGE);
	CHECK(blob_put(s, dir, "none", 0, &b, &e) == -1);
	CHECK_INT(e.kind, ERR_MISSING);
	CHECK(ok(file_mkdirs(dir, "t", &e), &e));
	CHECK(mkfifoat(dir, "t/p", 0600) == 0);
	CHECK(blob_put(s, dir, "t", 0, &b, &e) == -1);
	CHECK_INT(e.kind, ERR_USAGE);
	store_close(s);
}

TEST(eight_processes_put_the_same_tree)
{
	int i, status, bad = 0;
	struct blob b;
	struct store *s;
	char name[16];
	struct err e;

	fresh();
	for (i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		make_tree(name);
	}
	fflush(stdout);
	for (i = 0; i < 8; i++) {
		if (fork() != 0)
			continue;
		snprintf(name, sizeof(name), "t%d", i);
		s = open_store(0);
		status = blob_put(s, dir, name, i % 2 ? BLOB_ADOPT : 0, &b,
		    &e);
		if (status < 0)
			printf("%s\n", e.msg);
		store_close(s);
		fflush(stdout);
		_exit(status < 0);
	}
	while (wait(&status) > 0)
		bad |= status;
	CHECK_INT(bad, 0);
	s = open_store(0);
	CHECK(ok(blob_put(s, dir, "t0", BLOB_ADOPT, &b, &e), &e));
	CHECK_INT(state_of(s, &b, 1), BLOB_OK);
	store_close(s);
}
