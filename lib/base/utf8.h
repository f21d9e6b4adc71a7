#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/strbuf.h"

/* 1 if all of it is well-formed UTF-8 (no surrogates, no overlong forms). */
int	utf8_valid(struct str s);
/* Offset of the first byte that is not, or s.n. */
size_t	utf8_bad_at(struct str s);
/* Appends the code point cp, which must be valid. */
void	utf8_add(struct strbuf *, uint32_t cp);
/*
 * Appends s made safe for a terminal: control bytes and bad UTF-8 become
 * "?", tabs a space.
 */
void	utf8_add_shown(struct strbuf *, struct str s);
/*
 * What somebody gave, for a message: shown so, cut, and in quotes that are not
 * in it: "no", but '"no"'; with both kinds in it "\"it's\"".
 */
void	utf8_add_given(struct strbuf *, struct str s);
/* The same, put into the buffer; it. */
#define UTF8_GIVEN	132
const char *utf8_given(char buf[UTF8_GIVEN], struct str s);
#define GIVEN(text)	utf8_given((char[UTF8_GIVEN]){ "" }, str_of(text))
/* All lines of a text, each shown so and behind the indent. */
void	utf8_add_lines(struct strbuf *, const char *indent, struct str text);

#endif
