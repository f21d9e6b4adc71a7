#include "sys/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "sys/file.h"

/* Bytes of a file of /proc or of a group. */
#define MAX_KERNEL_FILE	((size_t)1024 * 1024)

static const char *root_dir = "";	/* of all paths; tests have another */

void
cgroup_set_root(const char *dir)
{
	root_dir = dir;
}

static int
read_kernel(const char *path, struct strbuf *ret)
{
	struct err e;

	strbuf_reset(ret);
	return file_read(AT_FDCWD, path, MAX_KERNEL_FILE, ret, &e);
}

static int
read_in(const char *dir, const char *name, struct strbuf *ret)
{
	c_strbuf struct strbuf path = STRBUF_INIT;

	strbuf_addf(&path, "%s/%s", dir, name);
	return read_kernel(path.p, ret);
}

static int
write_in(const char *dir, const char *name, const char *text, struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	c_close int fd = -1;

	strbuf_addf(&path, "%s/%s", dir, name);
	fd = open(path.p, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return err_sys(e, "%s", path.p);
	return 0;
}

/* The next line, without its end; 0 at the end. */
static int
next_line(struct str *rest, struct str *ret)
{
	const char *end;

	if (rest->n == 0)
		return 0;
	end = memchr(rest->p, '\n', rest->n);
	*ret = *rest;
	if (end != NULL)
		ret->n = (size_t)(end - rest->p);
	rest->p += MIN(ret->n + 1, rest->n);
	rest->n -= MIN(ret->n + 1, rest->n);
	return 1;
}

/* The next word up to sep; empty at the end. */
static struct str
next_word(struct str *rest, char sep)
{
	const char *end = memchr(rest->p, sep, rest->n);
	struct str w = *rest;

	if (end != NULL)
		w.n = (size_t)(end - rest->p);
	rest->p += MIN(w.n + 1, rest->n);
	rest->n -= MIN(w.n + 1, rest->n);
	return w;
}

/* 1 if word is one of those that sep parts. */
static int
has_word(struct str list, char sep, const char *word)
{
	while (list.n > 0)
		if (str_is(next_word(&list, sep), word))
			return 1;
	return 0;
}

/* ---- where we are -------------------------------------------------------- */

static int
read_proc(const char *name, struct strbuf *ret)
{
	c_strbuf struct strbuf path = STRBUF_INIT;

	strbuf_addf(&path, "%s/proc/self/%s", root_dir, name);
	return read_kernel(path.p, ret);
}

/* Our own group in the tree of a controller ("" : version 2). */
static int
own_group(const char *controller, struct strbuf *ret)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct str rest, line;

	if (read_proc("cgroup", &b) < 0)
		return -1;
	for (rest = strbuf_str(&b); next_line(&rest, &line); ) {
		struct str number = next_word(&line, ':');
		struct str list = next_word(&line, ':');

		if (controller[0] == '\0' ? str_is(number, "0") &&
		    list.n == 0 : has_word(list, ',', controller)) {
			strbuf_reset(ret);
			strbuf_addstr(ret, line);
			return 0;
		}
	}
	return -1;
}

/*
 * Where that tree is mounted, and which of its groups is the mount's root
 * (proc(5), mountinfo: fields 4 and 5, and after " - " type and options).
 */
static int
mount_of(const char *controller, struct strbuf *ret_dir,
    struct strbuf *ret_root)
{
	const char *want = controller[0] == '\0' ? "cgroup2" : "cgroup";
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct str rest, line, word, root, dir;
	int i;

	if (read_proc("mountinfo", &b) < 0)
		return -1;
	for (rest = strbuf_str(&b); next_line(&rest, &line); ) {
		for (i = 0; i < 3; i++)
			next_word(&line, ' ');
		root = next_word(&line, ' ');
		dir = next_word(&line, ' ');
		do
			word = next_word(&line, ' ');
		while (word.n > 0 && !str_is(word, "-"));
		word = next_word(&line, ' ');
		next_word(&line, ' ');
		if (!str_is(word, want) || (controller[0] != '\0' &&
		    !has_word(line, ',', controller)))
			continue;
		strbuf_reset(ret_dir);
		strbuf_adds(ret_dir, root_dir);
		strbuf_addstr(ret_dir, dir);
		strbuf_reset(ret_root);
		strbuf_addstr(ret_root, root);
		return 0;
	}
	return -1;
}

/* The folder of our own group, and how much of it is the mount's. */
static int
own_folder(const char *controller, struct strbuf *ret, size_t *ret_mount)
{
	c_strbuf struct strbuf root = STRBUF_INIT, own = STRBUF_INIT;
	const char *below;

	if (mount_of(controller, ret, &root) < 0 ||
	    own_group(controller, &own) < 0)
		return -1;
	*ret_mount = ret->n;
	below = own.p;
	if (strcmp(root.p, "/") != 0) {
		if (!str_starts(strbuf_str(&own), root.p))
			return 0;
		below += root.n;
	}
	if (strcmp(below, "/") != 0)
		strbuf_adds(ret, below);
	/* A group that can not be seen from here: begin at the top. */
	if (access(ret->p, F_OK) < 0)
		strbuf_setlen(ret, *ret_mount);
	return 0;
}

