#ifndef SPEC_NODE_H
#define SPEC_NODE_H

/* The nodes of a workflow: read first, lowered when what they run is. */

#include "spec/workflow.h"

/* Reads the keys at at and finds what the node runs. */
void	node_read(struct workflow *, struct node *, uint32_t at);
/* Makes the message; node->pb is NULL if it has a fault. */
void	node_lower(struct workflow *, struct node *);
/* 1 if every node it refers to has its place in the template. */
int	node_refs_placed(const struct node *);

/* ---- kinds in files of their own ---------------------------------------- */

/* As node_read and node_lower; the outputs as spec_node_outputs. */
void	switch_read(struct workflow *, struct node *);
void	switch_lower(struct workflow *, struct node *);
void	gate_lower(struct workflow *, struct node *);
void	mapnode_read(struct workflow *, struct node *);
void	mapnode_lower(struct workflow *, struct node *);
const pb_variable_map *switch_outputs(struct workflow *, struct node *);
const pb_variable_map *gate_outputs(struct workflow *, struct node *);
pb_variable_map *mapnode_outputs(struct workflow *, struct node *);

/* The target oneof, id and metadata for what a task, workflow or launch plan
 * node runs. */
void	node_set_target(struct workflow *, struct node *);
void	node_set_metadata(struct workflow *, struct node *);
/* Notes that n refers to another node of the workflow. */
void	node_add_ref(struct workflow *, struct node *n, struct node *to);

#endif
