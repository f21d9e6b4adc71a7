#include "pack/helper.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/arena.h"
#include "sys/file.h"

int
helper_start(struct helper *h, const char *path, const char *const *args,
    int in, int out, struct err *e)
{
	static char env_path[] = "PATH=/usr/bin:/bin", env_lang[] = "LC_ALL=C";
	char *env[] = { env_path, env_lang, NULL, NULL };
	c_strbuf struct strbuf home = STRBUF_INIT;
	char *argv[HELPER_ARGS + 2];
	struct spawn s = { .path = path, .argv = argv, .envp = env,
		.in = in, .flags = SPAWN_FOREGROUND };
	c_close int from = -1;
	c_close int to = -1;
	c_arena struct arena a = ARENA_INIT;
	int fds[2], n = 0;

	argv[n++] = arena_strdup(&a, path);
	for (; *args != NULL; args++) {
		if (n > HELPER_ARGS)
			BUG("more than %d words for %s", HELPER_ARGS, path);
		argv[n++] = arena_strdup(&a, *args);
	}
	argv[n] = NULL;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	from = fds[0];
	to = fds[1];
	s.out = out < 0 ? to : out;
	s.err = out < 0 ? STDERR_FILENO : to;
	if (h->home != NULL) {
		strbuf_addf(&home, "HOME=%s", h->home);
		env[2] = home.p;
	}
	h->path = path;
	if (proc_start(&s, &h->proc, e) < 0)
		return -1;
	h->answer = fdopen(TAKE(from, -1), "r");
	if (h->answer == NULL)
		BUG("fdopen");
	return 0;
}

int
helper_end(struct helper *h, struct err *e)
{
	struct proc_end end;

	fclose(TAKE(h->answer, NULL));
	if (proc_reap(&h->proc, &end, e) < 0)
		return -1;
	if (end.code != 0)
		return err_set(e, ERR_SYS, "%s ended with status %d", h->path,
		    end.code);
	return 0;
}

void
helper_abort(struct helper *h)
{
	struct proc_end end;
	struct err e;

	if (h->answer != NULL)
		fclose(TAKE(h->answer, NULL));
	if (h->proc.pid == 0)
		return;
	proc_signal(&h->proc, SIGKILL);
	if (proc_reap(&h->proc, &end, &e) < 0)
		return;		/* not ours any more */
}
