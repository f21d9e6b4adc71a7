#include "task/contract_p.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.h"

/* Folders that stay, empty, for the next attempt. */
static const char *const stay[] = { "inputs", "outputs", "work" };

static int
stays(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(stay); i++)
		if (strcmp(name, stay[i]) == 0)
			return 1;
	return 0;
}

static int	clean(int dirfd, const char *name, int top, struct err *);

static int
clean_entry(int dirfd, const struct dirent *de, int top, struct err *e)
{
	if (top && stays(de->d_name) && de->d_type == DT_DIR)
		return clean(dirfd, de->d_name, 0, e);
	if (unlinkat(dirfd, de->d_name, 0) == 0)
		return 0;
	return file_remove(dirfd, de->d_name, e);
}

/* Two levels only: what is in a folder that stays goes whole. */
static int
clean(int dirfd, const char *name, int top, struct err *e)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC |
	    O_NOFOLLOW), r = 0;
	struct dirent *de;
	DIR *d;

	if (fd < 0 || (d = fdopendir(fd)) == NULL) {
		r = err_sys(e, "%s", name);
		closep(&fd);
		return r;
	}
	while (r == 0 && (de = readdir(d)) != NULL)
		if (strcmp(de->d_name, ".") != 0 &&
		    strcmp(de->d_name, "..") != 0)
			r = clean_entry(fd, de, top, e);
	closedir(d);
	return r;
}

int
contract_clean(const char *dir, struct err *e)
{
	return clean(AT_FDCWD, dir, 1, e);
}

/* 1 if the folder holds nothing but what the attempt was given. */
/* What a redirection of stdout makes: an output with nothing in it. */
static int
is_empty_file(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size == 0;
}

static int
is_empty(const char *dir, int top)
{
	const char *name = strrchr(dir, '/');
	int empty = 1, in_outputs = name != NULL &&
	    strcmp(name, "/outputs") == 0;
	struct dirent *de;
	DIR *d = opendir(dir);

	if (d == NULL)
		return 1;
	while (empty && (de = readdir(d)) != NULL) {
		c_strbuf struct strbuf b = STRBUF_INIT;

		if (strcmp(de->d_name, ".") == 0 ||
		    strcmp(de->d_name, "..") == 0)
			continue;
		strbuf_addf(&b, "%s/%s", dir, de->d_name);
		empty = top ? strcmp(de->d_name, "inputs") == 0 ||
		    strcmp(de->d_name, "script") == 0 ||
		    (stays(de->d_name) && is_empty(b.p, 0)) :
		    in_outputs && is_empty_file(b.p);
	}
	closedir(d);
	return empty;
}

int
contract_is_empty(const char *dir)
{
	return is_empty(dir, 1);
}
