#ifndef REGISTER_TEXT_H
#define REGISTER_TEXT_H

/* Between the text*.c: entities as text for people. */

#include "register.h"

/* "  key   text" with the text in a column, control bytes shown. */
void	text_add_line(struct strbuf *, int depth, const char *key,
	    const char *fmt, ...) printf_like(4, 5);
void	text_add_duration(struct strbuf *, const pb_duration *);
/* Inputs and outputs; NULL has none. */
void	text_add_interface(struct strbuf *, const pb_typed_interface *);
/* "$a.n > 1 and ($b.o == \"x\" or ...)"; as deep as messages are. */
void	text_add_condition(struct strbuf *, const pb_boolean_expression *);
void	text_add_task(struct strbuf *, const pb_task_template *);

#endif
