#ifndef PACK_PACKAGE_H
#define PACK_PACKAGE_H

/*
 * A package: entities in files NN_name_K.pb of a .tgz, as pyflyte writes and
 * flytectl reads them, and perhaps a code archive fast<md5>.tar.gz.
 *
 * This half knows the members; pack/tar.h knows archives and is linked only
 * into libexec/flyte/pack, a program of its own that stands between foreign
 * bytes and the tools.  pack/frame.h is what the two say to each other.
 */

#include "base/map.h"
#include "idl/entity.h"

/* One entity of a package, and where it came from. */
struct package_entity {
	struct entity	 entity;
	const char	*member;	/* name of its file */
};

struct package {
	struct package_entity *at;
	size_t		 n, cap;
	const char	*code;		/* name of the code archive, or NULL */
	uint64_t	 code_size;	/* bytes of it */
	const char	*code_path;	/* where it was put, or NULL */
};

/*
 * Puts a package together, member by member in any order.
 *
 * package_add takes a member: an entity is unpacked into the arena, equal
 * duplicates of one id are taken once.  ERR_SPEC, with the member's name in
 * front, for what is not a member of a package, for bytes that do not decode
 * and for a second entity of one id with other content.
 *
 * package_end sorts by the members' names, which is the order in which they
 * must be registered; ERR_SPEC if there is no entity at all.
 */
struct package_reader {
	struct package	*package;
	struct arena	*arena;
	struct map	 ids;		/* private: id to index */
};
void	package_reader_init(struct package_reader *, struct package *,
	    struct arena *);
void	package_reader_release(struct package_reader *);
int	package_add(struct package_reader *, const char *member,
	    struct str bytes, struct err *) must_check;
int	package_end(struct package_reader *, struct err *) must_check;

/*
 * Reads a package file, or a folder of .pb files, through the helper.  The
 * entities live in the arena.  With a code_dir the code archive is put
 * there.  ERR_MISSING if there is no such file; ERR_SPEC for whatever is
 * wrong with its content: not an archive, truncated, members that point
 * outside, a bomb, no entity.
 */
int	package_read(const char *helper, const char *path,
	    const char *code_dir, struct arena *, struct package *ret,
	    struct err *) must_check;

/*
 * Writes one: the same entities and code give the same bytes, whoever packs
 * them, where and when.  The entities are given in the order in which they
 * are to be registered.  mtime: seconds, of every member (SOURCE_DATE_EPOCH;
 * 0 by default).  code_path: the code archive to put in, or NULL; its name is
 * kept.  Published by rename.
 */
int	package_write(const char *helper, const char *path,
	    const struct entity *at, size_t n, const char *code_path,
	    int64_t mtime, struct err *) must_check;

/* NN_name_K.pb: the index has as many digits as pyflyte gives n members. */
void	package_member_name(struct strbuf *, size_t index, size_t n,
	    const struct entity *);
/* sha256 over kinds and canonical bytes: equal for equal entities. */
void	package_digest(const struct entity *at, size_t n, struct str code_name,
	    struct strbuf *hex);

#endif
