/* Folders that do not outlive their process. */
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "sys/file.h"
#include "sys/scratch.h"

static char top[32], place[64];
static int told;

static void
begin(void)
{
	snprintf(top, sizeof(top), "/tmp/t-scratch.XXXXXX");
	CHECK(mkdtemp(top) != NULL);
	snprintf(place, sizeof(place), "%s/a/b", top);
	told = 0;
}

static void
end(void)
{
	struct err e;

	CHECK(file_remove(AT_FDCWD, top, &e) == 0);
}

static int
tell(void *arg, const char *dir)
{
	(void)dir;
	told++;
	return *(int *)arg;
}

static int
there(const char *path)
{
	return access(path, F_OK) == 0;
}

/* A child makes one and is killed; its name. */
static void
leave(const char *base, char ret[256])
{
	struct scratch s = SCRATCH_INIT;
	struct err e;
	int fds[2], ended;
	pid_t pid;
	ssize_t n;

	CHECK(pipe(fds) == 0);
	pid = fork();
	if (pid == 0) {
		if (scratch_make(base, "x", NULL, NULL, &s, &e) < 0 ||
		    write(fds[1], s.dir, strlen(s.dir)) < 0)
			_exit(1);
		raise(SIGKILL);
	}
	waitpid(pid, &ended, 0);
	n = read(fds[0], ret, 255);
	CHECK(n > 0);
	ret[MAX(n, 0)] = '\0';
	close(fds[0]);
	close(fds[1]);
}

TEST(of_the_dead)
{
	struct scratch a = SCRATCH_INIT, b = SCRATCH_INIT;
	char left[256];
	struct err e;
	int no = 1, yes = 0;

	begin();
	leave(place, left);
	CHECK(there(left));
	CHECK(scratch_make(place, "y", tell, &yes, &a, &e) == 0);
	CHECK(there(left) && told == 0);	/* of another prefix */
	CHECK(scratch_make(place, "x", tell, &no, &b, &e) == 0);
	CHECK(there(left) && told == 1);
	scratch_remove(&b);
	CHECK(scratch_make(place, "x", tell, &yes, &b, &e) == 0);
	CHECK(!there(left) && told == 2);
	scratch_remove(&a);
	scratch_remove(&b);
	CHECK(!there(place));
	end();
}

TEST(of_the_living)
{
	struct scratch a = SCRATCH_INIT, b = SCRATCH_INIT;
	struct stat st;
	struct err e;

	begin();
	CHECK(scratch_make(place, "x", NULL, NULL, &a, &e) == 0);
	CHECK(scratch_make(place, "x", NULL, NULL, &b, &e) == 0);
	CHECK(there(a.dir) && there(b.dir) && strcmp(a.dir, b.dir) != 0);
	CHECK(stat(a.dir, &st) == 0 && (st.st_mode & 0777) == 0700);
	scratch_remove(&a);
	CHECK(scratch_keep(&b, &e) == 0);
	CHECK(strstr(b.dir, "/kept-x.") != NULL);
	scratch_release(&b);
	CHECK(scratch_make(place, "x", NULL, NULL, &a, &e) == 0);
	scratch_remove(&a);
	CHECK(there(place));	/* what was kept is in it */
	end();
}

/* Where another could have put something the folder lies beside it. */
TEST(private)
{
	c_strbuf struct strbuf base = STRBUF_INIT;
	struct scratch s = SCRATCH_INIT;
	struct err e;

	begin();
	strbuf_addf(&base, "%s/flyte-%u", top, (unsigned)geteuid());
	CHECK(scratch_make_private(top, "x", NULL, NULL, &s, &e) == 0);
	CHECK(strncmp(s.dir, base.p, base.n) == 0);
	scratch_remove(&s);
	CHECK(!there(base.p));
	CHECK(mkdir(base.p, 0700) == 0 && chmod(base.p, 0777) == 0);
	CHECK(scratch_make_private(top, "x", NULL, NULL, &s, &e) == 0);
	CHECK(strstr(s.dir, "/flyte-x.") != NULL);
	scratch_remove(&s);
	CHECK(rmdir(base.p) == 0 && symlink("/tmp", base.p) == 0);
	CHECK(scratch_make_private(top, "x", NULL, NULL, &s, &e) == 0);
	CHECK(strstr(s.dir, "/flyte-x.") != NULL);
	scratch_remove(&s);
	CHECK(unlink(base.p) == 0 && there(top));
	end();
}
