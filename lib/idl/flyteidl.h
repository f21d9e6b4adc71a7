#ifndef IDL_FLYTEIDL_H
#define IDL_FLYTEIDL_H

/*
 * The generated flyteidl messages under short names: pb_x_y is
 * flyteidl.core.XY, pb_admin_x_y is flyteidl.admin.XY.  Field names and
 * numbers are those of lib/idl/proto.
 *
 * Messages are built by spec/lower and the reader of the wire, in an arena,
 * and only read elsewhere.  A message obtained from PB_NEW() has been
 * through its init function; so strings are never NULL ("" when unset).
 */

#include "base/arena.h"
#include "flyteidl/admin/common.pb-c.h"
#include "flyteidl/admin/execution.pb-c.h"
#include "flyteidl/admin/launch_plan.pb-c.h"
#include "flyteidl/admin/schedule.pb-c.h"
#include "flyteidl/admin/task.pb-c.h"
#include "flyteidl/admin/workflow.pb-c.h"
#include "flyteidl/core/compiler.pb-c.h"
#include "flyteidl/core/dynamic_job.pb-c.h"
#include "flyteidl/core/errors.pb-c.h"
#include "flyteidl/core/execution.pb-c.h"
#include "flyteidl/core/workflow.pb-c.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/struct.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"

