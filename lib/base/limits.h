#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/*
 * Every bound on what comes from outside, with its reason.  Over a bound is
 * an ordinary error that names it.
 */

/* Bytes of one spec, JSON document or header: far above any written by hand,
 * and a generated one of 100,000 nodes still fits. */
#define MAX_SPEC_BYTES		((size_t)64 * 1024 * 1024)
/* Nesting of brackets in YAML, JSON and types: recursion-free readers could
 * go on, but nothing sensible is deeper. */
#define MAX_DEPTH		100
/* Scalars, lists and maps of one document: five times what a workflow of
 * 100,000 nodes has, and at 48 bytes each a bound on memory. */
#define MAX_TREE_NODES		((size_t)8 * 1024 * 1024)
/* Values made by expanding YAML aliases, over the whole document. */
#define MAX_ALIAS_NODES		((size_t)100000)
/* Bytes of one protobuf message: the largest closure we write (10^5 nodes)
 * is a tenth of it. */
#define MAX_MESSAGE_BYTES	((size_t)256 * 1024 * 1024)
/* Nesting of protobuf messages: the default of protobuf's own C++ and Java
 * readers. */
#define MAX_MESSAGE_DEPTH	100
/* Bytes of one jq expression: a hundred pages of it. */
#define MAX_JQ_BYTES		((size_t)256 * 1024)
/* Memory that a jq expression may take: inside of a program at once, and in a
 * process of its own in all. */
#define MAX_JQ_GROWTH		((size_t)256 * 1024 * 1024)
#define MAX_JQ_MEMORY		((size_t)2 * 1024 * 1024 * 1024)
/* Memory of one unpacked message: two bytes can stand for an empty message of
 * hundreds, so a small file could otherwise ask for all there is. */
#define MAX_MESSAGE_MEMORY	((size_t)2 * 1024 * 1024 * 1024)
/* Elements of arrays and maps that are copied because a message comes in
 * pieces (readers must merge them, no writer makes them): a file of many small
 * pieces would cost the square of its size. */
#define MAX_MESSAGE_MERGED	((size_t)4 * 1024 * 1024)
/* Times one sub-workflow with branches is compiled: once for each way from
 * the top to it, and each time the ids of its branches' children grow. */
#define MAX_SUB_RUNS		1000
/* Nodes compiled again because of that, in all. */
#define MAX_SUB_RUN_NODES	((size_t)1000000)
/* Bytes of flytekit's serialization settings, unpacked: a few KB in life. */
#define MAX_SETTINGS_BYTES	((size_t)1024 * 1024)
/* Lines and bytes of a value in the difference of two messages. */
#define MAX_DIFF_LINES		100
#define MAX_DIFF_VALUE		160
/* Nodes of one plan: ten times the largest workflow measured. */
#define MAX_PLAN_NODES		((size_t)1000000)
/* Frames inside one another at run time: sub-workflows and dynamic graphs.
 * The walk recurses once for each. */
#define MAX_FRAME_DEPTH		128
/* Elements of one map. */
#define MAX_MAP_ELEMENTS	((uint32_t)16 * 1024 * 1024)
/* Diagnostics shown for one spec; the rest are counted. */
#define MAX_DIAGS		50
/* Bytes of a name of a task, node, variable, project or domain. */
#define MAX_NAME		1024
/* Names and versions longer than this, percent-encoded, are hashed on disk:
 * both and what is between them fit NAME_MAX. */
#define MAX_FILE_NAME		140
#define MAX_FILE_VERSION	100
/* Retries of a task: flytekit takes no more than ten; a loop that never ends
 * is a mistake. */
#define MAX_RETRIES		1000
/* Rules of one task for retries: there are six causes, and statuses. */
#define MAX_RETRY_RULES		32
/* Members and unpacked bytes of a package or code archive. */
#define MAX_PACK_MEMBERS	((size_t)1000000)
#define MAX_PACK_BYTES		((uint64_t)16 * 1024 * 1024 * 1024)
/* Unpacked bytes per packed byte, beyond the first 16 MiB: gzip's own limit
 * is 1032, so only a bomb comes near. */
#define MAX_PACK_RATIO		1000
/* Bytes of a member's path: PATH_MAX without its NUL. */
#define MAX_PATH_BYTES		4095
/* Bytes of all entities of a package: they are held in memory; those of
 * 7,000 workflows are a fiftieth of it. */
#define MAX_PACK_ENTITY_BYTES	((uint64_t)1024 * 1024 * 1024)
/* Bytes of one journal line. */
#define MAX_JOURNAL_LINE	((size_t)64 * 1024 * 1024)
/* Bytes of one primitive output: larger data belongs in a file. */
#define MAX_VALUE_BYTES		((size_t)16 * 1024 * 1024)
/* Bytes of one environment value: Linux refuses an exec with a longer one
 * (MAX_ARG_STRLEN). */
#define MAX_ENV_VALUE		((size_t)128 * 1024 - 1)
/* Depth and entries of a directory tree that is walked, copied or stored. */
#define MAX_TREE_DEPTH		256
#define MAX_TREE_ENTRIES	((size_t)10000000)
/* Bytes of one entry's outputs kept in the catalog itself; more go to a
 * blob, so that a scan of the catalog stays short. */
#define MAX_INLINE_OUTPUTS	((size_t)16 * 1024)
/* Bytes of one input kept in a cache key's pre-image; longer ones are kept
 * as their digest. */
#define MAX_PREIMAGE_VALUE	((size_t)512)
/* Bytes of one listing (of a folder, ten thousand members) that is kept for
 * explanations, and of all that are: a small part of what results take. */
#define MAX_LISTING_BYTES	((size_t)1024 * 1024)
#define MAX_LISTINGS_BYTES	((uint64_t)64 * 1024 * 1024)
/* Bytes of config.yaml: it holds a handful of keys. */
#define MAX_CONFIG_BYTES	((size_t)1024 * 1024)

/* Nesting of a type that is written down: a list takes two levels of the
 * literal's message, a map or a union three, and what holds it some more. */
#define MAX_TYPE_DEPTH		24
/* Values of an enum and variants of a union: each is compared with all. */
#define MAX_TYPE_CHOICES	1000

/* Executions that launch one another: a plan that launches itself for ever is
 * stopped here. */
#define MAX_LAUNCH_NESTING	50
/* Folders that an output took the place of, kept beside it: a hundred that
 * nobody looks at are a mistake that goes on. */
#define MAX_ASIDE		100u

#endif
