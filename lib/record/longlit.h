#ifndef RECORD_LONGLIT_H
#define RECORD_LONGLIT_H

/*
 * Long literals of an execution lie beside its journal, each once, however
 * many records name it: DIR/literals/HEX is the canonical bytes of a
 * core.Literal, blob: URIs without a place, and HEX their SHA-256.  In a
 * literal map of a record {"@": "HEX"} stands for it.  The same goes for
 * other messages of a record, such as the graph that a dynamic task wrote.
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/strbuf.h"

/* Literals of more bytes than this are long. */
#define LONGLIT_BYTES	((size_t)16 * 1024)
#define LONGLIT_HEX	65	/* with its NUL */
#define LONGLIT_FOLDER	"literals"

/* Gives another execution those of one, as links or copies. */
int	longlit_share(const char *from_dir, const char *to_dir,
	    struct err *) must_check;

/*
 * Appends the JSON of a literal map of a record, canonical and with blob:
 * URIs without a place; long ones are put into the folder (dir NULL: none is
 * long).
 */
int	longlit_add_map(struct strbuf *, const char *dir, struct str map,
	    int sync, struct err *) must_check;
/*
 * The other way: to canonical bytes, with what is named read from the folder
 * and checked.  ERR_CORRUPT if it is not there or damaged.
 */
int	longlit_read_map(const char *dir, struct str json, struct strbuf *ret,
	    struct err *) must_check;

/* Appends what stands for a message, which is put into the folder. */
int	longlit_add(struct strbuf *, const char *dir, struct str message,
	    int sync, struct err *) must_check;
/* 1: json stands for a message, which was read and checked; 0: it does not;
 * -1: ERR_CORRUPT. */
int	longlit_read(const char *dir, struct str json, struct strbuf *ret,
	    struct err *) must_check;

#endif
