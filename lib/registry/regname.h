#ifndef REGISTRY_REGNAME_H
#define REGISTRY_REGNAME_H

/*
 * Names of files in the file registry.  Letters, digits and "._-" (no "." in
 * front) stand for themselves, every other byte is %xx; a text that becomes
 * too long is "~" and its SHA-256 in hex.  So "@" and "~" never come out of
 * a name, and what begins with "." is never an entity.
 *
 *	PROJECT/DOMAIN/KIND/NAME@VERSION	an entity
 *	PROJECT/DOMAIN/KIND/NAME@		the newest version, once more
 *	PROJECT/DOMAIN/launch_plan/NAME@@active	the active version, once more
 *
 * The latter two are hard links: a tenth of the price of symbolic ones.
 */

#include "idl/entity.h"

/* Appends a text as part of a file name of at most max bytes. */
void	regname_add(struct strbuf *, const char *text, size_t max);
/* 0 and the text a part stands for, or -1 if it does not tell (hashed). */
int	regname_parse(struct str part, struct strbuf *ret);

/* PROJECT/DOMAIN/KIND, without a final slash. */
void	regname_add_folder(struct strbuf *, const struct entity_id *);
/* The folder and NAME@VERSION. */
void	regname_add_path(struct strbuf *, const struct entity_id *);
/* NAME@VERSION, NAME@ and NAME@@active alone. */
void	regname_add_file(struct strbuf *, const struct entity_id *);
void	regname_add_newest(struct strbuf *, const struct entity_id *);
void	regname_add_active(struct strbuf *, const struct entity_id *);

#endif
