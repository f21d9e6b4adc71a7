/* First, since it has a field called like a function banned.h forbids. */
#include <git2.h>

#include "pack/git.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>

#include "sys/file.h"

#define c_repository	cleanup(repository_freep)
#define c_tree_entry	cleanup(tree_entry_freep)
#define c_object	cleanup(object_freep)

static void
repository_freep(git_repository **p)
{
	git_repository_free(*p);
}

static void
tree_entry_freep(git_tree_entry **p)
{
	git_tree_entry_free(*p);
}

static void
object_freep(git_object **p)
{
	git_object_free(*p);
}

static const char *
git_reason(void)
{
	const git_error *last = git_error_last();

	return last == NULL || last->message == NULL ? "no reason given" :
	    last->message;
}

static int
refuse(struct vcs *ret, const char *why)
{
	ret->state = VCS_REFUSED;
	snprintf(ret->note, sizeof(ret->note), "%s", why);
	return 0;
}

/*
 * 1 if there is a repository all the same: where the owner is another and
 * there is no configuration of the user to allow it in, libgit2 1.5 calls it
 * not found.
 */
static int
is_there(const char *dir)
{
	git_buf found = GIT_BUF_INIT;
	int code = git_repository_discover(&found, dir, 0, NULL);

	git_buf_dispose(&found);
	return code == 0;
}

struct looking {
	git_repository	*repo;
	git_tree	*tree;		/* of HEAD */
	const char	*folder;	/* in the work tree; of a walk */
	size_t		 files;		/* of the folder that are as in HEAD */
	int		 differs;
};

/* 1 if the file at this place in the work tree is as it is in the tree. */
static int
file_as_committed(const struct looking *l, const char *path, mode_t mode)
{
	c_tree_entry git_tree_entry *entry = NULL;
	git_oid oid;

	if (!S_ISREG(mode) ||
	    git_tree_entry_bypath(&entry, l->tree, path) != 0)
		return 0;
	if (((git_tree_entry_filemode(entry) & 0111) != 0) !=
	    ((mode & 0100) != 0))
		return 0;
	if (git_repository_hashfile(&oid, l->repo, path, GIT_OBJECT_BLOB,
	    NULL) != 0)
		return 0;
	return git_oid_equal(&oid, git_tree_entry_id(entry));
}

static int
visit(void *arg, const struct walk_entry *w, struct err *e)
{
	struct looking *l = arg;
	c_strbuf struct strbuf path = STRBUF_INIT;

	(void)e;
	if (S_ISDIR(w->st->st_mode))
		return 0;
	strbuf_addf(&path, "%s/%s", l->folder, w->path);
	if (file_as_committed(l, path.p, w->st->st_mode))
		l->files++;
	else
		l->differs = 1;
	return 0;
}

static int
count(const char *root, const git_tree_entry *entry, void *n)
{
	(void)root;
	if (git_tree_entry_type(entry) != GIT_OBJECT_TREE)
		++*(size_t *)n;
	return 0;
}

/* A folder: each file in it, and no other in HEAD. */
static int
folder_as_committed(struct looking *l, const char *path, const char *real)
{
	c_tree_entry git_tree_entry *entry = NULL;
	c_object git_object *tree = NULL;
	size_t n = 0;
	struct err e;

	if (git_tree_entry_bypath(&entry, l->tree, path) != 0 ||
	    git_tree_entry_to_object(&tree, l->repo, entry) != 0 ||
	    git_object_type(tree) != GIT_OBJECT_TREE)
		return 0;
	l->folder = path;
	l->files = 0;
	l->differs = 0;
	if (file_walk(AT_FDCWD, real, visit, l, &e) < 0 || l->differs)
		return 0;
	return git_tree_walk((git_tree *)tree, GIT_TREEWALK_PRE, count,
	    &n) == 0 && n == l->files;
}

static int
as_committed(struct looking *l, const char *path)
{
	c_free char *real = realpath(path, NULL);
	c_free char *top = realpath(git_repository_workdir(l->repo), NULL);
	struct stat st;
	size_t n;

	if (real == NULL || top == NULL || stat(real, &st) < 0)
		return 0;
	n = strlen(top);
	if (strncmp(real, top, n) != 0 || real[n] != '/')
		return 0;
	if (S_ISDIR(st.st_mode))
		return folder_as_committed(l, real + n + 1, real);
	return file_as_committed(l, real + n + 1, st.st_mode);
}

static int
look(git_repository *repo, const char *const *paths, size_t n,
    struct vcs *ret)
{
	c_object git_object *head = NULL, *tree = NULL;
	struct looking l = { .repo = repo };
	size_t i;
	int code;

	code = git_revparse_single(&head, repo, "HEAD^{commit}");
	if (code == GIT_ENOTFOUND || code == GIT_EUNBORNBRANCH)
		return 0;
	if (code != 0 || git_object_peel(&tree, head, GIT_OBJECT_TREE) != 0)
		return refuse(ret, git_reason());
	git_oid_tostr(ret->commit, sizeof(ret->commit), git_object_id(head));
	ret->state = VCS_CLEAN;
	l.tree = (git_tree *)tree;
	for (i = 0; i < n && ret->state == VCS_CLEAN; i++)
		if (!as_committed(&l, paths[i]))
			ret->state = VCS_DIRTY;
	return 0;
}

static int
open_and_look(const char *const *paths, size_t n, struct vcs *ret)
{
	c_repository git_repository *repo = NULL;
	c_free char *real = realpath(paths[0], NULL);
	char *slash;
	int code;

	if (real == NULL || (slash = strrchr(real, '/')) == NULL)
		return 0;
	slash[slash == real] = '\0';
	code = git_repository_open_ext(&repo, real, 0, NULL);
	if (code == GIT_ENOTFOUND)
		return !is_there(real) ? 0 : refuse(ret, "the repository "
		    "belongs to another user (git config --global "
		    "safe.directory allows it)");
	if (code != 0)
		return refuse(ret, git_reason());
	if (git_repository_is_bare(repo))
		return 0;
	return look(repo, paths, n, ret);
}

int
git_state(const char *const *paths, size_t n, struct vcs *ret, struct err *e)
{
	int code;

	*ret = (struct vcs){ .state = VCS_NONE };
	if (n == 0)
		return 0;
	if (git_libgit2_init() < 0)
		return err_set(e, ERR_SYS, "libgit2: %s", git_reason());
	code = open_and_look(paths, n, ret);
	git_libgit2_shutdown();
	return code;
}
