#include "compile/pod.h"

#include <math.h>
#include <strings.h>

#include "base/limits.h"
#include "compile/quantity.h"

#define MAX_LABEL	63	/* RFC 1123 */

enum kind { TEXT, BOOL, INT, QUANTITY, ANY, OBJECT };
enum shape { ONE, LIST, MAP };

struct field {
	const char		*name;
	enum kind		 kind;
	enum shape		 shape;
	const struct field	*in;	/* OBJECT: its fields, or NULL */
};

#define END	{ NULL, ANY, ONE, NULL }

static const struct field f_value_from[] = { END };
static const struct field f_env[] = {
	{ "name", TEXT, ONE, NULL }, { "value", TEXT, ONE, NULL },
	{ "valueFrom", OBJECT, ONE, f_value_from }, END
};
static const struct field f_port[] = {
	{ "name", TEXT, ONE, NULL }, { "hostPort", INT, ONE, NULL },
	{ "containerPort", INT, ONE, NULL }, { "protocol", TEXT, ONE, NULL },
	{ "hostIP", TEXT, ONE, NULL }, END
};
static const struct field f_mount[] = {
	{ "name", TEXT, ONE, NULL }, { "readOnly", BOOL, ONE, NULL },
	{ "mountPath", TEXT, ONE, NULL }, { "subPath", TEXT, ONE, NULL },
	{ "mountPropagation", TEXT, ONE, NULL },
	{ "subPathExpr", TEXT, ONE, NULL }, END
};
static const struct field f_resources[] = {
	{ "limits", QUANTITY, MAP, NULL },
	{ "requests", QUANTITY, MAP, NULL },
	{ "claims", OBJECT, LIST, NULL }, END
};
static const struct field f_container[] = {
	{ "name", TEXT, ONE, NULL }, { "image", TEXT, ONE, NULL },
	{ "command", TEXT, LIST, NULL }, { "args", TEXT, LIST, NULL },
	{ "workingDir", TEXT, ONE, NULL }, { "ports", OBJECT, LIST, f_port },
	{ "envFrom", OBJECT, LIST, NULL }, { "env", OBJECT, LIST, f_env },
	{ "resources", OBJECT, ONE, f_resources },
	{ "volumeMounts", OBJECT, LIST, f_mount },
	{ "volumeDevices", OBJECT, LIST, NULL },
	{ "livenessProbe", OBJECT, ONE, NULL },
	{ "readinessProbe", OBJECT, ONE, NULL },
	{ "startupProbe", OBJECT, ONE, NULL },
	{ "lifecycle", OBJECT, ONE, NULL },
	{ "terminationMessagePath", TEXT, ONE, NULL },
	{ "terminationMessagePolicy", TEXT, ONE, NULL },
	{ "imagePullPolicy", TEXT, ONE, NULL },
	{ "securityContext", OBJECT, ONE, NULL },
	{ "stdin", BOOL, ONE, NULL }, { "stdinOnce", BOOL, ONE, NULL },
	{ "tty", BOOL, ONE, NULL }, { "restartPolicy", TEXT, ONE, NULL }, END
};
static const struct field f_named[] = { { "name", TEXT, ONE, NULL }, END };
static const struct field f_toleration[] = {
	{ "key", TEXT, ONE, NULL }, { "operator", TEXT, ONE, NULL },
	{ "value", TEXT, ONE, NULL }, { "effect", TEXT, ONE, NULL },
	{ "tolerationSeconds", INT, ONE, NULL }, END
};
static const struct field f_alias[] = {
	{ "ip", TEXT, ONE, NULL }, { "hostnames", TEXT, LIST, NULL }, END
};
static const struct field f_pod[] = {
	{ "volumes", OBJECT, LIST, f_named },
	{ "initContainers", OBJECT, LIST, f_container },
	{ "containers", OBJECT, LIST, f_container },
	{ "ephemeralContainers", OBJECT, LIST, f_container },
	{ "restartPolicy", TEXT, ONE, NULL },
	{ "terminationGracePeriodSeconds", INT, ONE, NULL },
	{ "activeDeadlineSeconds", INT, ONE, NULL },
	{ "dnsPolicy", TEXT, ONE, NULL }, { "nodeSelector", TEXT, MAP, NULL },
	{ "serviceAccountName", TEXT, ONE, NULL },
	{ "serviceAccount", TEXT, ONE, NULL },
	{ "automountServiceAccountToken", BOOL, ONE, NULL },
	{ "nodeName", TEXT, ONE, NULL }, { "hostNetwork", BOOL, ONE, NULL },
	{ "hostPID", BOOL, ONE, NULL }, { "hostIPC", BOOL, ONE, NULL },
	{ "shareProcessNamespace", BOOL, ONE, NULL },
	{ "securityContext", OBJECT, ONE, NULL },
	{ "imagePullSecrets", OBJECT, LIST, f_named },
	{ "hostname", TEXT, ONE, NULL }, { "subdomain", TEXT, ONE, NULL },
	{ "affinity", OBJECT, ONE, NULL },
	{ "schedulerName", TEXT, ONE, NULL },
	{ "tolerations", OBJECT, LIST, f_toleration },
	{ "hostAliases", OBJECT, LIST, f_alias },
	{ "priorityClassName", TEXT, ONE, NULL },
	{ "priority", INT, ONE, NULL }, { "dnsConfig", OBJECT, ONE, NULL },
	{ "readinessGates", OBJECT, LIST, NULL },
	{ "runtimeClassName", TEXT, ONE, NULL },
	{ "enableServiceLinks", BOOL, ONE, NULL },
	{ "preemptionPolicy", TEXT, ONE, NULL },
	{ "overhead", QUANTITY, MAP, NULL },
	{ "topologySpreadConstraints", OBJECT, LIST, NULL },
	{ "setHostnameAsFQDN", BOOL, ONE, NULL },
	{ "os", OBJECT, ONE, f_named }, { "hostUsers", BOOL, ONE, NULL },
	{ "schedulingGates", OBJECT, LIST, f_named },
	{ "resourceClaims", OBJECT, LIST, f_named }, END
};

