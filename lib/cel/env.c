/* SPDX-License-Identifier: MIT */
/*
 * Environments: variables, records, functions, extensions. Built once, read only afterwards.
 *
 * The language's own functions come from tables of rows with letter signatures (cel_internal.h explains them).
 */
#include "cel_internal.h"

struct cel_env *cel_env_new(void)
{
	struct wn_arena *a = wn_arena_new(0);
	struct cel_env *env = WN_NEW(a, struct cel_env);

	env->arena = a;
	cel_env_table(env, cel_rows_operators, 0);
	cel_env_table(env, cel_rows_convert, 0);
	cel_env_table(env, cel_rows_string, 0);
	cel_env_table(env, cel_rows_time, 0);
	return env;
}

void cel_env_free(struct cel_env *env)
{
	if (env)
		wn_arena_free(env->arena);
}

/* --- types ------------------------------------------------------------------------------------------- */
const struct cel_type *cel_env_list(struct cel_env *env, const struct cel_type *elem) { return cel_type_list(env->arena, elem); }
const struct cel_type *cel_env_optional(struct cel_env *env, const struct cel_type *elem) { return cel_type_optional(env->arena, elem); }
const struct cel_type *cel_env_map(struct cel_env *env, const struct cel_type *key, const struct cel_type *value)
{
	return cel_type_map(env->arena, key, value);
}

const struct cel_type *cel_env_record(struct cel_env *env, const struct cel_record *record)
{
	struct cel_type *t = WN_NEW(env->arena, struct cel_type);

	t->kind = CEL_RECORD;
	t->record = record;
	*WN_PUSH(env->arena, &env->records) = record;
	return t;
}

/* --- variables --------------------------------------------------------------------------------------- */
static int add_variable(struct cel_env *env, const char *name, const struct cel_type *type, bool moving)
{
	env->dotted |= strchr(name, '.') != NULL;
	*WN_PUSH(env->arena, &env->variables) = (struct cel_variable){wn_str_of(name), type, moving};
	return (int)env->variables.n - 1;
}

int cel_env_variable(struct cel_env *env, const char *name, const struct cel_type *type)
{
	return add_variable(env, name, type, false);
}

int cel_env_moving_variable(struct cel_env *env, const char *name, const struct cel_type *type)
{
	return add_variable(env, name, type, true);
}

void cel_env_container(struct cel_env *env, const char *container) { env->container = wn_str_of(container); }

/* --- functions --------------------------------------------------------------------------------------- */
static uint32_t bucket_of(struct wn_str name)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < name.n; i++)
		h = (h ^ (unsigned char)name.p[i]) * 16777619u;
	return h % FN_BUCKETS;
}

const struct cel_fn *cel_env_find(const struct cel_env *env, struct wn_str name)
{
	for (const struct cel_fn *f = env->functions[bucket_of(name)]; f; f = f->next)
		if (wn_str_eq(f->name, name))
			return f;
	return NULL;
}

static struct cel_fn *function_of(struct cel_env *env, struct wn_str name)
{
	struct cel_fn **head = &env->functions[bucket_of(name)], *f;

	for (f = *head; f; f = f->next)
		if (wn_str_eq(f->name, name))
			return f;
	f = WN_NEW(env->arena, struct cel_fn);
	f->name = name;
	f->next = *head;
	return *head = f;
}

static bool same_arguments(const struct cel_fn_overload *a, const struct cel_fn_overload *b)
{
	if (a->receiver != b->receiver || a->n_args != b->n_args)
		return false;
	for (uint32_t i = 0; i < a->n_args; i++)
		if (!cel_type_equal(a->args[i], b->args[i]))
			return false;
	return true;
}

/* Types of two kinds neither of which stands for others never fit: most overloads of an operator are left at a glance. */
static bool may_fit(size_t have, size_t want)
{
	static const uint32_t stands_for_others = 1u << CEL_DYN | 1u << CEL_NULL | 1u << CEL_PARAM | 1u << CEL_ERROR;

	return have == want || ((1u << have | 1u << want) & stands_for_others);
}

static void note_kinds(struct cel_fn *f, const struct cel_fn_overload *o, size_t number)
{
	for (uint32_t i = 0; i < MASKED_ARGS; i++)
		for (size_t kind = 0; kind < CEL_KINDS; kind++)
			if (i >= o->n_args || may_fit(kind, o->args[i]->kind))
				f->may_take[i][kind] |= UINT64_C(1) << (number < 63 ? number : 63);
}

/* A host's overload stands in for one of ours with the same arguments; ours never for a host's. */
static void add_overload(struct cel_env *env, struct cel_fn *f, struct cel_fn_overload *o)
{
	o->n_params = o->result_params = cel_type_params(o->result);
	for (uint32_t i = 0; i < o->n_args; i++) {
		int n = cel_type_params(o->args[i]);

		o->n_params = n > o->n_params ? n : o->n_params;
	}
	for (size_t i = 0; i < f->overloads.n; i++)
		if (same_arguments(f->overloads.v[i], o)) {
			if (o->host || !f->overloads.v[i]->host)
				f->overloads.v[i] = o;
			return;
		}
	note_kinds(f, o, f->overloads.n);
	*WN_PUSH(env->arena, &f->overloads) = o;
}

void cel_env_function(struct cel_env *env, const struct cel_overload *host)
{
	struct cel_fn_overload *o = WN_NEW(env->arena, struct cel_fn_overload);

	o->name = host->name;
	o->receiver = host->receiver;
	o->n_args = (uint32_t)host->n_args;
	o->args = host->args;
	o->result = host->result;
	o->host = host;
	add_overload(env, function_of(env, wn_str_of(host->name)), o);
}