/* ---- making and removing ------------------------------------------------- */

static unsigned long
pid_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) < 0 ? 0 :
	    (unsigned long)st.st_ino;
}

/* Groups of processes that are gone; one that is in use can not be removed. */
static void
sweep(const char *dir)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	unsigned long ns;
	const struct dirent *d;
	DIR *list = opendir(dir);
	int pid;

	/* What is not seen now is swept by the next. */
	while (list != NULL && file_next_entry(list, &d) > 0) {
		if (sscanf(d->d_name, "flyte-%lu-%d-", &ns, &pid) != 2 ||
		    ns != pid_namespace() || pid <= 0 ||
		    kill(pid, 0) == 0 || errno != ESRCH)
			continue;
		strbuf_reset(&path);
		strbuf_addf(&path, "%s/%s", dir, d->d_name);
		rmdir(path.p);
	}
	if (list != NULL)
		closedir(list);
}

static unsigned made;		/* groups, for their names */

/* A group in dir that has the file of its controller; or NULL. */
static char *
make_in(const char *dir, const char *file)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	size_t n;

	/* To move a process needs the right to write here, too. */
	strbuf_addf(&path, "%s/cgroup.procs", dir);
	if (access(path.p, W_OK) < 0)
		return NULL;
	sweep(dir);
	strbuf_reset(&path);
	strbuf_addf(&path, "%s/flyte-%lu-%ld-%u", dir, pid_namespace(),
	    (long)getpid(), made);
	if (mkdir(path.p, 0755) < 0)
		return NULL;
	n = path.n;
	strbuf_addf(&path, "/%s", file);
	if (access(path.p, W_OK) == 0) {
		strbuf_setlen(&path, n);
		return strbuf_detach(&path, NULL);
	}
	strbuf_setlen(&path, n);
	rmdir(path.p);
	return NULL;
}

/* Below our own group or one above it. */
static char *
make_group(const char *controller, const char *file)
{
	c_strbuf struct strbuf dir = STRBUF_INIT;
	size_t mount;
	char *ret;

	if (own_folder(controller, &dir, &mount) < 0)
		return NULL;
	for (;;) {
		ret = make_in(dir.p, file);
		if (ret != NULL || dir.n <= mount)
			return ret;
		while (dir.n > mount && dir.p[dir.n - 1] != '/')
			strbuf_setlen(&dir, dir.n - 1);
		strbuf_setlen(&dir, dir.n > mount ? dir.n - 1 : mount);
	}
}

/* Version 2 has one tree, but a controller may not be given to us. */
static int
has_file(const char *dir, const char *name)
{
	c_strbuf struct strbuf path = STRBUF_INIT;

	strbuf_addf(&path, "%s/%s", dir, name);
	return access(path.p, W_OK) == 0;
}

int
cgroup_make(struct cgroup *ret, struct err *e)
{
	struct cgroup c = { NULL, NULL, 0 };

	made++;
	c.memory = make_group("", "memory.max");
	if (c.memory != NULL) {
		c.v2 = 1;
		if (has_file(c.memory, "cpu.max"))
			c.cpu = xstrdup(c.memory);
		*ret = c;
		return 0;
	}
	c.memory = make_group("memory", "memory.limit_in_bytes");
	if (c.memory == NULL)
		return err_set(e, ERR_REFUSED, "no control group with a "
		    "memory controller may be made here");
	c.cpu = make_group("cpu", "cpu.cfs_quota_us");
	*ret = c;
	return 0;
}

void
cgroup_remove(struct cgroup *c)
{
	if (c->memory != NULL)
		rmdir(c->memory);
	if (c->cpu != NULL && !c->v2)
		rmdir(c->cpu);
	free(c->memory);
	free(c->cpu);
	*c = (struct cgroup){ NULL, NULL, 0 };
}

/* ---- bounds -------------------------------------------------------------- */

static int
limit_memory(const struct cgroup *c, int64_t bytes, struct err *e)
{
	struct err none;
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)bytes);
	if (c->v2) {
		/* Without swap accounting there is no such file. */
		if (write_in(c->memory, "memory.swap.max", bytes > 0 ? "0" :
		    "max", &none) < 0)
			err_clear(&none);
		return write_in(c->memory, "memory.max", bytes > 0 ? text :
		    "max", e);
	}
	/* Memory and swap together must not be less than memory. */
	if (write_in(c->memory, "memory.memsw.limit_in_bytes", "-1",
	    &none) < 0)
		err_clear(&none);
	if (write_in(c->memory, "memory.limit_in_bytes", bytes > 0 ? text :
	    "-1", e) < 0)
		return -1;
	if (bytes > 0 && write_in(c->memory, "memory.memsw.limit_in_bytes",
	    text, &none) < 0)
		err_clear(&none);
	return 0;
}