static int check_struct(const pb_struct *, const struct field *,
    struct strbuf *path);

static int
is_null(const pb_value *v)
{
	return v == NULL ||
	    v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_NULL_VALUE ||
	    v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND__NOT_SET;
}

static int
is_quantity(const pb_value *v)
{
	if (v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE)
		return isfinite(v->number_value);
	return v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE &&
	    quantity_ok(v->string_value);
}

/* One value of a kind.  path is the place, cut back by the caller. */
static int
check_one(const pb_value *v, const struct field *f, struct strbuf *path)
{
	static const char *const names[] = {
		"text", "true or false", "a whole number", "a quantity", "",
		"an object",
	};
	int ok = 1;

	if (is_null(v))
		return 0;
	switch ((int)f->kind) {
	case TEXT:
		ok = v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE;
		break;
	case BOOL:
		ok = v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE;
		break;
	case INT:
		ok = v->kind_case ==
		    GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE &&
		    trunc(v->number_value) == v->number_value;
		break;
	case QUANTITY:
		ok = is_quantity(v);
		break;
	case OBJECT:
		if (v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE)
			return f->in == NULL ? 0 :
			    check_struct(v->struct_value, f->in, path);
		ok = 0;
		break;
	case ANY:
	default:
		break;
	}
	if (!ok)
		strbuf_addf(path, ": expected %s", names[f->kind]);
	return ok ? 0 : -1;
}

static int
check_list(const pb_value *v, const struct field *f, struct strbuf *path)
{
	size_t i, n = path->n;

	if (v->kind_case != GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE) {
		strbuf_adds(path, ": expected a list");
		return -1;
	}
	for (i = 0; i < v->list_value->n_values; i++) {
		strbuf_addf(path, "[%zu]", i);
		if (check_one(v->list_value->values[i], f, path) < 0)
			return -1;
		strbuf_setlen(path, n);
	}
	return 0;
}

static int
check_map(const pb_value *v, const struct field *f, struct strbuf *path)
{
	const pb_struct *s;
	size_t i, n = path->n;

	if (v->kind_case != GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE) {
		strbuf_adds(path, ": expected an object");
		return -1;
	}
	s = v->struct_value;
	for (i = 0; i < s->n_fields; i++) {
		strbuf_addf(path, ".%s", s->fields[i]->key);
		if (check_one(s->fields[i]->value, f, path) < 0)
			return -1;
		strbuf_setlen(path, n);
	}
	return 0;
}

/* Go matches the names of fields in any case. */
static const struct field *
find_field(const struct field *f, const char *name)
{
	for (; f->name != NULL; f++)
		if (strcasecmp(f->name, name) == 0)
			return f;
	return NULL;
}

/* The tables nest four deep, so the recursion does too. */
static int
check_struct(const pb_struct *s, const struct field *in, struct strbuf *path)
{
	const struct field *f;
	const pb_value *v;
	size_t i, n = path->n;
	int rc;

	for (i = 0; i < s->n_fields; i++) {
		f = find_field(in, s->fields[i]->key);
		v = s->fields[i]->value;
		if (f == NULL || is_null(v))
			continue;
		strbuf_addf(path, "%s%s", n > 0 ? "." : "", f->name);
		rc = f->shape == LIST ? check_list(v, f, path) :
		    f->shape == MAP ? check_map(v, f, path) :
		    check_one(v, f, path);
		if (rc < 0)
			return -1;
		strbuf_setlen(path, n);
	}
	return 0;
}

int
pod_check(const pb_struct *s, struct strbuf *why)
{
	if (s == NULL) {
		strbuf_adds(why, "there is none");
		return -1;
	}
	return check_struct(s, f_pod, why);
}

static int
is_label(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n > 0 && n <= MAX_LABEL && s[n] == '\0' && s[0] != '-' &&
	    s[n - 1] != '-';
}

static const pb_value *
value_of(const pb_struct *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n_fields; i++)
		if (strcasecmp(s->fields[i]->key, name) == 0)
			return s->fields[i]->value;
	return NULL;
}

int
pod_names_ok(const pb_struct *s, const char **ret_bad)
{
	const pb_value *all = value_of(s, "containers"), *v, *name;
	size_t i;

	if (is_null(all))
		return 1;
	for (i = 0; i < all->list_value->n_values; i++) {
		v = all->list_value->values[i];
		name = is_null(v) ? NULL :
		    value_of(v->struct_value, "name");
		*ret_bad = is_null(name) ? "" : name->string_value;
		if (!is_label(*ret_bad))
			return 0;
	}
	return 1;
}
