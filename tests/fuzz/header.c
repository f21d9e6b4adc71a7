#include "spec/spec.h"

/* A script with a header: as yaml.c, and all places lie in the script. */

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str text = { (const char *)data, n };
	struct spec_options opt = { .form = SPEC_SCRIPT, .project = "p",
	    .domain = "d", .version = "v" };
	c_arena struct arena a = ARENA_INIT;
	struct diags ds = DIAGS_INIT;
	struct strbuf out = STRBUF_INIT;
	struct spec spec;
	size_t i;
	int r;

	r = spec_load("dir/fuzz.sh", text, &opt, &a, &spec, &ds);
	if ((r < 0) != (ds.n > 0))
		BUG("status and diagnostics disagree");
	if (r == 0 && !spec_is_script(text))
		BUG("read a header that is not there");
	for (i = 0; i < ds.n; i++)
		if (ds.at[i].span.from > n || ds.at[i].span.to > n)
			BUG("a place outside the script");
	diags_print(&ds, &out);
	strbuf_release(&out);
	diags_release(&ds);
	spec_release(&spec);
	return 0;
}
