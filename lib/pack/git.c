/* First, since it has a field called like a function banned.h forbids. */
#include <git2.h>

#include "pack/git.h"

#include <sys/stat.h>

#include <stdio.h>

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

/* 1 if the file is in the tree as it is on the disk, 0 if not. */
static int
as_committed(git_repository *repo, git_tree *tree, const char *path)
{
	c_tree_entry git_tree_entry *entry = NULL;
	const char *top = git_repository_workdir(repo);
	c_free char *real = realpath(path, NULL);
	c_free char *real_top = realpath(top, NULL);
	struct stat st;
	git_oid oid;
	size_t n;

	if (real == NULL || real_top == NULL || stat(real, &st) < 0)
		return 0;
	n = strlen(real_top);
	if (strncmp(real, real_top, n) != 0 || real[n] != '/')
		return 0;
	if (git_tree_entry_bypath(&entry, tree, real + n + 1) != 0)
		return 0;
	if (((git_tree_entry_filemode(entry) & 0111) != 0) !=
	    ((st.st_mode & 0100) != 0))
		return 0;
	if (git_repository_hashfile(&oid, repo, real + n + 1,
	    GIT_OBJECT_BLOB, NULL) != 0)
		return 0;
	return git_oid_equal(&oid, git_tree_entry_id(entry));
}

static int
look(git_repository *repo, const char *const *paths, size_t n,
    struct vcs *ret)
{
	c_object git_object *head = NULL, *tree = NULL;
	size_t i;
	int code;

	code = git_revparse_single(&head, repo, "HEAD^{commit}");
	if (code == GIT_ENOTFOUND || code == GIT_EUNBORNBRANCH)
		return 0;
	if (code != 0 || git_object_peel(&tree, head, GIT_OBJECT_TREE) != 0)
		return refuse(ret, git_reason());
	git_oid_tostr(ret->commit, sizeof(ret->commit), git_object_id(head));
	ret->state = VCS_CLEAN;
	for (i = 0; i < n && ret->state == VCS_CLEAN; i++)
		if (!as_committed(repo, (git_tree *)tree, paths[i]))
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
