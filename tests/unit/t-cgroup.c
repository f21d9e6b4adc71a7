#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "sys/cgroup.h"
#include "sys/file.h"

/*
 * Both versions of control groups on a machine that has one or none: a folder
 * stands for the root, and mkdir(2) and rmdir(2) do in it what the kernel
 * does there.  A new group has the files of the controllers that the group
 * above passes on (v2: cgroup.subtree_control), or of its tree (v1).
 */

static char root[] = "/tmp/t-cgroup.XXXXXX";

static void
put(const char *path, const char *text)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	FILE *f;

	strbuf_addf(&b, "%s%s", path[0] == '/' && strncmp(path, root,
	    strlen(root)) != 0 ? root : "", path);
	f = fopen(b.p, "w");
	if (f == NULL)
		abort();
	fputs(text, f);
	fclose(f);
}

static void
put_in(const char *dir, const char *name, const char *text)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	strbuf_addf(&b, "%s/%s", dir, name);
	put(b.p, text);
}

static const char *
text_in(const char *dir, const char *name)
{
	static char text[256];
	c_strbuf struct strbuf b = STRBUF_INIT;
	FILE *f;
	size_t n;

	strbuf_addf(&b, "%s/%s", dir, name);
	f = fopen(b.p, "r");
	if (f == NULL)
		return "(none)";
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static int
passes_on(const char *path, const char *controller)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	const char *slash = strrchr(path, '/');

	strbuf_add(&b, path, (size_t)(slash - path));
	return strstr(text_in(b.p, "cgroup.subtree_control"), controller) !=
	    NULL;
}

static void
fill_v2(const char *path)
{
	put_in(path, "cgroup.procs", "");
	put_in(path, "cgroup.subtree_control", "");
	put_in(path, "cgroup.kill", "");
	if (passes_on(path, "memory")) {
		put_in(path, "memory.max", "max\n");
		put_in(path, "memory.swap.max", "max\n");
		put_in(path, "memory.peak", "0\n");
		put_in(path, "memory.events", "low 0\noom 0\noom_kill 0\n");
	}
	if (passes_on(path, "cpu"))
		put_in(path, "cpu.max", "max 100000\n");
}

static void
fill_v1(const char *path)
{
	put_in(path, "cgroup.procs", "");
	if (strstr(path, "/memory") != NULL) {
		put_in(path, "memory.limit_in_bytes", "9223372036854771712\n");
		put_in(path, "memory.memsw.limit_in_bytes", "1\n");
		put_in(path, "memory.max_usage_in_bytes", "0\n");
		put_in(path, "memory.oom_control",
		    "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n");
	} else {
		put_in(path, "cpu.cfs_quota_us", "-1\n");
		put_in(path, "cpu.cfs_period_us", "0\n");
	}
}

int
mkdir(const char *path, mode_t mode)
{
	if (syscall(SYS_mkdirat, AT_FDCWD, path, mode) < 0)
		return -1;
	if (strncmp(path, root, strlen(root)) == 0 &&
	    strstr(path, "/sys/fs/cgroup/") != NULL) {
		if (strstr(path, "/memory") != NULL ||
		    strstr(path, "/cpu") != NULL)
			fill_v1(path);
		else
			fill_v2(path);
	}
	return 0;
}

/* A group is never empty of files, and goes with them. */
int
rmdir(const char *path)
{
	static const char *const files[] = { "cgroup.procs", "cgroup.kill",
	    "cgroup.subtree_control", "memory.max", "memory.swap.max",
	    "memory.peak", "memory.events", "cpu.max",
	    "memory.limit_in_bytes", "memory.memsw.limit_in_bytes",
	    "memory.max_usage_in_bytes", "memory.oom_control",
	    "cpu.cfs_quota_us", "cpu.cfs_period_us" };
	c_strbuf struct strbuf b = STRBUF_INIT;
	size_t i;

	for (i = 0; i < ARRAY_LEN(files); i++) {
		strbuf_reset(&b);
		strbuf_addf(&b, "%s/%s", path, files[i]);
		unlink(b.p);
	}
	return (int)syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
}