/* --- letter signatures ------------------------------------------------------------------------------- */
static const struct cel_type param_a = {.kind = CEL_PARAM, .param = 0}, param_b = {.kind = CEL_PARAM, .param = 1},
			     param_c = {.kind = CEL_PARAM, .param = 2};
static const struct cel_type type_of_a = {.kind = CEL_TYPE, .elem = &param_a, .depth = 1};

static const struct cel_type *letter(struct cel_env *env, const char **p)
{
	const struct cel_type *key;

	switch (*(*p)++) {
	case 'i': return &cel_int;
	case 'u': return &cel_uint;
	case 'd': return &cel_double;
	case 'b': return &cel_bool;
	case 's': return &cel_string;
	case 'y': return &cel_bytes;
	case 't': return &cel_timestamp;
	case 'D': return &cel_duration;
	case 'n': return &cel_null;
	case 'T': return &cel_type_type;
	case 'Y': return &type_of_a;
	case 'I': return cel_type_named(WN_STR("net.IP"));
	case 'R': return cel_type_named(WN_STR("net.CIDR"));
	case 'A': return &param_a;
	case 'B': return &param_b;
	case 'C': return &param_c;
	case 'L': return cel_type_list(env->arena, letter(env, p));
	case 'O': return cel_type_optional(env->arena, letter(env, p));
	case 'M':
		key = letter(env, p);
		return cel_type_map(env->arena, key, letter(env, p));
	default: return &cel_dyn;
	}
}

static const char *add_signature(struct cel_env *env, const struct cel_row *row, struct cel_fn *f, const char *p)
{
	struct cel_fn_overload *o = WN_NEW(env->arena, struct cel_fn_overload);
	WN_VEC(const struct cel_type *) args = {0};

	o->name = row->name;
	o->native = row->native;
	o->receiver = *p == '.';
	p += o->receiver;
	while (*p != '>')
		*WN_PUSH(env->arena, &args) = letter(env, &p);
	p++;
	o->result = letter(env, &p);
	o->args = args.v;
	o->n_args = (uint32_t)args.n;
	add_overload(env, f, o);
	return p;
}

/* Tables end with a row without name. */
void cel_env_table(struct cel_env *env, const struct cel_row *rows, size_t n)
{
	for (size_t i = 0; n ? i < n : rows[i].name != NULL; i++) {
		struct cel_fn *f = function_of(env, wn_str_of(rows[i].name));
		const char *p = rows[i].sigs;

		while (*p)
			p = *p == ' ' ? p + 1 : add_signature(env, &rows[i], f, p);
	}
}

/* --- extensions -------------------------------------------------------------------------------------- */
static const struct extension { const char *name; const struct cel_row *rows; size_t flag; } extensions[] = {
	{"strings", cel_rows_ext_strings, 0},
	{"math", cel_rows_ext_math, 0},
	{"sets", cel_rows_ext_sets, 0},
	{"lists", cel_rows_ext_lists, offsetof(struct cel_env, ext_lists)},
	{"optional", cel_rows_ext_optional, offsetof(struct cel_env, ext_optional)},
	{"encoders", cel_rows_ext_encoders, 0},
	{"net", cel_rows_ext_net, 0},
	{"bindings", NULL, offsetof(struct cel_env, ext_bindings)},
	{"comprehensions2", NULL, offsetof(struct cel_env, ext_two_variables)},
	{"days", cel_rows_ext_days, 0},
};

static void extend(struct cel_env *env, const struct extension *e)
{
	if (e->rows)
		cel_env_table(env, e->rows, 0);
	if (e->flag)
		*(bool *)((char *)env + e->flag) = true;
}

enum wn_rc cel_env_extension(struct cel_env *env, const char *name, struct wn_err *err)
{
	bool found = false;

	for (size_t i = 0; i < WN_COUNT(extensions); i++)
		if (strcmp(name, "all") == 0 || strcmp(name, extensions[i].name) == 0) {
			extend(env, &extensions[i]);
			found = true;
		}
	return found ? WN_OK : wn_fail(err, WN_NOT_FOUND, "there is no extension of CEL named %s", name);
}

const struct cel_type *cel_type_named(struct wn_str name)
{
	static const struct { const char *name; struct cel_type type; } named[] = {
		{"bool", {.kind = CEL_BOOL}}, {"int", {.kind = CEL_INT}}, {"uint", {.kind = CEL_UINT}},
		{"double", {.kind = CEL_DOUBLE}}, {"string", {.kind = CEL_STRING}}, {"bytes", {.kind = CEL_BYTES}},
		{"list", {.kind = CEL_LIST}}, {"map", {.kind = CEL_MAP}}, {"null_type", {.kind = CEL_NULL}},
		{"type", {.kind = CEL_TYPE}}, {"dyn", {.kind = CEL_DYN}}, {"optional_type", {.kind = CEL_OPTIONAL}},
		{"google.protobuf.Timestamp", {.kind = CEL_TIMESTAMP}}, {"google.protobuf.Duration", {.kind = CEL_DURATION}},
		{"net.IP", {.kind = CEL_OPAQUE, .name = "net.IP"}}, {"net.CIDR", {.kind = CEL_OPAQUE, .name = "net.CIDR"}},
	};

	for (size_t i = 0; i < WN_COUNT(named); i++)
		if (wn_str_is(name, named[i].name))
			return &named[i].type;
	return NULL;
}
