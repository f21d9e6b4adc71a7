#include "record/color.h"

static const char *
color_of(const char *word)
{
	static const struct {
		const char	*word, *color;
	} colors[] = {
		{ "succeeded", "32" }, { "done", "32" }, { "reused", "36" },
		{ "recovered", "36" }, { "failed", "31" },
		{ "timed out", "31" }, { "aborted", "33" },
		{ "stopped", "33" }, { "interrupted", "33" },
		{ "running", "34" }, { "waiting", "35" },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(colors); i++)
		if (strcmp(word, colors[i].word) == 0)
			return colors[i].color;
	return "2";
}

void
color_add_word(struct strbuf *b, const char *word, int color)
{
	if (color)
		strbuf_addf(b, "\x1b[%sm%s\x1b[0m", color_of(word), word);
	else
		strbuf_adds(b, word);
}
