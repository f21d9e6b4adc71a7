#include "spec/header.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "data/yaml.h"
#include "spec/task.h"

/*
 * The header is YAML once everything else is blanked: marks become spaces of
 * the same length and other lines empty, so that each byte keeps its place
 * and diagnostics point into the script.
 */

static const char *const marks[] = { "#%", "//%", "--%", ";%" };
static const char *const comments[] = { "#", "//", "--", ";", "/*", "*", "\"",
    "%" };

static struct str
next_line(struct str *rest)
{
	const char *nl = rest->n == 0 ? NULL :
	    memchr(rest->p, '\n', rest->n);
	struct str line = *rest;

	if (nl != NULL)
		line.n = (size_t)(nl - rest->p);
	rest->p += line.n + (nl != NULL);
	rest->n -= line.n + (nl != NULL);
	return line;
}

static struct str
without_blanks(struct str s)
{
	while (s.n > 0 && (*s.p == ' ' || *s.p == '\t')) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && (s.p[s.n - 1] == '\r' || s.p[s.n - 1] == ' ' ||
	    s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/* The mark that the line begins with, or NULL. */
static const char *
mark_of(struct str line)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(marks); i++)
		if (str_starts(line, marks[i]))
			return marks[i];
	return NULL;
}

/* 1 for a line that may stand before or between the marks. */
static int
is_comment(struct str line)
{
	size_t i;

	line = without_blanks(line);
	if (line.n == 0)
		return 1;
	for (i = 0; i < ARRAY_LEN(comments); i++)
		if (str_starts(line, comments[i]))
			return 1;
	return 0;
}

int
spec_is_script(struct str text)
{
	struct str line;

	while (text.n > 0) {
		line = next_line(&text);
		if (mark_of(line) != NULL)
			return 1;
		if (!is_comment(line))
			return 0;
	}
	return 0;
}

/* The script with all but its keys blanked; 0 if it has none. */
static size_t
header_text(struct str text, struct strbuf *ret)
{
	struct str rest = text, line;
	const char *mark;
	size_t keys = 0, n;

	while (rest.n > 0) {
		line = next_line(&rest);
		mark = mark_of(line);
		if (mark == NULL && !is_comment(line))
			break;
		if (mark == NULL) {
			/* a YAML comment of the same length */
			strbuf_adds(ret, line.n > 0 ? "#" : "");
			strbuf_pad(ret, ' ', line.n > 0 ? line.n - 1 : 0);
		} else {
			n = strlen(mark);
			strbuf_pad(ret, ' ', n);
			strbuf_add(ret, line.p + n, line.n - n);
			keys++;
		}
		if (line.p + line.n < text.p + text.n)
			strbuf_addch(ret, '\n');
	}
	return keys;
}

/* The name of the task: that of the file without folder and suffix. */
static struct str
task_name(const char *path)
{
	struct str s = str_of(path);
	const char *slash = strrchr(path, '/'), *dot;

	if (slash != NULL)
		s = str_of(slash + 1);
	dot = memrchr(s.p, '.', s.n);
	if (dot != NULL && dot > s.p)
		s.n = (size_t)(dot - s.p);
	return s;
}

static void
lower(struct file *f, const char *path, struct str text)
{
	struct load *l = &f->l;
	const char *slash = strrchr(path, '/');
	struct task_script script = { slash != NULL ? slash + 1 : path,
	    text };
	struct decl *d;

	d = load_declare(f, ENTITY_TASK, task_name(path), 0, 0);
	d->task = task_lower(l, d->id, 0, &script);
	d->faulty = d->task == NULL;
}

int
header_load(struct file *f, const char *name, struct str text)
{
	struct load *l = &f->l;
	struct spec *s = l->spec;
	struct strbuf b = STRBUF_INIT;
	struct str header;

	s->tree.source = (struct source){ name, text };
	if (text.n > MAX_SPEC_BYTES) {
		shape_fault_at(l, DIAG_TOO_LARGE, (struct span){ 0, 0 },
		    "%zu bytes, and at most %zu are read", text.n,
		    MAX_SPEC_BYTES);
		return -1;
	}
	if (header_text(text, &b) == 0) {
		strbuf_release(&b);
		s->tree.source.text.n = 0;
		shape_fault_at(l, DIAG_EMPTY, (struct span){ 0, 0 },
		    "no header in this script, and it is no spec by its name");
		diag_hint(l->ds, "its leading comment needs lines such as: "
		    "#%% inputs: {n: int}");
		return -1;
	}
	s->text = strbuf_detach(&b, &header.n);
	header.p = s->text;
	if (yaml_parse(name, header, &s->tree, l->ds) < 0)
		l->faults++;
	/* Same places, but the lines as the user knows them. */
	s->tree.source.text = text;
	if (!s->tree.whole)
		return -1;
	lower(f, name, text);
	return 0;
}
