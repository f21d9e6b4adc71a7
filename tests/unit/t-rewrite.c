/* Small files that are written again. */
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.h"
#include "sys/rewrite.h"

static char top[32], path[64], other[64];
static ino_t was;

static struct stat
look(void)
{
	struct stat st = { .st_ino = 0 };

	CHECK(lstat(path, &st) == 0);
	return st;
}

static void
begin(void)
{
	struct err e;

	snprintf(top, sizeof(top), "/tmp/t-rewrite.XXXXXX");
	CHECK(mkdtemp(top) != NULL);
	snprintf(path, sizeof(path), "%s/x", top);
	snprintf(other, sizeof(other), "%s/y", top);
	CHECK(rewrite_file(path, str_of("first"), &e) == 0);
	was = look().st_ino;
}

static void
end(void)
{
	struct err e;

	CHECK(file_remove(AT_FDCWD, top, &e) == 0);
}

static void
check_text(const char *file, const char *text)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct err e;

	CHECK(file_read(AT_FDCWD, file, 100, &b, &e) == 0);
	CHECK_STR(b.p, text);
}

/* Writes it again and says whether it is the file that it was. */
static int
stays(const char *text)
{
	struct err e;

	CHECK(rewrite_file(path, str_of(text), &e) == 0);
	check_text(path, text);
	return look().st_ino == was;
}

/* A file made anew may get the number of one that is gone: hold that. */
static int
hold(void)
{
	int fd = open(path, O_PATH | O_CLOEXEC);

	CHECK(fd >= 0);
	return fd;
}

TEST(stays_where_nobody_else_has_it)
{
	begin();
	CHECK(stays("longer than the first"));
	CHECK(stays("short"));
	CHECK(stays(""));
	CHECK(stays("again"));
	end();
}

TEST(a_second_name_keeps_its_text)
{
	begin();
	CHECK(link(path, other) == 0);
	CHECK(!stays("mine"));
	check_text(other, "first");
	end();
}

TEST(who_has_it_open_keeps_it)
{
	char text[8] = "";
	int fd;

	begin();
	fd = open(path, O_RDWR | O_CLOEXEC);
	CHECK(!stays("mine"));
	CHECK(pread(fd, text, 5, 0) == 5);
	CHECK_STR(text, "first");
	CHECK(pwrite(fd, "late", 4, 0) == 4);
	check_text(path, "mine");
	close(fd);
	end();
}

TEST(other_permissions_are_not_taken_over)
{
	static const mode_t modes[] = { 0755, 0444, 04600, 0 };
	int fd;
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		begin();
		fd = hold();
		CHECK(chmod(path, modes[i]) == 0);
		CHECK(!stays("mine"));
		CHECK_INT((int)(look().st_mode & 07711), 0600);
		close(fd);
		end();
	}
}

TEST(a_link_or_pipe_is_replaced)
{
	begin();
	CHECK(rename(path, other) == 0 && symlink(other, path) == 0);
	stays("mine");
	check_text(other, "first");
	CHECK(S_ISREG(look().st_mode));
	CHECK(unlink(path) == 0 && mkfifo(path, 0600) == 0);
	stays("mine");
	CHECK(S_ISREG(look().st_mode));
	end();
}

TEST(opened_it_is_empty)
{
	struct err e;
	int fd = -1;

	begin();
	CHECK(rewrite_open(path, &fd, &e) == 0);
	CHECK_INT((int)look().st_size, 0);
	CHECK(look().st_ino == was);
	CHECK(write(fd, "out", 3) == 3);
	close(fd);
	check_text(path, "out");
	end();
}