static int
limit_cpu(const struct cgroup *c, int64_t milli, struct err *e)
{
	/* The kernel takes no quota below a millisecond. */
	long long quota = MAX(milli * 100, 1000);
	char text[64];

	if (milli > INT64_MAX / 100)
		milli = 0;
	if (c->v2) {
		snprintf(text, sizeof(text), milli > 0 ? "%lld 100000" :
		    "max 100000", quota);
		return write_in(c->cpu, "cpu.max", text, e);
	}
	snprintf(text, sizeof(text), "%lld", milli > 0 ? quota : -1);
	return milli > 0 && write_in(c->cpu, "cpu.cfs_period_us", "100000",
	    e) < 0 ? -1 : write_in(c->cpu, "cpu.cfs_quota_us", text, e);
}

int
cgroup_limit(const struct cgroup *c, int64_t memory, int64_t cpu,
    struct err *e)
{
	if (limit_memory(c, memory, e) < 0)
		return -1;
	return c->cpu == NULL ? 0 : limit_cpu(c, cpu, e);
}

/* The number after a word at the start of a line. */
static int64_t
number_of(struct str text, const char *word)
{
	struct str line;
	int64_t v;

	while (next_line(&text, &line))
		if (str_is(next_word(&line, ' '), word) &&
		    num_parse_i64(line, 0, INT64_MAX, &v) == 0)
			return v;
	return -1;
}

int64_t
cgroup_oom_kills(const struct cgroup *c)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	int64_t n = -1;

	if (c->memory != NULL && read_in(c->memory, c->v2 ? "memory.events" :
	    "memory.oom_control", &b) == 0)
		n = number_of(strbuf_str(&b), "oom_kill");
	return MAX(n, 0);
}

int64_t
cgroup_peak(const struct cgroup *c)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct str rest, line;
	int64_t v;

	if (c->memory == NULL || read_in(c->memory, c->v2 ? "memory.peak" :
	    "memory.max_usage_in_bytes", &b) < 0)
		return -1;
	rest = strbuf_str(&b);
	return next_line(&rest, &line) &&
	    num_parse_i64(line, 0, INT64_MAX, &v) == 0 ? v : -1;
}

int
cgroup_forget_peak(const struct cgroup *c)
{
	struct err none;

	/* Version 2 forgets at most for one descriptor, and not before Linux
	 * 6.12. */
	return c->memory == NULL || c->v2 || write_in(c->memory,
	    "memory.max_usage_in_bytes", "0", &none) < 0 ? -1 : 0;
}

void
cgroup_kill(const struct cgroup *c)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct str rest, line;
	struct err none;
	int64_t pid;
	int round;

	/* Since Linux 5.14 the kernel does it at once; what is dying may be
	 * listed for a while. */
	if (c->memory != NULL && c->v2)
		(void)!write_in(c->memory, "cgroup.kill", "1", &none);
	/* They may be making others. */
	for (round = 0; round < 100; round++) {
		if (c->memory == NULL ||
		    read_in(c->memory, "cgroup.procs", &b) < 0 || b.n == 0)
			return;
		for (rest = strbuf_str(&b); next_line(&rest, &line); )
			if (num_parse_i64(line, 2, INT32_MAX, &pid) == 0)
				kill((pid_t)pid, SIGKILL);
		usleep(200);
	}
}

/* ---- the machine --------------------------------------------------------- */

/* The bound on a group and all above it; INT64_MAX: none. */
static int64_t
bound_above(const char *controller, const char *file)
{
	c_strbuf struct strbuf dir = STRBUF_INIT, b = STRBUF_INIT;
	int64_t least = INT64_MAX, v;
	struct str text, line;
	size_t mount;

	if (own_folder(controller, &dir, &mount) < 0)
		return least;
	for (;;) {
		if (read_in(dir.p, file, &b) == 0) {
			text = strbuf_str(&b);
			if (next_line(&text, &line) &&
			    num_parse_i64(line, 1, INT64_MAX, &v) == 0)
				least = MIN(least, v);
		}
		if (dir.n <= mount)
			return least;
		while (dir.n > mount && dir.p[dir.n - 1] != '/')
			strbuf_setlen(&dir, dir.n - 1);
		strbuf_setlen(&dir, dir.n > mount ? dir.n - 1 : mount);
	}
}

int64_t
cgroup_memory_of_machine(void)
{
	int64_t all = (int64_t)sysconf(_SC_PHYS_PAGES) *
	    sysconf(_SC_PAGESIZE);

	all = MIN(all, bound_above("", "memory.max"));
	return MIN(all, bound_above("memory", "memory.limit_in_bytes"));
}