static void
make_dirs(const char *path)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct err e;

	strbuf_addf(&b, "%s%s", root, path);
	CHECK(file_mkdirs(AT_FDCWD, b.p, &e) == 0);
	put_in(b.p, "cgroup.procs", "");
}

/* A machine of its own for each test. */
static void
begin(void)
{
	memcpy(root + strlen(root) - 6, "XXXXXX", 6);
	if (mkdtemp(root) == NULL)
		abort();
	make_dirs("/proc/self");
	cgroup_set_root(root);
}

static void
end(void)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct err e;

	strbuf_adds(&b, root);
	CHECK(file_remove(AT_FDCWD, b.p, &e) == 0);
}

/* A session of systemd: we are in a scope of app.slice, which is ours. */
static void
v2_session(const char *passed_on)
{
	begin();
	put("/proc/self/cgroup", "0::/user.slice/app.slice/x.scope\n");
	put("/proc/self/mountinfo",
	    "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
	    "29 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 "
	    "cgroup2 rw,nsdelegate\n");
	make_dirs("/sys/fs/cgroup/user.slice/app.slice");
	put("/sys/fs/cgroup/user.slice/app.slice/cgroup.subtree_control",
	    passed_on);
	make_dirs("/sys/fs/cgroup/user.slice/app.slice/x.scope");
}

TEST(v2_group)
{
	struct cgroup c;
	struct err e;
	c_strbuf struct strbuf at = STRBUF_INIT;

	v2_session("memory pids cpu\n");
	CHECK(cgroup_make(&c, &e) == 0);
	CHECK_INT(c.v2, 1);
	CHECK_STR(c.cpu, c.memory);
	/* Beside our own group: a group with processes passes nothing on. */
	strbuf_addf(&at, "%s/sys/fs/cgroup/user.slice/app.slice/flyte-", root);
	CHECK(strncmp(c.memory, at.p, at.n) == 0);
	CHECK(strchr(c.memory + at.n, '/') == NULL);

	CHECK(cgroup_limit(&c, 64 << 20, 1500, &e) == 0);
	CHECK_STR(text_in(c.memory, "memory.max"), "67108864");
	CHECK_STR(text_in(c.memory, "memory.swap.max"), "0");
	CHECK_STR(text_in(c.memory, "cpu.max"), "150000 100000");
	CHECK(cgroup_limit(&c, 0, 0, &e) == 0);
	CHECK_STR(text_in(c.memory, "memory.max"), "max");
	CHECK_STR(text_in(c.memory, "memory.swap.max"), "max");
	CHECK_STR(text_in(c.memory, "cpu.max"), "max 100000");
	/* The kernel takes no quota below a millisecond. */
	CHECK(cgroup_limit(&c, 0, 5, &e) == 0);
	CHECK_STR(text_in(c.memory, "cpu.max"), "1000 100000");

	CHECK_INT(cgroup_oom_kills(&c), 0);
	put_in(c.memory, "memory.events",
	    "low 0\nhigh 0\nmax 7\noom 3\noom_kill 2\noom_group_kill 0\n");
	CHECK_INT(cgroup_oom_kills(&c), 2);
	put_in(c.memory, "memory.peak", "123456789\n");
	CHECK_INT(cgroup_peak(&c), 123456789);
	CHECK_INT(cgroup_forget_peak(&c), -1);
	cgroup_kill(&c);
	CHECK_STR(text_in(c.memory, "cgroup.kill"), "1");
	strbuf_reset(&at);
	strbuf_adds(&at, c.memory);
	cgroup_remove(&c);
	CHECK(c.memory == NULL && access(at.p, F_OK) < 0);
	end();
}