typedef Flyteidl__Core__Blob	pb_blob;
typedef Flyteidl__Core__BlobMetadata	pb_blob_metadata;
typedef Flyteidl__Core__BlobType	pb_blob_type;
typedef Flyteidl__Core__Binary	pb_binary;
typedef Flyteidl__Core__Schema	pb_schema;
typedef Flyteidl__Core__SchemaType	pb_schema_type;
typedef Flyteidl__Core__Union	pb_union;
typedef Flyteidl__Core__StructuredDataset	pb_structured_dataset;
typedef Flyteidl__Core__StructuredDatasetMetadata	pb_structured_dataset_metadata;
typedef Flyteidl__Core__StructuredDatasetType	pb_structured_dataset_type;
typedef Flyteidl__Core__Scalar	pb_scalar;
typedef Flyteidl__Core__Primitive	pb_primitive;
typedef Flyteidl__Core__Void	pb_void;
typedef Flyteidl__Core__Literal	pb_literal;
typedef Flyteidl__Core__LiteralCollection	pb_literal_collection;
typedef Flyteidl__Core__LiteralMap	pb_literal_map;
typedef Flyteidl__Core__LiteralOffloadedMetadata	pb_literal_offloaded_metadata;
typedef Flyteidl__Core__Binding	pb_binding;
typedef Flyteidl__Core__BindingData	pb_binding_data;
typedef Flyteidl__Core__BindingDataCollection	pb_binding_data_collection;
typedef Flyteidl__Core__BindingDataMap	pb_binding_data_map;
typedef Flyteidl__Core__LiteralType	pb_literal_type;
typedef Flyteidl__Core__EnumType	pb_enum_type;
typedef Flyteidl__Core__UnionType	pb_union_type;
typedef Flyteidl__Core__TypeStructure	pb_type_structure;
typedef Flyteidl__Core__TypeAnnotation	pb_type_annotation;
typedef Flyteidl__Core__OutputReference	pb_output_reference;
typedef Flyteidl__Core__PromiseAttribute	pb_promise_attribute;
typedef Flyteidl__Core__Error	pb_error;
typedef Flyteidl__Core__Variable	pb_variable;
typedef Flyteidl__Core__VariableMap	pb_variable_map;
typedef Flyteidl__Core__TypedInterface	pb_typed_interface;
typedef Flyteidl__Core__Parameter	pb_parameter;
typedef Flyteidl__Core__ParameterMap	pb_parameter_map;
typedef Flyteidl__Core__Identifier	pb_identifier;
typedef Flyteidl__Core__WorkflowExecutionIdentifier	pb_workflow_execution_identifier;
typedef Flyteidl__Core__NodeExecutionIdentifier	pb_node_execution_identifier;
typedef Flyteidl__Core__TaskExecutionIdentifier	pb_task_execution_identifier;
typedef Flyteidl__Core__TaskTemplate	pb_task_template;
typedef Flyteidl__Core__TaskMetadata	pb_task_metadata;
typedef Flyteidl__Core__Container	pb_container;
typedef Flyteidl__Core__Resources	pb_resources;
typedef Flyteidl__Core__DataLoadingConfig	pb_data_loading_config;
typedef Flyteidl__Core__RuntimeMetadata	pb_runtime_metadata;
typedef Flyteidl__Core__RetryStrategy	pb_retry_strategy;
typedef Flyteidl__Core__KeyValuePair	pb_key_value_pair;
typedef Flyteidl__Core__Node	pb_node;
typedef Flyteidl__Core__NodeMetadata	pb_node_metadata;
typedef Flyteidl__Core__TaskNode	pb_task_node;
typedef Flyteidl__Core__WorkflowNode	pb_workflow_node;
typedef Flyteidl__Core__BranchNode	pb_branch_node;
typedef Flyteidl__Core__GateNode	pb_gate_node;
typedef Flyteidl__Core__ArrayNode	pb_array_node;
typedef Flyteidl__Core__IfBlock	pb_if_block;
typedef Flyteidl__Core__IfElseBlock	pb_if_else_block;
typedef Flyteidl__Core__BooleanExpression	pb_boolean_expression;
typedef Flyteidl__Core__ComparisonExpression	pb_comparison_expression;
typedef Flyteidl__Core__ConjunctionExpression	pb_conjunction_expression;
typedef Flyteidl__Core__Operand	pb_operand;
typedef Flyteidl__Core__Alias	pb_alias;
typedef Flyteidl__Core__WorkflowTemplate	pb_workflow_template;
typedef Flyteidl__Core__WorkflowMetadata	pb_workflow_metadata;
typedef Flyteidl__Core__WorkflowMetadataDefaults	pb_workflow_metadata_defaults;
typedef Flyteidl__Core__LaunchPlanTemplate	pb_launch_plan_template;
typedef Flyteidl__Core__CompiledWorkflow	pb_compiled_workflow;
typedef Flyteidl__Core__CompiledTask	pb_compiled_task;
typedef Flyteidl__Core__CompiledLaunchPlan	pb_compiled_launch_plan;
typedef Flyteidl__Core__CompiledWorkflowClosure	pb_compiled_workflow_closure;
typedef Flyteidl__Core__ConnectionSet	pb_connection_set;
typedef Flyteidl__Core__DynamicJobSpec	pb_dynamic_job_spec;
typedef Flyteidl__Core__ExecutionError	pb_execution_error;
typedef Flyteidl__Core__ContainerError	pb_container_error;
typedef Flyteidl__Core__ErrorDocument	pb_error_document;
typedef Flyteidl__Admin__Task	pb_admin_task;
typedef Flyteidl__Admin__TaskSpec	pb_admin_task_spec;
typedef Flyteidl__Admin__TaskClosure	pb_admin_task_closure;
typedef Flyteidl__Admin__Workflow	pb_admin_workflow;
typedef Flyteidl__Admin__WorkflowSpec	pb_admin_workflow_spec;
typedef Flyteidl__Admin__WorkflowClosure	pb_admin_workflow_closure;
typedef Flyteidl__Admin__LaunchPlan	pb_admin_launch_plan;
typedef Flyteidl__Admin__LaunchPlanSpec	pb_admin_launch_plan_spec;
typedef Flyteidl__Admin__LaunchPlanClosure	pb_admin_launch_plan_closure;
typedef Flyteidl__Admin__LaunchPlanMetadata	pb_admin_launch_plan_metadata;
typedef Flyteidl__Admin__Schedule	pb_admin_schedule;
typedef Google__Protobuf__Struct	pb_struct;
typedef Google__Protobuf__Value	pb_value;
typedef Google__Protobuf__ListValue	pb_list_value;
typedef Google__Protobuf__Timestamp	pb_timestamp;
typedef Google__Protobuf__Duration	pb_duration;

/*
 * A new empty message in the arena, named by its generated functions:
 *	pb_literal *l = PB_NEW(a, flyteidl__core__literal);
 */
#define PB_NEW(a, prefix)	__extension__ ({			\
	__typeof__(((prefix##__unpack)(NULL, 0, NULL))) pb_ =		\
	    arena_alloc((a), sizeof(*pb_));				\
	prefix##__init(pb_);						\
	pb_;								\
})

#endif