TEST(v2_without_some)
{
	struct cgroup c;
	struct err e;

	/* No cpu controller: memory is bounded all the same. */
	v2_session("memory pids\n");
	CHECK(cgroup_make(&c, &e) == 0);
	CHECK(c.v2 && c.cpu == NULL);
	CHECK(cgroup_limit(&c, 4096, 1000, &e) == 0);
	CHECK_STR(text_in(c.memory, "memory.max"), "4096");
	CHECK_STR(text_in(c.memory, "cpu.max"), "(none)");
	/* Before Linux 5.19 there is no peak. */
	put_in(c.memory, "memory.peak", "");
	CHECK_INT(cgroup_peak(&c), -1);
	cgroup_remove(&c);
	end();

	/* No memory controller, and no version 1: nothing is left behind. */
	v2_session("cpu pids\n");
	CHECK(cgroup_make(&c, &e) < 0 && e.kind == ERR_REFUSED);
	end();
}

TEST(v2_sweeps)
{
	c_strbuf struct strbuf old = STRBUF_INIT, other = STRBUF_INIT;
	struct cgroup c;
	struct stat ns;
	struct err e;

	v2_session("memory\n");
	CHECK(stat("/proc/self/ns/pid", &ns) == 0);
	/* No process has so high a number. */
	strbuf_addf(&old, "%s/sys/fs/cgroup/user.slice/app.slice/"
	    "flyte-%lu-%d-1", root, (unsigned long)ns.st_ino, INT32_MAX);
	strbuf_addf(&other, "%s/sys/fs/cgroup/user.slice/app.slice/"
	    "flyte-%lu-%d-1", root, (unsigned long)ns.st_ino + 1, INT32_MAX);
	CHECK(mkdir(old.p, 0755) == 0 && mkdir(other.p, 0755) == 0);
	CHECK(cgroup_make(&c, &e) == 0);
	CHECK(access(old.p, F_OK) < 0);
	CHECK(access(other.p, F_OK) == 0);
	cgroup_remove(&c);
	end();
}

TEST(v1_groups)
{
	struct cgroup c;
	struct err e;

	begin();
	put("/proc/self/cgroup", "9:name=systemd:/\n8:memory:/job\n"
	    "5:cpu,cpuacct:/\n0::/\n");
	put("/proc/self/mountinfo",
	    "30 29 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
	    "31 29 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
	    "32 29 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup "
	    "rw,cpu,cpuacct\n");
	make_dirs("/sys/fs/cgroup/unified");
	make_dirs("/sys/fs/cgroup/memory/job");
	make_dirs("/sys/fs/cgroup/cpu,cpuacct");
	CHECK(cgroup_make(&c, &e) == 0);
	CHECK(!c.v2 && c.cpu != NULL);
	CHECK(strstr(c.memory, "/memory/job/flyte-") != NULL);
	CHECK(strstr(c.cpu, "/cpu,cpuacct/flyte-") != NULL);
	CHECK(cgroup_limit(&c, 64 << 20, 500, &e) == 0);
	CHECK_STR(text_in(c.memory, "memory.limit_in_bytes"), "67108864");
	CHECK_STR(text_in(c.memory, "memory.memsw.limit_in_bytes"),
	    "67108864");
	CHECK_STR(text_in(c.cpu, "cpu.cfs_period_us"), "100000");
	CHECK_STR(text_in(c.cpu, "cpu.cfs_quota_us"), "50000");
	put_in(c.memory, "memory.oom_control",
	    "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n");
	CHECK_INT(cgroup_oom_kills(&c), 4);
	put_in(c.memory, "memory.max_usage_in_bytes", "4096\n");
	CHECK_INT(cgroup_peak(&c), 4096);
	CHECK_INT(cgroup_forget_peak(&c), 0);
	CHECK_STR(text_in(c.memory, "memory.max_usage_in_bytes"), "0");
	cgroup_remove(&c);
	end();
}

TEST(memory_of_machine)
{
	int64_t all;

	v2_session("memory\n");
	all = cgroup_memory_of_machine();
	CHECK(all > 8 << 20);
	/* The least of our own and of those above counts. */
	put("/sys/fs/cgroup/user.slice/app.slice/x.scope/memory.max", "max\n");
	put("/sys/fs/cgroup/user.slice/app.slice/memory.max", "8388608\n");
	put("/sys/fs/cgroup/user.slice/memory.max", "9999999999\n");
	CHECK_INT(cgroup_memory_of_machine(), 8388608);
	end();
}
